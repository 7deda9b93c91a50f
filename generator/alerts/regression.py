"""Regressions: the newest release worse than the previous one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition, usual
from generator.alerts.draft import Draft, Resolved, about_signal
from generator.alerts.floors import check_traffic
from generator.alerts.tiers import bounded_tiers, change_bound, change_out_of_reach, is_relative
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, NEWEST_WINDOW, STEP_WINDOW, Regression
from generator.model.signals import Better, Quantile, Share, divisor
from generator.model.units import Unit, duration
from generator.promql.expr import Expr, number
from generator.signals.releases import compares_releases, events_name, slow_name
from generator.streams.scope import spread, top

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
    from generator.alerts.guide import Guide
    from generator.model.alerts import Alert, Tier
    from generator.model.service import Service

_BY = (names.RELEASE,)

KEY, KIND = "regression", Regression
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = None
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a signal whose releases can be compared."""
    about = about_signal(draft)
    needed = "a share, a ratio or a quantile of metrics with the label release"
    if about is None or not about.fits(needed, fits=compares_releases(about.signal, draft.scope.runs)):
        return
    if tiers := bounded_tiers(about, change_bound, change_out_of_reach):
        check_traffic(about, FLOORS, NEWEST_WINDOW)
        yield about.resolved(Regression(is_relative(about.signal)), tiers, NEWEST_WINDOW)


def panel(alert: Alert, _kind: Regression) -> str:
    """Link the comparison of releases."""
    return f"{alert.signal}:release"


def expr(alert: Alert, _kind: Regression, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded change with the tier's bound, on enough events of each release."""
    signal = ground.signal(alert)
    change = ground.scope.record(names.part(signal, "release_change", _BY)).now()
    worse = number(0) - change if signal.better is Better.HIGHER else change
    crossed = ground.bound(alert, tier).compare(">=", condition.rounded(worse))
    floor = ground.floor(alert, MIN_EVENTS)
    crossed = condition.enough(crossed, _events(alert, "newest", ground), floor, _BY)
    crossed = condition.enough(crossed, _events(alert, "previous", ground), floor, ())
    if isinstance(signal.kind, Share | Quantile):
        return _not_by_chance(crossed, alert, ground)
    return crossed


def _events(alert: Alert, side: str, ground: Ground) -> Expr:
    """Count the events of one release."""
    signal = ground.signal(alert)
    return ground.scope.record(events_name(divisor(signal) or signal.of, side)).now()


def _not_by_chance(crossed: Expr, alert: Alert, ground: Ground) -> Expr:
    """Compare the newest release's bad events with those that the previous one's rate predicts for its runs."""
    newest, previous = (_events(alert, side, ground) for side in ("newest", "previous"))

    def bad(side: str) -> Expr:
        return _bad_share(alert, side, ground) * _events(alert, side, ground)

    # One previous release: a series recorded before a restart of Prometheus may still exist.
    growth = spread("/", newest, top(previous))
    # The other side's counts at today's number of events, under the label of the newest release.
    expected = spread("*", growth, top(bad("previous")))
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    crossed = condition.enough(crossed, bad("newest") - expected, floor, _BY)
    return chance.beyond_chance(crossed, bad("newest"), expected, expected * growth, _BY)


def _bad_share(alert: Alert, side: str, ground: Ground) -> Expr:
    """Select the share of a release's events that is bad; of a quantile, the slow ones."""
    signal = ground.signal(alert)
    if isinstance(signal.kind, Quantile):
        return ground.scope.record(slow_name(signal, side)).now()
    share = ground.scope.record(names.part(signal, side, _BY)).now()
    return number(1) - share if isinstance(signal.kind, Share) and signal.kind.good else share


def sentence(alert: Alert, kind: Regression, _tier: Tier, ground: Ground) -> str:
    """Describe the difference, and name the release."""
    signal = ground.signal(alert)
    amount = condition.value_of(Unit.RATIO) if kind.relative else condition.points_template()
    release = f"{{{{ $labels.{names.RELEASE} }}}}"
    title, side = condition.title_template(signal, ground), condition.side(signal)
    return (
        f"{title} of {condition.SERVICE} in release {release} is {amount} {side} "
        f"the previous release. They are compared over the same hours, {duration(NEWEST_WINDOW)} at most; if the "
        f"previous one is gone, its last day counts, and the step from its last {duration(STEP_WINDOW)} to the first "
        "of the newest."
    )


def words(alert: Alert, _kind: Regression, tier: Tier, service: Service) -> str:
    """Describe the condition in words."""
    signal = service.signals[alert.signal]
    text = (
        f"{signal.title} of the newest release is {condition.worse(signal)} by {tier.text} than the previous release's "
        f"over the same hours, {duration(NEWEST_WINDOW)} at most; if that one is gone, than in its last day, and "
        f"already in its first {duration(STEP_WINDOW)} than in the previous release's last"
    )
    by_chance = isinstance(signal.kind, Share | Quantile)
    return condition.with_floors(
        text, alert, chance.unexpected(signal), chance.DEVIATIONS if by_chance else ""
    )
