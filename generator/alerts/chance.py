"""The scatter of rare events: some bad events come by chance, and an alert must see more of them than these.

Counts of rare events scatter by their square root. A tool that fails in 2 % of its calls fails in 8 % of twenty
calls every now and then, and so does the window that these are compared with. So a bound is passed when there are
some bad events more than it allows, and a change is one when both counts together scatter less than it.

Where a bound allows most events to be bad, the good ones are rare, and it is they that scatter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.condition import Amount
from generator.model import names
from generator.model.alerts import AlertSeverity
from generator.model.signals import Distribution, Quantile, Share, divisor
from generator.promql.expr import binary, call, number
from generator.signals.events import whole
from generator.signals.quantile import HAIR
from generator.streams.scope import each, having, join, largest, spread, summed

if TYPE_CHECKING:
    from generator.alerts.condition import Ground, Parts
    from generator.model.alerts import Alert
    from generator.model.signals import Signal
    from generator.promql.expr import Expr

#: How many standard deviations a change must be: of three weeks of ordinary traffic none has a larger one.
SIGMAS = 3
#: How far a share must be beyond its bound to page: a service close to its bound has one page by chance in months.
PAGE_SIGMAS = 4
#: How far a quantile must be beyond its bound for a ticket: what gets slower bit by bit is told minutes earlier, and a
#: service whose quantile is close to its bound has less than a ticket a day.
QUANTILE_SIGMAS = 2


class Likely(Struct, frozen=True):
    """The bad events where a bound is just kept: mean, variance, and the standard deviations that are chance."""

    events: Expr
    variance: Expr
    sigmas: int


def bad_events(
    alert: Alert, found: Parts, ground: Ground, *, bound: Amount | None = None, ago: int = 0
) -> Expr | None:
    """Count the bad events behind a value; None where a signal knows none.

    For a quantile these are the observations beyond the largest bucket within ``bound``.
    """
    signal = ground.signal(alert)
    numerator = found.numerator.now(offset=ago)
    if isinstance(signal.kind, Share):
        return found.denominator.now(offset=ago) - numerator if signal.kind.good else numerator
    if isinstance(signal.kind, Distribution):
        return numerator | number(0) * found.numerator.now() if ago else numerator
    if isinstance(signal.kind, Quantile):
        return None if bound is None else _beyond(signal, found.each, ground, bound, ago)
    return numerator if signal.of.sparse and divisor(signal) is not None else None


def allowed_share(signal: Signal, bound: Amount) -> Amount:
    """Compute the share of bad events that a bound allows."""
    if isinstance(signal.kind, Share):
        return bound.complement() if signal.kind.good else bound
    if isinstance(signal.kind, Quantile):
        return Amount(number(round(1 - signal.kind.q, 9)), literal=True)
    return bound


def scatter_of(signal: Signal, share: Amount) -> Amount:
    """Compute the variance of the bad events for each event, where so large a share of them is bad.

    Events that are bad or not scatter less than events that are counted, of which any number may come.
    """
    if isinstance(signal.kind, Quantile | Share):
        return Amount(share.expr * share.complement().expr, share.literal)
    return share


def sigmas(signal: Signal, severity: AlertSeverity) -> int:
    """Return the standard deviations beyond a bound that an alert of a severity needs."""
    pages = severity is AlertSeverity.CRITICAL
    if isinstance(signal.kind, Quantile):
        return SIGMAS if pages else QUANTILE_SIGMAS
    return PAGE_SIGMAS if pages and isinstance(signal.kind, Share) else SIGMAS


def scaled(events: Expr, found: Parts, factor: Expr) -> Expr:
    """Multiply events at a value's level with a factor at the level at which all events are counted."""
    return events * factor if found.each == found.on else spread("*", events, factor, found.on)


def less(events: Expr, found: Parts, allowed: Expr) -> Expr:
    """Subtract, from events at a value's level, an amount at the level at which all events are counted."""
    return events - allowed if found.each == found.on else spread("-", events, allowed, found.on)


def sure(bad: Expr, allowed: Expr, likely: Likely, fewest: Amount | None, found: Parts) -> Expr:
    """Keep where the bad events are ``fewest`` more than are allowed, and more than chance explains.

    Args:
        bad: The bad events, at a value's level.
        allowed: As many as the bound allows, at the level at which all events are counted.
        likely: As many as the mildest bound allows, which scatter.
        fewest: How many more than are allowed there must be; None for any.
        found: The levels.
    """
    far = less(bad, found, likely.events + number(likely.sigmas) * call("sqrt", likely.variance)) >= number(0)
    if fewest is None:
        return far
    return binary("and", fewest.compare(">=", less(bad, found, allowed)), far, on=each(found.each))


def beyond_chance(crossed: Expr, bad: Expr, expected: Expr, scatter: Expr, labels: tuple[str, ...]) -> Expr:
    """Keep ``crossed`` where ``bad`` is further from ``expected`` than both scatter.

    Args:
        crossed: The condition without regard to chance.
        bad: The bad events now.
        expected: As many as the other side's rate predicts for today's events.
        scatter: The variance of ``expected``.
        labels: The labels of a value, without the service.
    """
    far = bad - expected >= number(SIGMAS) * call("sqrt", bad + scatter)
    return binary("and", crossed, far, on=each(labels))


def _beyond(signal: Signal, labels: tuple[str, ...], ground: Ground, bound: Amount, ago: int) -> Expr:
    """Count all observations less those in the largest bucket within the bound: a bucket counts all below it."""
    scope, le = ground.scope, names.LE
    buckets = having(whole(signal.of, signal.window, scope), labels)
    every = summed(buckets.where(**{le: "+Inf"}).now(offset=ago), labels)
    upper = scope.record(names.upper(signal.of)).now()
    within = Amount(bound.expr * number(HAIR), bound.literal).compare("<=", upper)
    filled = join(
        "and", summed(buckets.where("!=", **{le: "+Inf"}).now(offset=ago), (*labels, le)), within, (le,)
    )
    return every - (largest(filled, labels) | number(0) * every)
