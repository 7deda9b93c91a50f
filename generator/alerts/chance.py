"""The scatter of rare events: some bad events come by chance, and an alert must see more than these.

Counts of rare events scatter by their square root. A tool that fails in 2 % of its calls occasionally fails in 8 % of
twenty calls, and so does the window of comparison. So a bound is passed when there are some more bad events than it
allows, and a change is real when it exceeds the scatter of both counts together.

Where a bound allows most events to be bad, the good ones are rare, and their scatter counts.

A failed call of a tool or a model is tried again, and fails again: such failures come in groups, and scatter more. In
simulated weeks with groups of three, a tool with 3 % errors paged four times a week where 5 % are promised.
"""

from __future__ import annotations

from generator.alerts.beyond import observed_beyond
from generator.alerts.condition import AlertNumber, Ground, InputSeries, rounded, side
from generator.model.alerts import Alert, AlertSeverity
from generator.model.signals import Better, Distribution, Quantile, Share, Signal, divisor, early_dispersion
from generator.model.streams import RETRIED
from generator.promql.expr import Expr, binary, call, number
from generator.signals.events import with_all_labels
from generator.streams.scope import each, having, spread

#: The standard deviations of a significant change: in three weeks of ordinary traffic no change was larger.
SIGMAS = 3
#: The standard deviations beyond a bound for a page: a service close to its bound has one page by chance in months.
_PAGE_SIGMAS = 4
#: Those of a quantile for a ticket: a gradual slowdown is detected minutes earlier, and a service with a quantile close
#: to its bound has less than a ticket a day.
_QUANTILE_SIGMAS = 2
#: The number of times that a failed call is made: the variance of its failures is as many times the usual one. A change
#: is an early warning, and takes the smaller number of ``early_dispersion``.
_TRIES = 3
#: The standard deviations below the expected bad events that show that an incident is over, or has eased.
EASED_SIGMAS = 2
#: The standard deviations of a significant change in words.
DEVIATIONS = f"{SIGMAS} standard deviations"
#: The share of a histogram's events that must become bad in a test case, so that it is more than chance.
SEEN = 0.02


def bad_events(
    alert: Alert, parts: InputSeries, ground: Ground, *, weights: Expr | None = None, ago: int = 0
) -> Expr | None:
    """Count the bad events behind a value; None for a signal without bad events.

    For a quantile these are the observations beyond the bound with these ``weights``.
    """
    signal = ground.signal(alert)
    numerator = parts.numerator.now(offset=ago)
    if isinstance(signal.kind, Share):
        return parts.denominator.now(offset=ago) - numerator if signal.kind.good else numerator
    if isinstance(signal.kind, Distribution):
        return numerator | number(0) * parts.numerator.now() if ago else numerator
    if isinstance(signal.kind, Quantile):
        if weights is None:
            return None
        buckets = having(with_all_labels(signal.of, signal.window, ground.scope), parts.each)
        return observed_beyond(buckets, signal, parts.each, weights, ago)
    return numerator if signal.of.sparse and divisor(signal) is not None else None


def allowed_share(signal: Signal, bound: AlertNumber) -> AlertNumber:
    """Compute the share of bad events that a bound allows."""
    if isinstance(signal.kind, Share):
        return bound.complement() if signal.kind.good else bound
    if isinstance(signal.kind, Quantile):
        share = signal.kind.q if signal.better is Better.HIGHER else 1 - signal.kind.q
        return AlertNumber(number(round(share, 9)), literal=True)
    return bound


def scatter_of(signal: Signal, share: AlertNumber) -> AlertNumber:
    """Compute the variance of the bad events per event, for a given share of bad ones.

    Bad events among given ones are binomial and scatter less than counts without a limit, which are Poisson.
    """
    if isinstance(signal.kind, Quantile | Share):
        return AlertNumber(share.expr * share.complement().expr, share.literal)
    return share


def sigmas(signal: Signal, severity: AlertSeverity) -> int:
    """Return the standard deviations beyond a bound that an alert of a severity needs.

    Calls that are tried again scatter so much more that three of their standard deviations are more than five of
    others.
    """
    pages = severity is AlertSeverity.CRITICAL
    if isinstance(signal.kind, Quantile):
        return SIGMAS if pages else _QUANTILE_SIGMAS
    single = isinstance(signal.kind, Share) and signal.of.name not in RETRIED
    return _PAGE_SIGMAS if pages and single else SIGMAS


def dispersion(signal: Signal, severity: AlertSeverity | None = None) -> int:
    """Return the multiple of the usual variance by which bad events scatter, where a signal is compared with itself.

    Where it is compared with a bound, give the severity: a ticket may come by chance, but must not come late.
    """
    early = early_dispersion(signal)
    if severity is None or early == 1:
        return early
    return _TRIES if severity is AlertSeverity.CRITICAL else 1


def deviations(signal: Signal, *severities: AlertSeverity) -> str:
    """Describe chance in words: for tiers of a bound, or without them for a signal that is compared with itself."""
    least, *more = sorted({sigmas(signal, one) for one in severities}) or [SIGMAS]
    text = f"{least} standard deviations" + "".join(f", {most} to page" for most in more)
    tries = max(dispersion(signal, one) for one in severities or (None,))
    return f"{text}, of {tries} times the variance, because failed calls are retried" if tries > 1 else text


def unexpected(signal: Signal) -> str:
    """Name the bad events that a floor counts where a signal is compared with itself."""
    if isinstance(signal.kind, Quantile):
        return f"more observations {side(signal)} that than expected"
    return "more bad events than expected"


def scaled(events: Expr, parts: InputSeries, factor: Expr) -> Expr:
    """Multiply events at a value's level by a factor at the level of all events."""
    return events * factor if parts.each == parts.on else spread("*", events, factor, parts.on)


def less(events: Expr, parts: InputSeries, allowed: Expr) -> Expr:
    """Subtract an amount at the level of all events from events at a value's level."""
    return events - allowed if parts.each == parts.on else spread("-", events, allowed, parts.on)


def standard_score(bad: Expr, every: Expr, share: AlertNumber, parts: InputSeries, signal: Signal) -> Expr:
    """Compute by how many standard deviations bad events exceed those that a share predicts.

    Args:
        bad: The bad events, at a value's level.
        every: All events, at theirs.
        share: The share of bad events at exactly the bound.
        parts: The levels.
        signal: The signal whose events these are.
    """
    excess = less(bad, parts, share.times(every))
    deviation = call("sqrt", scatter_of(signal, share).times(every))
    score = excess / deviation if parts.each == parts.on else spread("/", excess, deviation, parts.on)
    return rounded(score)


def beyond_chance(  # noqa: PLR0913, PLR0917 - both sides of a comparison
    crossed: Expr, bad: Expr, expected: Expr, scatter: Expr, labels: tuple[str, ...], signal: Signal
) -> Expr:
    """Select ``crossed`` where ``bad`` is further above ``expected`` than both scatter.

    Args:
        crossed: The condition without regard to chance.
        bad: The bad events now.
        expected: The bad events that the other side's rate predicts for today's events.
        scatter: The variance of ``expected``.
        labels: The labels of a value, without the service.
        signal: The signal whose events these are.
    """
    variance = times(dispersion(signal), bad + scatter)
    far = bad - expected >= number(SIGMAS) * call("sqrt", variance)
    return binary("and", crossed, far, on=each(labels))


def clearly_fewer(bad: Expr, expected: Expr) -> Expr:
    """Select values whose bad events are fewer than expected, by more than chance."""
    return bad + number(EASED_SIGMAS) * call("sqrt", expected) < expected


def times(factor: int, variance: Expr) -> Expr:
    """Multiply a variance by a dispersion."""
    return variance if factor == 1 else number(factor) * variance
