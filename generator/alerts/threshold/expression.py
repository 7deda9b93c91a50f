"""The condition of a threshold: the value, on enough events and enough bad ones, and where no run finishes."""

from __future__ import annotations

from functools import reduce
from math import sqrt
from operator import or_
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import beyond, chance, condition, longer
from generator.model import names
from generator.model.alerts import (
    MIN_BAD_EVENTS,
    MIN_EVENTS,
    Alert,
    AlertSeverity,
    Threshold,
    Tier,
    has_mildest,
)
from generator.model.signals import Better, Quantile, Share, Signal, divisor, is_good_share
from generator.model.units import HOUR, MINUTE, duration
from generator.promql.expr import Expr, Series, call, number
from generator.signals.events import all_name, bad_name, buckets_name, sides, sides_over, with_all_labels
from generator.signals.quantile import UNKNOWN_LENGTH
from generator.signals.ratio import unfinished
from generator.streams.scope import grouped, having, join, largest, rule, spread, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.rules import RecordingRule

#: How far back the end of the last run is known: a longer run cannot be distinguished from a loop.
_LONGEST_RUN = 6 * HOUR
#: Where no run finishes: how long ago runs still finished, how long ago the rate was usual, and the multiple of that
#: rate that is unusual.
LATELY, USUALLY, UNUSUAL = HOUR, 2 * HOUR, 3
#: A page is about now: it does not begin where these last seconds show that a short incident is over.
LATEST = 3 * MINUTE


class _Events(Struct, frozen=True):
    """The bad events of a window, at the level of a value, and all events, at theirs."""

    bad: Expr
    every: Expr


class _Bounded(Struct, frozen=True):
    """A threshold at one severity, and the series that it reads."""

    alert: Alert
    kind: Threshold
    tier: Tier
    ground: Ground
    parts: condition.InputSeries

    @property
    def signal(self) -> Signal:
        """The signal."""
        return self.ground.signal(self.alert)

    @property
    def bound(self) -> AlertNumber:
        """The bound."""
        return self.ground.bound(self.alert, self.tier)

    @property
    def floor(self) -> AlertNumber | None:
        """The fewest bad events, less a half; None without a floor."""
        return self.ground.floor(self.alert, MIN_BAD_EVENTS)

    @property
    def interval(self) -> int:
        """Seconds between two evaluations."""
        return self.ground.scope.site.rule_interval

    @property
    def is_quantile(self) -> bool:
        """Whether bad events are observations beyond the bound, of which each severity has its own number."""
        return isinstance(self.signal.kind, Quantile)

    @property
    def needs_bad(self) -> bool:
        """Whether the alert has a floor of bad events, and the signal counts such events."""
        return self.alert.min_bad_events > 0 and (self.is_quantile or self._own_bad() is not None)

    @property
    def quarter(self) -> int:
        """The last quarter of the longer window, in seconds."""
        return longer.last_quarter(self.kind.also_over, self.signal, self.interval)

    @property
    def windows(self) -> tuple[int, ...]:
        """The windows that may show the bound crossed, but the longest."""
        return windows(self.signal, self.kind, self.interval)

    @property
    def score_labels(self) -> Mapping[str, str]:
        """The labels of recorded standard scores, which all severities share where they have the same bad events.

        A variant has its own: a part of its longer window may be the whole of the library's, which is judged otherwise.
        """
        labels = condition.labels_of(self.alert) if has_mildest(self.alert) else self.labels
        variant = {names.VARIANT_LABEL: self.ground.variant} if self.ground.variant else {}
        return {**labels, **variant}

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of records of one severity."""
        return condition.labels_of(self.alert, **{names.SEVERITY: str(self.tier.severity)})

    def name(self, part: str, window: int) -> str:
        """Name a record of a window in seconds at the level of a value."""
        return names.part(self.signal, f"{part}{duration(window)}", self.parts.each)

    def keep(self, op: str, left: Expr, right: Expr) -> Expr:
        """Join two vectors at the level of a value."""
        return join(op, left, right, self.parts.each)

    def crossed(self) -> Expr:
        """Compare the value with the bound."""
        return condition.beyond(self.signal, condition.rounded(self.parts.value.now()), self.bound)

    def events(self, window: int) -> _Events:
        """Select the bad events of some seconds, and all of them; of a quantile, those beyond the bound."""
        parts, scope, own = self.parts, self.ground.scope, window == self.signal.window
        if self.is_quantile:
            every = summed(self.buckets(window).where(**{names.LE: "+Inf"}).now(), parts.on)
            is_latest = window == latest(self.kind, self.signal, self.tier, self.interval)
            bad = self.observations(window) if is_latest else self._recorded_observations(window)
            return _Events(bad, parts.denominator.now() if own else every)
        if own and (own_bad := self._own_bad()):
            return _Events(own_bad, parts.denominator.now())
        every = scope.record(all_name(self.signal, parts.on, window)).now()
        return _Events(self._long_bad(window).now(), every)

    def _own_bad(self) -> Expr | None:
        return chance.bad_events(self.alert, self.parts, self.ground)

    def _long_bad(self, window: int) -> Series:
        bad = self.ground.scope.record(bad_name(self.signal, self.parts.each, window))
        if self.alert.by and (limits := condition.limits_of(self.alert, self.signal)):
            bad = bad.one_of(self.alert.by, limits)
        return bad.where(**condition.watched(self.alert))

    def _recorded_observations(self, window: int) -> Expr:
        recorded = self.ground.scope.record(self.name("beyond", window))
        return largest(recorded.where(**self.labels).now(), self.parts.each)

    def observations(self, window: int) -> Expr:
        """Count the observations of a window beyond the bound of a quantile."""
        weights = beyond.weight(self.signal, self.labels, self.ground.scope)
        return beyond.observed_beyond(self.buckets(window), self.signal, self.parts.each, weights)

    def buckets(self, window: int) -> Series:
        """Select the buckets of a window of a quantile."""
        parts, scope = self.parts, self.ground.scope
        if window == self.signal.window:
            buckets = having(with_all_labels(self.signal.of, window, scope), parts.each)
        else:
            buckets = scope.record(buckets_name(self.signal, parts.each, window))
        return buckets.where(**condition.watched(self.alert))

    def excess(self, window: int) -> Expr:
        """Count the bad events of a window beyond those that the bound allows."""
        allowed = chance.allowed_share(self.signal, self.bound)
        events = self.events(window)
        return chance.less(events.bad, self.parts, allowed.times(events.every))

    def fewer(self, recent: int, whole: int) -> Expr:
        """Select values whose recent window holds clearly fewer bad events than the whole one predicts."""
        lately, before = self.events(recent), self.events(whole)
        factor = lately.every / (before.every > number(0))
        return chance.clearly_fewer(lately.bad, chance.scaled(before.bad, self.parts, factor))


def expr(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with the tier's bound."""
    one = _bounded(alert, kind, tier, ground)
    crossed, parts, signal = one.crossed(), one.parts, one.signal
    if _mixes_runs(one):
        crossed = one.keep("unless", crossed, _lately_within(one, signal.window))
    if condition.adds_up(signal) and signal.better is Better.HIGHER:
        crossed = one.keep("and", crossed, condition.whole_window(signal, ground, parts.each))
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    if one.needs_bad:
        crossed = one.keep("and", crossed, reduce(or_, (_surely(one, window) for window in one.windows)))
        if window := latest(kind, signal, tier, one.interval):
            crossed = one.keep("unless", crossed, _over_by_now(one, window))
        if kind.also_over:
            crossed |= _rare(one)
    if kind.also_over and longer.is_mean(signal):
        crossed |= _rare_mean(one)
    if kind.unfinished:
        return crossed | _endless(one)
    return crossed


def compared(alert: Alert, _kind: Threshold, ground: Ground) -> Expr:
    """Select the signal's value."""
    return condition.input_series(alert, ground).value.now()


def _bounded(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> _Bounded:
    return _Bounded(alert, kind, tier, ground, condition.input_series(alert, ground))


def _mixes_runs(one: _Bounded) -> bool:
    """Whether a signal divides the events of all runs by the finished runs: long runs make these different runs.

    A batch of long runs makes calls at once, and finishes later, after a longer window has begun to count its calls.
    """
    per, runs = divisor(one.signal), one.ground.runs
    of_runs = per is not None and runs is not None and per.name == runs.name
    if one.kind.also_over and not longer.is_mean(one.signal):
        return False
    return one.ground.timed and of_runs and not isinstance(one.signal.kind, Share)


def _lately_within(one: _Bounded, window: int) -> Expr:
    """Find where the value of a window recently was not beyond its bound, or no run finished.

    Recently means that runs from that time may still be running.
    """
    scope = one.ground.scope
    within = scope.record(_within_name(one, window)).where(**condition.labels_of(one.alert))
    last = call("last_over_time", within.over(_LONGEST_RUN))
    return spread("<", Expr("time()") - last, scope.record(names.RUN_LENGTH).now())


def _within_name(one: _Bounded, window: int) -> str:
    length = "" if window == one.signal.window else duration(window)
    return names.part(one.signal, f"within{length}_{one.tier.severity}", one.parts.each)


def _endless(one: _Bounded) -> Expr:
    """Catch endless loops: their runs are counted only when they finish.

    The rate is far higher than usual, and no run has finished for longer than runs last; for a service without that
    history, for half an hour.
    """
    signal, ground, amount = one.signal, one.ground, one.parts.numerator
    record = ground.scope.record(names.part(signal, "unfinished"))
    finished = ground.scope.record(names.denominator(signal))
    lasts = call("count_over_time", record.over(_LONGEST_RUN - 1)) * number(one.interval)
    unknown = join(
        "unless", number(UNKNOWN_LENGTH) * grouped(record.now()), finished.now(offset=LATELY) > number(0)
    )
    length = join("or", ground.scope.record(names.RUN_LENGTH).now(), unknown) if ground.timed else unknown
    endless = join("unless", join("and", amount.now(), record.now()), join(">", length, lasts))
    # While runs finished an hour ago, a loop had not begun two hours ago.
    ordinary = amount.now() <= number(UNUSUAL) * amount.now(offset=USUALLY)
    ordinary = join("and", ordinary, finished.now(offset=LATELY) > number(0))
    unusual = one.keep("unless", endless, ordinary)
    return one.bound.compare(">", ground.fewest_events(one.alert).divide(unusual))


def _surely(one: _Bounded, window: int) -> Expr:
    """Select values whose bad events of a window are enough, and more than chance brings.

    Of the same bad events, the severities share the scores: each compares its own bound, and its own least score.
    """
    if not one.kind.also_over:
        return _score(one, window)
    score = one.ground.scope.record(one.name("sigmas", window)).where(**one.score_labels).now()
    if not has_mildest(one.alert):
        return score
    least = _least_score(one, window)
    if least > _least_recorded(one, window):
        score = score >= number(least)
    return condition.enough(score, one.excess(window), one.floor, one.parts.each)


def _score(one: _Bounded, window: int) -> Expr:
    """Compute by how many standard deviations the bad events of a window exceed those that the mildest bound allows.

    A service that keeps its mildest bound must not page by chance; beyond that bound it is no chance. A longer window
    counts only while its last part is as bad; a part of the longest one also needs some events in the signal's own.
    """
    alert, ground, own, also = one.alert, one.ground, one.signal.window, one.kind.also_over
    events = one.events(window)
    share = chance.allowed_share(one.signal, ground.mildest(alert, one.tier))
    score = chance.standard_score(events.bad, events.every, share, one.parts, one.signal)
    score = score >= number(_least_recorded(one, window))
    if not has_mildest(alert):
        score = condition.enough(score, one.excess(window), one.floor, one.parts.each)
    if window == also:
        return one.keep("unless", score, one.fewer(one.quarter, also))
    if window == own:
        return score
    # With a floor of events, the signal's own window has some anyway.
    some = None if alert.min_events else one.floor
    score = condition.enough(score, one.parts.denominator.now(), some, one.parts.on)
    before = max(shorter for shorter in one.windows if shorter < window)
    return one.keep("unless", score, one.fewer(before, window))


def _least_score(one: _Bounded, window: int) -> float:
    """Return the least standard deviations by which bad events of a window show that a bound is crossed."""
    signal, severity = one.signal, one.tier.severity
    is_part = window not in {signal.window, one.kind.also_over}
    least = max(chance.sigmas(signal, severity), chance.SIGMAS if is_part else 0)
    return round(least * sqrt(chance.dispersion(signal, severity)), 9)


def _least_recorded(one: _Bounded, window: int) -> float:
    """Return the least score that is recorded: of all severities, where they share it."""
    tiers = one.alert.tiers if has_mildest(one.alert) else (one.tier,)
    return min(_least_score(replace(one, tier=tier), window) for tier in tiers)


def _over_by_now(one: _Bounded, window: int) -> Expr:
    """Select values whose last events show that an incident is over, unless it was one before as well."""
    signal = one.signal
    before = condition.rounded(one.parts.value.now(offset=signal.window))
    over = one.fewer(window, signal.window)
    return one.keep("unless", over, condition.beyond(signal, before, one.bound))


def _rare(one: _Bounded) -> Expr:
    """Use a longer window where the own one holds too few events, unless that shows that the incident is over.

    After an incident, a few bad events of an ordinary hour would otherwise raise the alert once more, by the bad ones
    that the longer window still holds: the last quarter of it must be as bad.
    """
    alert, kind, ground, parts = one.alert, one.kind, one.ground, one.parts
    every = one.events(kind.also_over).every
    crossed = condition.enough(_long_value(one), every, ground.floor(alert, MIN_EVENTS), parts.on)
    crossed = one.keep("and", crossed, _surely(one, kind.also_over))
    crossed = one.keep("and", crossed, one.excess(kind.lately) >= number(condition.HALF_EVENT))
    inside = condition.inside(one.signal, condition.rounded(parts.value.now()), one.bound)
    return one.keep("unless", crossed, condition.enough(inside, parts.denominator.now(), one.floor, parts.on))


def _rare_mean(one: _Bounded) -> Expr:
    """Use the mean of a longer window where the own one holds too few events, while its last half is beyond as well."""
    alert, kind, ground = one.alert, one.kind, one.ground
    parts = longer.input_series(alert, kind.also_over, ground)
    crossed = one.keep("and", _mean_crossed(one, kind.also_over), _mean_crossed(one, kind.lately))
    if _mixes_runs(one):
        crossed = one.keep("unless", crossed, _lately_within(one, kind.also_over))
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    return one.keep("unless", crossed, longer.decided(alert, ground))


def _mean_crossed(one: _Bounded, window: int) -> Expr:
    """Compare the mean of a longer window, or of its last half, with the bound."""
    mean = longer.recent(one.alert, window, one.ground).now()
    return condition.beyond(one.signal, condition.rounded(mean), one.bound)


def _long_value(one: _Bounded) -> Expr:
    """Compute the value over the longer window; a quantile must be beyond the bound itself, not only its buckets."""
    signal, window = one.signal, one.kind.also_over
    if isinstance(signal.kind, Quantile):
        value = call("histogram_quantile", number(signal.kind.q), one.buckets(window).now())
        return condition.beyond(signal, condition.rounded(value), one.bound)
    events = one.events(window)
    ratio = chance.scaled(events.bad, one.parts, number(1) / (events.every > number(0)))
    return number(1) - ratio if is_good_share(signal) else ratio


def windows(signal: Signal, kind: Threshold, interval: int) -> tuple[int, ...]:
    """List the signal's own window, and the parts of the longer one that may show the bound crossed too, in seconds.

    The own window of a value that is beyond its bound for hours sometimes holds enough bad events, and sometimes too
    few. Without these parts an alert would come and go until the longer window holds enough as well.
    """
    if not kind.also_over or longer.is_mean(signal):
        return (signal.window,)
    quarter = longer.last_quarter(kind.also_over, signal, interval)
    return (signal.window, *longer.than(signal, quarter, kind.lately))


def latest(kind: Threshold, signal: Signal, tier: Tier, interval: int) -> int:
    """Return the last seconds in which bad events must go on for a page; 0 where that does not matter.

    Of many short incidents the first pages nobody: the value of a window ago tells of the others.
    """
    seconds = max(LATEST // interval, 1) * interval
    pages = tier.severity is AlertSeverity.CRITICAL and kind.also_over and not longer.is_mean(signal)
    return seconds if pages and seconds < signal.window else 0


def records(alert: Alert, kind: Threshold, ground: Ground) -> Iterator[RecordingRule]:
    """Record what only the longer windows of a threshold read, and the times without a finished run or a problem."""
    tiers = tuple(_bounded(alert, kind, tier, ground) for tier in alert.tiers)
    signal = ground.signal(alert)
    if _mixes_runs(tiers[0]):
        yield from (_within(one, signal.window, one.crossed()) for one in tiers)
    if kind.unfinished:
        yield unfinished(signal, ground.scope)
    if kind.also_over and longer.is_mean(signal):
        yield from longer.rules(alert, kind.also_over, kind.lately, ground)
        if _mixes_runs(tiers[0]):
            yield from (_within(one, kind.also_over, _mean_crossed(one, kind.also_over)) for one in tiers)
    elif kind.also_over:
        yield from _long_windows(tiers)
    if tiers[0].needs_bad:
        for one in tiers if tiers[0].is_quantile else ():
            yield from _beyond(one)
        for one in tiers[-1:] if has_mildest(alert) else tiers:
            yield from _scores(one)


def _within(one: _Bounded, window: int, crossed: Expr) -> RecordingRule:
    """Record the times at which the value of a window is not beyond its bound."""
    now = number(0) * one.parts.numerator.now() + Expr("time()")
    within = one.keep("unless", now, crossed)
    return rule(_within_name(one, window), within, **condition.labels_of(one.alert))


def _long_windows(tiers: Sequence[_Bounded]) -> Iterator[RecordingRule]:
    """Record the bad events of the longer windows, and all of them."""
    one = tiers[0]
    signal, parts, scope = one.signal, one.parts, one.ground.scope
    yield from sides(signal, parts.each, parts.on, scope)
    newest = {latest(one.kind, signal, each_tier.tier, one.interval) for each_tier in tiers} - {0}
    for window in (*newest, one.quarter, one.kind.lately, one.kind.also_over):
        yield from sides_over(signal, parts.each, parts.on, window, scope)


def _beyond(one: _Bounded) -> Iterator[RecordingRule]:
    """Record the observations beyond the bound of a quantile in the windows that are read several times."""
    yield from beyond.rules(one.signal, one.bound, one.labels, one.ground.scope)
    for window in filter(None, (*one.windows, one.kind.also_over)):
        yield rule(one.name("beyond", window), one.observations(window), **one.labels)


def _scores(one: _Bounded) -> Iterator[RecordingRule]:
    """Record where bad events are more than chance in each of several windows: all severities read it."""
    if one.kind.also_over:
        for window in (*one.windows, one.kind.also_over):
            score = condition.of_variant(_score(one, window), one.alert, one.ground)
            yield rule(one.name("sigmas", window), score, **one.score_labels)
