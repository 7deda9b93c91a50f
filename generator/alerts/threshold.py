"""Thresholds: a signal beyond a bound, on enough events and enough bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance
from generator.alerts import condition as shared
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS
from generator.model.signals import Better, Count
from generator.promql.expr import Expr, binary, call, number
from generator.streams.scope import each, largest

if TYPE_CHECKING:
    from generator.alerts.condition import Amount, Ground
    from generator.model.alerts import Alert, Threshold, Tier
    from generator.model.service import Service
    from generator.model.signals import Signal

#: The part of a window that must have been seen before a count can be too small.
_FULL = 0.9


def expr(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with the tier's bound."""
    signal, bound = ground.signal(alert), ground.bound(alert, tier)
    found = shared.parts(alert, ground)
    crossed = shared.beyond(signal, shared.rounded(found.value.now()), bound)
    if isinstance(signal.kind, Count) and signal.better is Better.HIGHER:
        crossed = binary("and", crossed, _whole_window(signal, ground), on=each())
    crossed = shared.enough(crossed, found.denominator.now(), ground.floor(alert, MIN_EVENTS), found.on)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    bad = chance.bad_events(alert, found, ground, bound=bound) if floor else None
    if bad is not None:
        allowed = chance.allowed_share(signal, bound).times(found.denominator.now())
        crossed = shared.enough(crossed, chance.less(bad, found, allowed), floor, found.each)
    return crossed | _unfinished(alert, bound, found, ground) if kind.unfinished else crossed


def _whole_window(signal: Signal, ground: Ground) -> Expr:
    """Wait until a window is nearly full: before that a count is too small whatever happens."""
    scope = ground.scope
    seen = largest(call("count_over_time", scope.stream(signal.of).over(signal.window - 1)))
    return seen >= number(_FULL * (signal.window // scope.site.rule_interval))


def _unfinished(alert: Alert, bound: Amount, found: shared.Parts, ground: Ground) -> Expr:
    """Catch what loops without an end: its runs are counted only when they finish."""
    floor = ground.floor(alert, MIN_EVENTS)
    amount = found.numerator.now()
    if floor is not None:
        amount = floor.shifted("+", number(shared.HALF_EVENT)).divide(amount)
    finished = found.denominator.now() > number(0)
    return binary("unless", bound.compare(">", amount), finished, on=each(found.on))


def sentence(alert: Alert, _kind: Threshold, tier: Tier, ground: Ground) -> str:
    """Describe the value and its bound."""
    signal = ground.signal(alert)
    subject, value = shared.subject(signal, alert, ground), shared.value_of(signal.unit)
    bound = shared.bound_of(alert, tier, signal.unit, ground)
    when = f"is {value}" if shared.is_now(signal) else f"was {value} in {shared.window_of(signal)}"
    return f"{subject} {when}, {shared.side(signal)} {bound}."


def words(alert: Alert, kind: Threshold, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    signal = service.signals[alert.signal]
    also = ", or as much happens while no run finishes" if kind.unfinished else ""
    over = "" if shared.is_now(signal) else f" over {shared.window_of(signal)}"
    return f"{shared.named(signal, alert)}{over} is {shared.side(signal)} {tier.text}{also}"
