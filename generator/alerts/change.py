"""Changes: a signal worse than some time ago, by more than chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Change, Tier
from generator.model.signals import Better, Signal
from generator.model.units import Unit, duration, human
from generator.promql.expr import Expr, number
from generator.signals.board import earlier

if TYPE_CHECKING:
    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.service import Service


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
    change = f"{named} is {condition.worse(signal)} by {tier.text} than {before} ago"
    if kind.beyond is None:
        return change
    return f"{change}, and {condition.side(signal)} {human(kind.beyond, signal.unit)}"
