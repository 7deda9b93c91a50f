"""Changes: a signal worse than some time ago, by more than chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.floors import check_events, check_traffic
from generator.alerts.tiers import bounded_tiers, change_bound, change_out_of_reach, is_relative
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Change, Tier
from generator.model.signals import Better, Quantile, Signal, counts_bad
from generator.model.units import Unit, duration, human
from generator.notation.quantities import ResolvedBound, resolve_bound, stands_on_objective
from generator.notation.times import DEFAULT_OVER, window
from generator.promql.expr import Expr, number
from generator.signals.board import earlier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import AlertNumber, Ground
    from generator.alerts.guide import Guide
    from generator.model.service import Service

KEY, KIND = "change", Change
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = None
records, labels, panel = usual.records, usual.labels, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for any signal; without the objective that ``beyond`` depends on it is off."""
    about = about_signal(draft)
    kind = _kind(about) if about else None
    if about is None or kind is None:
        return
    check_events(about)
    if tiers := bounded_tiers(about, change_bound, change_out_of_reach):
        check_traffic(about, FLOORS, about.signal.window)
        yield about.resolved(kind, tiers, about.signal.window + kind.over)


def _kind(about: SignalDraft) -> Change | None:
    written, signal = about.body.beyond, about.signal
    over = window(about.body.over, DEFAULT_OVER, about.scope.site, about.findings)
    beyond = _beyond(about)
    if written is not None and stands_on_objective(written.value) and about.objective is None:
        # Without it the alert would report changes among good values.
        about.scope.off(about.entry.key, written, signal, "no objective to be beyond")
        return None
    return Change(
        over, is_relative(signal), beyond.value if beyond else None, beyond.written if beyond else None
    )


def _beyond(about: SignalDraft) -> ResolvedBound | None:
    """Read the bound that the signal itself must be beyond."""
    written, signal = about.body.beyond, about.signal
    if written is None:
        return None
    bound = resolve_bound(written, signal, about.objective, about.findings)
    if bound and bound.value <= 0 and signal.better is Better.HIGHER:
        about.findings.error(
            "alert/never-fires",
            f"{signal.name} is never below {bound.text}",
            written.span,
            "choose a bound above zero, or leave beyond out",
        )
    # Every change for the worse is beyond 0.
    return bound if bound and bound.value > 0 else None


def variant_parts(kind: Change) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {
        "over": duration(kind.over),
        "relative": str(kind.relative),
        "beyond": str(kind.beyond is not None),
    }


def expr(alert: Alert, kind: Change, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with that of ``over`` seconds ago; positive is worse."""
    signal = ground.signal(alert)
    parts = condition.input_series(alert, ground)
    crossed = ground.bound(alert, tier).compare(">=", condition.rounded(_worsening(signal, parts, kind)))
    beyond = None if kind.beyond is None else ground.beyond(alert, kind.beyond)
    if beyond is not None:
        crossed = crossed & condition.beyond(signal, parts.value.now(), beyond)
    for offset in (0, kind.over):
        events = parts.denominator.now(offset=offset)
        crossed = condition.enough(crossed, events, ground.floor(alert, MIN_EVENTS), parts.on)
    return _not_by_chance(crossed, alert, kind, parts, beyond, ground)


def _worsening(signal: Signal, parts: condition.InputSeries, kind: Change) -> Expr:
    now, before = parts.value.now(), earlier(signal, parts.value, kind.over)
    if kind.relative:
        ratio = now / (before > number(0))
        return number(1) - ratio if signal.better is Better.HIGHER else ratio - number(1)
    return before - now if signal.better is Better.HIGHER else now - before


def _not_by_chance(  # noqa: PLR0913, PLR0917 - both sides of a comparison
    crossed: Expr,
    alert: Alert,
    kind: Change,
    parts: condition.InputSeries,
    bound: AlertNumber | None,
    ground: Ground,
) -> Expr:
    """Compare the bad events with the number that the earlier ones predict for today's events."""
    bad, before = (chance.bad_events(alert, parts, ground, bound=bound, ago=ago) for ago in (0, kind.over))
    if bad is None or before is None:
        return crossed
    growth = parts.denominator.now() / parts.denominator.now(offset=kind.over)
    expected = chance.scaled(before, parts, growth)
    crossed = condition.enough(crossed, bad - expected, ground.floor(alert, MIN_BAD_EVENTS), parts.each)
    scatter = chance.scaled(expected, parts, growth)
    return chance.beyond_chance(crossed, bad, expected, scatter, parts.each)


def sentence(alert: Alert, kind: Change, _tier: Tier, ground: Ground) -> str:
    """Describe the change and the time over which it happened."""
    signal = ground.signal(alert)
    verb = "fell" if signal.better is Better.HIGHER else "rose"
    amount = condition.value_of(Unit.RATIO) if kind.relative else condition.points_template()
    seen = "" if condition.is_now(signal) else f", to be seen over {condition.window_of(signal)}"
    return (
        f"{condition.subject(signal, alert, ground)} {verb} by {amount} within {duration(kind.over)}{seen}."
    )


def words(alert: Alert, kind: Change, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    signal = service.signals[alert.signal]
    named, before = condition.signal_in_words(signal, alert), duration(kind.over)
    text = f"{named} is {condition.worse(signal)} by {tier.text} than {before} ago"
    if kind.beyond is not None:
        text = f"{text}, and {condition.side(signal)} {human(kind.beyond, signal.unit)}"
    by_chance = kind.beyond is not None if isinstance(signal.kind, Quantile) else counts_bad(signal)
    return condition.with_floors(
        text, alert, chance.unexpected(signal), chance.DEVIATIONS if by_chance else ""
    )
