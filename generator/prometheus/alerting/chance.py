"""What chance explains: bad events come by themselves, and an alert must see more of them than that.

Counts of rare events scatter by their square root. A tool that fails in 2 % of its calls fails in 8 % of twenty
calls every now and then, and so does the window that these are compared with. So a bound is passed when there are
some bad events more than it allows, and a change is one when both counts together scatter less than it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Distribution, Quantile, Share, divisor
from generator.prometheus.recording.buckets import at_least, of_all
from generator.prometheus.recording.streams import of_metric
from generator.promql.expr import Expr, binary, call, number, total

if TYPE_CHECKING:
    from generator.model.alerts import Alert
    from generator.model.service import Service
    from generator.model.signals import Signal
    from generator.prometheus.alerting.condition import Parts

#: How many standard deviations a change must be: of three weeks of ordinary traffic none has a larger one.
SIGMAS = 3


def bad_events(
    alert: Alert, found: Parts, service: Service, *, bound: float = 0, ago: int = 0
) -> Expr | None:
    """Count the bad events behind a value; None where a signal knows none.

    For a quantile these are the observations beyond the largest bucket within ``bound`` (base units).
    """
    signal = service.signals[alert.signal]
    numerator = found.numerator.now(offset=ago)
    if isinstance(signal.kind, Share):
        return found.denominator.now(offset=ago) - numerator if signal.kind.good else numerator
    if isinstance(signal.kind, Distribution):
        return numerator | number(0) * found.numerator.now() if ago else numerator
    if isinstance(signal.kind, Quantile):
        return _beyond(signal, found.each, service, bound, ago)
    return numerator if signal.of.sparse and divisor(signal) is not None else None


def allowed_share(signal: Signal, bound: float) -> float:
    """Say how many bad events each event may bring at a bound."""
    if isinstance(signal.kind, Share):
        return 1 - bound if signal.kind.good else bound
    return 1 - signal.kind.q if isinstance(signal.kind, Quantile) else bound


def scaled(events: Expr, found: Parts, factor: Expr) -> Expr:
    """Multiply events at a value's level with a factor at the level at which all events are counted."""
    if found.each == found.on:
        return events * factor
    return binary("*", events, factor, on=found.on, group_left=())


def beyond_chance(crossed: Expr, bad: Expr, expected: Expr, scatter: Expr, on: tuple[str, ...]) -> Expr:
    """Keep ``crossed`` where ``bad`` is further from ``expected`` than both scatter.

    Args:
        crossed: What is true without regard to chance.
        bad: The bad events now.
        expected: As many as the other side's rate predicts for today's events.
        scatter: The variance of ``expected``.
        on: The labels of a value.
    """
    far = bad - expected >= number(SIGMAS) * call("sqrt", bad + scatter)
    return binary("and", crossed, far, on=on)


def _beyond(signal: Signal, each: tuple[str, ...], service: Service, bound: float, ago: int) -> Expr:
    buckets = of_metric(signal.of).increase(service, signal.window)
    every = total(of_all(buckets).now(offset=ago), each)
    within = at_least(buckets, signal.of, bound)
    return every if within is None else every - total(within.now(offset=ago), each)
