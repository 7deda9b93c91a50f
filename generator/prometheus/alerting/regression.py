"""Regressions: the newest release worse than the previous one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import NEWEST_WINDOW
from generator.model.signals import Better, Share
from generator.model.units import Unit, duration
from generator.prometheus.alerting import chance
from generator.prometheus.alerting import condition as shared
from generator.prometheus.recording.streams import recorded
from generator.promql.expr import Expr, binary, number, top

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Regression, Tier
    from generator.model.service import Service

_BY = (names.RELEASE,)


def expr(alert: Alert, _kind: Regression, tier: Tier, service: Service) -> Expr:
    """Compare the recorded change with the tier's bound, on enough events of either release."""
    signal = service.signals[alert.signal]
    change = recorded(names.part(signal, "release_change", _BY), service).now()
    worse = number(0) - change if signal.better is Better.HIGHER else change
    crossed = shared.rounded(worse, shared.PRECISION[Unit.RATIO]) >= number(tier.bound)
    newest, previous = (
        recorded(names.part(signal, f"{side}_denominator", _BY), service).now()
        for side in ("newest", "previous")
    )
    crossed = shared.enough(crossed, newest, alert.min_events, (names.SERVICE, *_BY))
    crossed = shared.enough(crossed, previous, alert.min_events, (names.SERVICE,))
    if isinstance(signal.kind, Share):
        return _not_by_chance(crossed, signal.kind, alert, service)
    return crossed


def _not_by_chance(crossed: Expr, kind: Share, alert: Alert, service: Service) -> Expr:
    """Hold the newest release's bad events against those that the previous one's predict for its runs."""
    signal, each = service.signals[alert.signal], (names.SERVICE, *_BY)

    def events(side: str) -> Expr:
        return recorded(names.part(signal, f"{side}_denominator", _BY), service).now()

    def bad(side: str) -> Expr:
        share = recorded(names.part(signal, side, _BY), service).now()
        return (number(1) - share if kind.good else share) * events(side)

    # One previous release: what was recorded before Prometheus started again may still be there.
    growth = binary("/", events("newest"), top(events("previous")), on=(names.SERVICE,), group_left=())
    # The other side's counts at today's events, by the label of the newest release.
    expected = binary("*", growth, top(bad("previous")), on=(names.SERVICE,), group_left=())
    crossed = shared.enough(crossed, bad("newest") - expected, alert.min_bad_events, each)
    return chance.beyond_chance(crossed, bad("newest"), expected, expected * growth, each)


def sentence(alert: Alert, kind: Regression, _tier: Tier, service: Service) -> str:
    """Say by how much, and of which release."""
    signal = service.signals[alert.signal]
    direction = "below" if signal.better is Better.HIGHER else "above"
    amount = shared.value_of(Unit.RATIO) if kind.relative else shared.points()
    release = f"{{{{ $labels.{names.RELEASE} }}}}"
    return (
        f"{shared.title(signal)} of {service.name} in release {release} is {amount} {direction} the previous release: "
        f"its last {duration(NEWEST_WINDOW)} against the previous release's last day."
    )


def words(alert: Alert, _kind: Regression, tier: Tier, service: Service) -> str:
    """Say when it is true."""
    signal = service.signals[alert.signal]
    return (
        f"{signal.title} of the newest release in its last {duration(NEWEST_WINDOW)} is {shared.worse(signal)} by "
        f"{tier.text} than the previous release's in its last day"
    )
