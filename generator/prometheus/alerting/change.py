"""Changes: a signal worse than some time ago, by more than chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Better, Quantile, Signal
from generator.model.units import Unit, duration, human
from generator.prometheus.alerting import chance
from generator.prometheus.alerting import condition as shared
from generator.promql.expr import Expr, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Change, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: Change, tier: Tier, service: Service) -> Expr:
    """Compare the value with the one of ``over`` ago; positive is worse."""
    signal = service.signals[alert.signal]
    found = shared.parts(alert, service)
    worse = _worsening(signal, found, kind)
    crossed = shared.rounded(worse, shared.PRECISION[Unit.RATIO]) >= number(tier.bound)
    if kind.beyond is not None:
        crossed = crossed & shared.beyond(signal, found.value.now(), kind.beyond)
    for offset in (0, kind.over):
        events = found.denominator.now(offset=offset)
        crossed = shared.enough(crossed, events, alert.min_events, found.on)
    return _not_by_chance(crossed, alert, kind, found, service)


def _worsening(signal: Signal, found: shared.Parts, kind: Change) -> Expr:
    now, before = found.value.now(), shared.earlier(signal, found.value, kind.over)
    if kind.relative:
        ratio = now / (before > number(0))
        return number(1) - ratio if signal.better is Better.HIGHER else ratio - number(1)
    return before - now if signal.better is Better.HIGHER else now - before


def _not_by_chance(crossed: Expr, alert: Alert, kind: Change, found: shared.Parts, service: Service) -> Expr:
    """Hold the bad events against those that the earlier ones predict for today's events."""
    bound = kind.beyond or 0
    bad, before = (chance.bad_events(alert, found, service, bound=bound, ago=ago) for ago in (0, kind.over))
    uncounted = isinstance(service.signals[alert.signal].kind, Quantile) and kind.beyond is None
    if bad is None or before is None or uncounted:
        return crossed
    growth = found.denominator.now() / found.denominator.now(offset=kind.over)
    expected = chance.scaled(before, found, growth)
    crossed = shared.enough(crossed, bad - expected, alert.min_bad_events, found.each)
    scatter = chance.scaled(expected, found, growth)
    return chance.beyond_chance(crossed, bad, expected, scatter, found.each)


def sentence(alert: Alert, kind: Change, _tier: Tier, service: Service) -> str:
    """Say by how much and since when."""
    signal = service.signals[alert.signal]
    verb = "fell" if signal.better is Better.HIGHER else "rose"
    subject = shared.subject(signal, alert, service)
    amount = shared.value_of(Unit.RATIO) if kind.relative else shared.points()
    return f"{subject} {verb} by {amount} within {duration(kind.over)}, to be seen over {shared.window_of(signal)}."


def words(alert: Alert, kind: Change, tier: Tier, service: Service) -> str:
    """Say when it is true."""
    signal = service.signals[alert.signal]
    named, before = shared.named(signal, alert, service), duration(kind.over)
    change = f"{named} is {shared.worse(signal)} by {tier.text} than {before} ago"
    if kind.beyond is None:
        return change
    return f"{change}, and {shared.side(signal)} {human(kind.beyond, signal.unit)}"
