"""The condition of a threshold: the value, on enough events and enough bad ones, and where no run finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import beyond, chance, condition, longer
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, AlertSeverity, Threshold, Tier
from generator.model.signals import Better, Quantile, Share, Signal, divisor, is_good_share
from generator.model.units import HOUR, MINUTE, duration
from generator.promql.expr import Expr, Series, binary, call, number
from generator.signals.events import all_name, bad_name, buckets_name, sides, sides_over, with_all_labels
from generator.signals.quantile import UNKNOWN_LENGTH
from generator.signals.ratio import unfinished
from generator.streams.scope import each, grouped, having, join, largest, rule, spread, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.rules import RecordingRule

#: How far back the end of the last run is known: a longer run cannot be distinguished from a loop.
_LONGEST_RUN = 6 * HOUR
#: Where no run finishes: how long ago runs still finished, how long ago the rate was usual, and the multiple of that
#: rate that is unusual.
LATELY, USUALLY, UNUSUAL = HOUR, 2 * HOUR, 3
#: A page is about now: it does not begin where these last seconds show that a short incident is over.
LATEST = 3 * MINUTE


def expr(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with the tier's bound."""
    signal, bound = ground.signal(alert), ground.bound(alert, tier)
    parts = condition.input_series(alert, ground)
    crossed = _crossed(alert, kind, tier, ground)
    if _mixes_runs(kind, signal, ground):
        crossed = join("unless", crossed, _lately_within(alert, tier, parts, ground), parts.each)
    if condition.adds_up(signal) and signal.better is Better.HIGHER:
        crossed = join("and", crossed, condition.whole_window(signal, ground, parts.each), parts.each)
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    bad = _bad(alert, tier, parts, ground)
    if bad is not None and floor is not None:
        every = parts.denominator.now()
        surely = _surely(alert, tier, bad, every, parts, ground)
        windows = [(bad, every)]
        for window in _longer_windows(kind, signal, ground.scope.site.rule_interval):
            windows.append(_counted(alert, kind, tier, window, parts, ground))
            enough = _surely(alert, tier, *windows[-1], parts, ground, chance.SIGMAS)
            # With a floor of events, the signal's own window has some anyway.
            some = None if alert.min_events else floor
            surely |= _unless_over(enough, windows, some, parts)
        crossed = binary("and", crossed, surely, on=each(parts.each))
        if window := latest(kind, signal, tier, ground.scope.site.rule_interval):
            events = _counted(alert, kind, tier, window, parts, ground)
            over = _fewer(events, (bad, every), parts)
            before = condition.rounded(parts.value.now(offset=signal.window))
            over = join("unless", over, condition.beyond(signal, before, bound), parts.each)
            crossed = binary("unless", crossed, over, on=each(parts.each))
        if kind.also_over:
            crossed |= _rare(alert, kind, tier, parts, ground)
    if kind.also_over and longer.is_mean(signal):
        crossed |= _rare_mean(alert, kind, bound, ground)
    if kind.unfinished:
        return crossed | _endless(alert, bound, parts, ground)
    return crossed


def _crossed(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    value = condition.rounded(compared(alert, kind, ground))
    return condition.beyond(ground.signal(alert), value, ground.bound(alert, tier))


def compared(alert: Alert, _kind: Threshold, ground: Ground) -> Expr:
    """Select the signal's value."""
    return condition.input_series(alert, ground).value.now()


def _mixes_runs(kind: Threshold, signal: Signal, ground: Ground) -> bool:
    """Whether a signal divides the events of all runs by the finished runs: long runs make these different runs.

    A batch of long runs makes calls at once, and finishes later. A longer window has both.
    """
    per, runs = divisor(signal), ground.runs
    of_runs = per is not None and runs is not None and per.name == runs.name
    if kind.also_over and not longer.is_mean(signal):
        return False
    return ground.timed and of_runs and not isinstance(signal.kind, Share)


def _lately_within(alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Find where the value recently was not beyond its bound, or no run finished.

    Recently means that runs from that time may still be running.
    """
    last = call("last_over_time", _within(alert, tier, parts, ground).over(_LONGEST_RUN))
    return spread("<", Expr("time()") - last, ground.scope.record(names.RUN_LENGTH).now())


def _within(alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Series:
    return ground.scope.record(_within_name(alert, tier, parts, ground)).where(**condition.labels_of(alert))


def _within_name(alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> str:
    return names.part(ground.signal(alert), f"within_{tier.severity}", parts.each)


def _endless(alert: Alert, bound: AlertNumber, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Catch endless loops: their runs are counted only when they finish.

    The rate is far higher than usual, and no run has finished for longer than runs last; for a service without that
    history, for half an hour.
    """
    signal, scope = ground.signal(alert), ground.scope
    record, amount = scope.record(names.part(signal, "unfinished")), parts.numerator
    finished = scope.record(names.denominator(signal))
    lasts = call("count_over_time", record.over(_LONGEST_RUN - 1)) * number(scope.site.rule_interval)
    unknown = join(
        "unless", number(UNKNOWN_LENGTH) * grouped(record.now()), finished.now(offset=LATELY) > number(0)
    )
    length = join("or", scope.record(names.RUN_LENGTH).now(), unknown) if ground.timed else unknown
    endless = join("unless", join("and", amount.now(), record.now()), join(">", length, lasts))
    # While runs finished an hour ago, a loop had not begun two hours ago.
    ordinary = amount.now() <= number(UNUSUAL) * amount.now(offset=USUALLY)
    ordinary = join("and", ordinary, finished.now(offset=LATELY) > number(0))
    unusual = join("unless", endless, ordinary, parts.each)
    return bound.compare(">", ground.fewest_events(alert).divide(unusual))


def records(alert: Alert, kind: Threshold, ground: Ground) -> Iterator[RecordingRule]:
    """Record what only the longer windows of a threshold read, and the times without a finished run or a problem."""
    signal = ground.signal(alert)
    if _mixes_runs(kind, signal, ground):
        parts = condition.input_series(alert, ground)
        for tier in alert.tiers:
            now = number(0) * parts.numerator.now() + Expr("time()")
            within = join("unless", now, _crossed(alert, kind, tier, ground), parts.each)
            yield rule(_within_name(alert, tier, parts, ground), within, **condition.labels_of(alert))
    if kind.unfinished:
        yield unfinished(signal, ground.scope)
    if kind.also_over and longer.is_mean(signal):
        yield from longer.rules(alert, kind.also_over, kind.lately, ground)
    elif kind.also_over:
        found = condition.input_series(alert, ground)
        yield from sides(signal, found.each, found.on, ground.scope)
        interval = ground.scope.site.rule_interval
        newest = {latest(kind, signal, tier, interval) for tier in alert.tiers} - {0}
        for window in (
            *newest,
            longer.last_quarter(kind.also_over, signal, interval),
            kind.lately,
            kind.also_over,
        ):
            yield from sides_over(signal, found.each, found.on, window, ground.scope)
    if _is_beyond(alert, ground):
        interval = ground.scope.site.rule_interval
        windows = (signal.window, *_longer_windows(kind, signal, interval), kind.also_over)
        for tier in alert.tiers:
            yield from _beyond(alert, tier, filter(None, windows), ground)


def _is_beyond(alert: Alert, ground: Ground) -> bool:
    """Whether the bad events of an alert are observations beyond its bound."""
    return isinstance(ground.signal(alert).kind, Quantile) and alert.min_bad_events > 0


def _beyond(alert: Alert, tier: Tier, windows: Iterable[int], ground: Ground) -> Iterator[RecordingRule]:
    """Record the observations beyond a tier's bound in the windows that its condition reads several times."""
    signal, scope, labels = ground.signal(alert), ground.scope, _labels(alert, tier)
    parts = condition.input_series(alert, ground)
    yield from beyond.rules(signal, ground.bound(alert, tier), labels, scope)
    for window in windows:
        counted = _observations(alert, tier, window, parts, ground)
        yield rule(_beyond_name(signal, window, parts), counted, **labels)


def _observations(
    alert: Alert, tier: Tier, window: int, parts: condition.InputSeries, ground: Ground
) -> Expr:
    """Count the observations of a window beyond a tier's bound."""
    signal, buckets = ground.signal(alert), _buckets(alert, window, parts, ground)
    weights = beyond.weight(signal, _labels(alert, tier), ground.scope)
    return beyond.observed_beyond(buckets, signal, parts.each, weights)


def _labels(alert: Alert, tier: Tier) -> Mapping[str, str]:
    return condition.labels_of(alert, **{names.SEVERITY: str(tier.severity)})


def _beyond_name(signal: Signal, window: int, parts: condition.InputSeries) -> str:
    return names.part(signal, f"beyond{duration(window)}", parts.each)


def _observed(alert: Alert, tier: Tier, window: int, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Select the recorded observations beyond a tier's bound."""
    recorded = ground.scope.record(_beyond_name(ground.signal(alert), window, parts))
    return largest(recorded.where(**_labels(alert, tier)).now(), parts.each)


def _bad(alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr | None:
    """Count the bad events of the signal's own window; None where the alert needs none."""
    if _is_beyond(alert, ground):
        return _observed(alert, tier, ground.signal(alert).window, parts, ground)
    return chance.bad_events(alert, parts, ground) if alert.min_bad_events else None


def _longer_windows(kind: Threshold, signal: Signal, interval: int) -> tuple[int, ...]:
    """List the windows between the signal's own and the longer one, in seconds, that may show the bound crossed.

    The own window of a value that is beyond its bound for hours sometimes holds enough bad events, and sometimes too
    few. Without these windows an alert would come and go until the longer one holds enough as well.
    """
    if not kind.also_over or longer.is_mean(signal):
        return ()
    return longer.than(signal, longer.last_quarter(kind.also_over, signal, interval), kind.lately)


def _unless_over(
    crossed: Expr,
    windows: Sequence[tuple[Expr, Expr]],
    floor: AlertNumber | None,
    parts: condition.InputSeries,
) -> Expr:
    """Keep the result of the last window while the signal's own holds some events and the last but one is as bad.

    Each window is a pair: its bad events, and all of its events. The first is the signal's own.
    """
    crossed = condition.enough(crossed, windows[0][1], floor, parts.on)
    return binary("unless", crossed, _fewer(windows[-2], windows[-1], parts), on=each(parts.each))


def _surely(  # noqa: PLR0913, PLR0917 - what is counted, and what it is held against
    alert: Alert,
    tier: Tier,
    bad: Expr,
    every: Expr,
    parts: condition.InputSeries,
    ground: Ground,
    least: int = 0,
) -> Expr:
    """Compare the bad events with those that the bound allows, and with those that chance brings at the mildest bound.

    The latter must be exceeded by the standard deviations of the alert, and by the ``least`` ones.

    A service that keeps its mildest bound must not page by chance; beyond that bound it is no chance.
    """
    signal = ground.signal(alert)
    allowed = chance.allowed_share(signal, ground.bound(alert, tier)).times(every)
    share = chance.allowed_share(signal, ground.mildest(alert, tier))
    likely = chance.Likely(
        share.times(every),
        chance.times(chance.dispersion(signal, tier.severity), chance.scatter_of(signal, share).times(every)),
        max(chance.sigmas(signal, tier.severity), least),
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
    bad, every = _counted(alert, kind, tier, kind.also_over, parts, ground)
    value = _value(alert, kind, bound, (bad, every), parts, ground)
    crossed = condition.enough(value, every, ground.floor(alert, MIN_EVENTS), parts.on)
    crossed = binary("and", crossed, _surely(alert, tier, bad, every, parts, ground), on=each(parts.each))
    bad, every = _counted(alert, kind, tier, kind.lately, parts, ground)
    lately = chance.less(bad, parts, share.times(every)) >= number(condition.HALF_EVENT)
    crossed = binary("and", crossed, lately, on=each(parts.each))
    inside = condition.inside(signal, condition.rounded(parts.value.now()), bound)
    over = condition.enough(inside, parts.denominator.now(), floor, parts.on)
    eased = _eased(alert, kind, tier, parts, ground)
    return binary("unless", crossed, over | eased, on=each(parts.each))


def _rare_mean(alert: Alert, kind: Threshold, bound: AlertNumber, ground: Ground) -> Expr:
    """Use the mean of a longer window where the own one holds too few events, while its last half is beyond as well."""
    signal = ground.signal(alert)
    parts = longer.input_series(alert, kind.also_over, ground)
    crossed, lately = (
        condition.beyond(signal, condition.rounded(one.now()), bound)
        for one in (parts.value, longer.recent(alert, kind.lately, ground))
    )
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    return join("unless", join("and", crossed, lately, parts.each), longer.decided(alert, ground), parts.each)


def _value(  # noqa: PLR0913, PLR0917 - what is counted, and what it is held against
    alert: Alert,
    kind: Threshold,
    bound: AlertNumber,
    events: tuple[Expr, Expr],
    parts: condition.InputSeries,
    ground: Ground,
) -> Expr:
    """Compute the value over the longer window; a quantile must be beyond the bound itself, not only its buckets."""
    signal, (bad, every) = ground.signal(alert), events
    if isinstance(signal.kind, Quantile):
        filled = _buckets(alert, kind.also_over, parts, ground).now()
        value = call("histogram_quantile", number(signal.kind.q), filled)
        return condition.beyond(signal, condition.rounded(value), bound)
    ratio = chance.scaled(bad, parts, number(1) / (every > number(0)))
    return number(1) - ratio if is_good_share(signal) else ratio


def _eased(alert: Alert, kind: Threshold, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Select values whose recent events hold clearly fewer bad ones than the longer window predicts.

    After an incident, a few bad events of an ordinary hour would otherwise raise the alert once more, by the bad ones
    that the longer window still holds.
    """
    recent_window = longer.last_quarter(kind.also_over, ground.signal(alert), ground.scope.site.rule_interval)
    recent, whole = (
        _counted(alert, kind, tier, window, parts, ground) for window in (recent_window, kind.also_over)
    )
    return _fewer(recent, whole, parts)


def _fewer(recent: tuple[Expr, Expr], whole: tuple[Expr, Expr], parts: condition.InputSeries) -> Expr:
    """Select values whose recent events hold clearly fewer bad ones than those of the whole window predict.

    Both are the bad events, and all of them.
    """
    (now, events), (bad, every) = recent, whole
    return chance.clearly_fewer(now, chance.scaled(bad, parts, events / (every > number(0))))


def latest(kind: Threshold, signal: Signal, tier: Tier, interval: int) -> int:
    """Return the last seconds in which bad events must go on for a page; 0 where that does not matter.

    Of many short incidents the first pages nobody: the value of a window ago tells of the others.
    """
    seconds = max(LATEST // interval, 1) * interval
    pages = tier.severity is AlertSeverity.CRITICAL and kind.also_over and not longer.is_mean(signal)
    return seconds if pages and seconds < signal.window else 0


def _counted(  # noqa: PLR0913, PLR0917 - what is counted, and where
    alert: Alert, kind: Threshold, tier: Tier, window: int, parts: condition.InputSeries, ground: Ground
) -> tuple[Expr, Expr]:
    """Select the bad events of a longer window, and all of them; of a quantile, those beyond the bound."""
    signal = ground.signal(alert)
    if isinstance(signal.kind, Quantile):
        buckets = _buckets(alert, window, parts, ground)
        every = buckets.where(**{names.LE: "+Inf"}).now()
        is_latest = window == latest(kind, signal, tier, ground.scope.site.rule_interval)
        counted = _observations if is_latest else _observed
        return counted(alert, tier, window, parts, ground), summed(every, parts.on)
    bad = ground.scope.record(bad_name(signal, parts.each, window))
    if alert.by and (limits := condition.limits_of(alert, signal)):
        bad = bad.one_of(alert.by, limits)
    if alert.by and alert.only:
        bad = bad.where(**{alert.by: alert.only})
    return bad.now(), ground.scope.record(all_name(signal, parts.on, window)).now()


def _buckets(alert: Alert, window: int, parts: condition.InputSeries, ground: Ground) -> Series:
    """Select the buckets of a window."""
    signal = ground.signal(alert)
    if window == signal.window:
        buckets = having(with_all_labels(signal.of, window, ground.scope), parts.each)
    else:
        buckets = ground.scope.record(buckets_name(signal, parts.each, window))
    return buckets.where(**{alert.by: alert.only}) if alert.by and alert.only else buckets
