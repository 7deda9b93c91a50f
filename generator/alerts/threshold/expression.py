"""The condition of a threshold: the value, on enough events and enough bad ones, and where no run finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Threshold, Tier
from generator.model.signals import Better, Share, Signal
from generator.model.units import HOUR
from generator.promql.expr import Expr, binary, call, number
from generator.signals import rare
from generator.signals.quantile import UNKNOWN_LENGTH
from generator.signals.ratio import unfinished
from generator.streams.scope import each, grouped, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.rules import RecordingRule

#: How far back the end of the last run is known: a longer run cannot be distinguished from a loop.
LONGEST_RUN = 6 * HOUR
#: Where no run finishes: how long ago runs still finished and the rate was usual; and an unusual multiple of that rate.
LATELY, USUALLY, UNUSUAL = HOUR, 2 * HOUR, 3
#: The standard deviations below the expected bad events that show that an incident has eased.
EASED_SIGMAS = 2


def expr(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with the tier's bound."""
    signal, bound = ground.signal(alert), ground.bound(alert, tier)
    parts = condition.input_series(alert, ground)
    crossed = condition.beyond(signal, condition.rounded(compared(alert, kind, ground)), bound)
    if condition.adds_up(signal) and signal.better is Better.HIGHER:
        crossed = join("and", crossed, condition.whole_window(signal, ground, parts.each), parts.each)
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    bad = chance.bad_events(alert, parts, ground, bound=bound) if floor else None
    if bad is not None and floor is not None:
        every = parts.denominator.now()
        surely = _surely(alert, tier, bad, every, parts, ground)
        crossed = binary("and", crossed, surely, on=each(parts.each))
        if kind.also_over:
            crossed |= _rare(alert, kind, tier, parts, ground)
    if kind.unfinished:
        begun = join("unless", crossed, _beginning(signal, ground)) if ground.timed else crossed
        return begun | _endless(alert, bound, parts, ground)
    return crossed


def compared(alert: Alert, _kind: Threshold, ground: Ground) -> Expr:
    """Select the signal's value."""
    return condition.input_series(alert, ground).value.now()


def _beginning(signal: Signal, ground: Ground) -> Expr:
    """Find where runs began to finish so recently that the first ones may still run: their calls are counted."""
    last = call("last_over_time", ground.scope.record(names.part(signal, "unfinished")).over(LONGEST_RUN))
    return join("<", Expr("time()") - last, ground.scope.record(names.RUN_LENGTH).now())


def _endless(alert: Alert, bound: AlertNumber, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Catch endless loops: their runs are counted only when they finish.

    The rate is far higher than usual, and no run has finished for longer than runs last; for a service without that
    history, for half an hour.
    """
    signal, scope = ground.signal(alert), ground.scope
    record, amount = scope.record(names.part(signal, "unfinished")), parts.numerator
    finished = scope.record(names.denominator(signal))
    lasts = call("count_over_time", record.over(LONGEST_RUN - 1)) * number(scope.site.rule_interval)
    unknown = join(
        "unless", number(UNKNOWN_LENGTH) * grouped(record.now()), finished.now(offset=LATELY) > number(0)
    )
    length = join("or", scope.record(names.RUN_LENGTH).now(), unknown) if ground.timed else unknown
    endless = join("unless", join("and", amount.now(), record.now()), join(">", length, lasts))
    # While runs finished an hour ago, a loop had not begun two hours ago.
    ordinary = amount.now() <= number(UNUSUAL) * amount.now(offset=USUALLY)
    ordinary = join("and", ordinary, finished.now(offset=LATELY) > number(0))
    unusual = join("unless", endless, ordinary, parts.each)
    return bound.compare(">", ground.least(alert, MIN_EVENTS).divide(unusual))


def records(alert: Alert, kind: Threshold, ground: Ground) -> Iterator[RecordingRule]:
    """Record what only the longer windows of a threshold read, and the times without a finished run."""
    signal = ground.signal(alert)
    if kind.unfinished:
        yield unfinished(signal, ground.scope)
    if kind.also_over:
        found = condition.input_series(alert, ground)
        yield from rare.sides(signal, found.each, found.on, ground.scope)
        for window in (recently(kind, signal, ground.scope.site.rule_interval), kind.lately, kind.also_over):
            yield from rare.over(signal, found.each, found.on, window, ground.scope)


def _surely(  # noqa: PLR0913, PLR0917 - what is counted, and what it is held against
    alert: Alert, tier: Tier, bad: Expr, every: Expr, parts: condition.InputSeries, ground: Ground
) -> Expr:
    """Compare the bad events with those that the bound allows, and with those that chance brings at the mildest bound.

    A service that keeps its mildest bound must not page by chance; beyond that bound it is no chance.
    """
    signal = ground.signal(alert)
    allowed = chance.allowed_share(signal, ground.bound(alert, tier)).times(every)
    share = chance.allowed_share(signal, ground.mildest(alert, tier))
    likely = chance.Likely(
        share.times(every),
        chance.scatter_of(signal, share).times(every),
        chance.sigmas(signal, tier.severity),
    )
    return chance.sure(bad, allowed, likely, ground.floor(alert, MIN_BAD_EVENTS), parts)


def _rare(alert: Alert, kind: Threshold, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Use a longer window where the own one holds too few events, unless that shows that the incident is over."""
    signal, floor, bound = (
        ground.signal(alert),
        ground.floor(alert, MIN_BAD_EVENTS),
        ground.bound(alert, tier),
    )
    share = chance.allowed_share(signal, bound)
    bad, every = _counted(alert, signal, kind.also_over, parts, ground)
    ratio = chance.scaled(bad, parts, number(1) / (every > number(0)))
    if isinstance(signal.kind, Share) and signal.kind.good:
        ratio = number(1) - ratio
    crossed = condition.enough(ratio, every, ground.floor(alert, MIN_EVENTS), parts.on)
    crossed = binary("and", crossed, _surely(alert, tier, bad, every, parts, ground), on=each(parts.each))
    bad, every = _counted(alert, signal, kind.lately, parts, ground)
    lately = chance.less(bad, parts, share.times(every)) > number(0)
    crossed = binary("and", crossed, lately, on=each(parts.each))
    inside = condition.inside(signal, condition.rounded(parts.value.now()), bound)
    over = condition.enough(inside, parts.denominator.now(), floor, parts.on)
    eased = _eased(alert, kind, parts, ground)
    return binary("unless", crossed, over | eased, on=each(parts.each))


def _eased(alert: Alert, kind: Threshold, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Select values whose recent events hold clearly fewer bad ones than the longer window predicts.

    After an incident, a few bad events of an ordinary hour would otherwise raise the alert once more, by the bad ones
    that the longer window still holds.
    """
    signal = ground.signal(alert)
    bad, every = _counted(alert, signal, kind.also_over, parts, ground)
    now, recent = _counted(
        alert, signal, recently(kind, signal, ground.scope.site.rule_interval), parts, ground
    )
    expected = chance.scaled(bad, parts, recent / (every > number(0)))
    return now + number(EASED_SIGMAS) * call("sqrt", expected) < expected


def recently(kind: Threshold, signal: Signal, interval: int) -> int:
    """Return the seconds whose events show that an incident has eased: a quarter of the longer window."""
    return max(signal.window, kind.also_over // 4 // interval * interval)


def _counted(
    alert: Alert, signal: Signal, window: int, parts: condition.InputSeries, ground: Ground
) -> tuple[Expr, Expr]:
    """Select the bad events of a longer window, and all of them."""
    bad = ground.scope.record(rare.bad(signal, parts.each, window))
    if alert.by and (limits := condition.limits_of(alert, signal)):
        bad = bad.one_of(alert.by, limits)
    if alert.by and alert.only:
        bad = bad.where(**{alert.by: alert.only})
    return bad.now(), ground.scope.record(rare.every(signal, parts.on, window)).now()
