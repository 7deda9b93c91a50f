"""Releases in the order they were first seen, and the newest one's signals beside the previous one's.

``release`` is only a label, and v10 sorts before v9: the later release is the one first seen later. The previous
release is the one that carried the runs before the newest came, not one that was tried and rolled back.

While both live they are compared over the same hours, so that a common cause blames neither. When the previous one has
ended, its last day represents it, and the newest one is charged with no more than the step at its start: from the
previous one's last hour, or its last minutes where these were clearly worse, to its own first hour. A fault of a
release is in its first runs, so trouble that begins later within that hour is none of it: the step is at most what the
runs before it may stand for. The first runs of a release use tokens before any has ended, and short runs end first, so
both sides count only when a release is as old as runs are long.

A quantile is compared by the buckets of both sides. The test for chance counts the events of each side beyond the
largest bucket within the newest one's quantile.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import NEWEST_WINDOW, PREVIOUS_WINDOW, STEP_WINDOW, Alert, Regression
from generator.model.signals import (
    Better,
    Quantile,
    Ratio,
    Share,
    Signal,
    compared_on,
    counts_things,
    early_dispersion,
    is_good_share,
    numerator_stream,
)
from generator.model.units import DAY, HOUR, MINUTE, duration
from generator.promql.expr import Expr, Series, any_of, binary, call, labelled, number
from generator.signals.events import long_window, rate_at, with_all_labels
from generator.signals.quantile import HAIR
from generator.streams.scope import (
    Scope,
    each,
    having,
    join,
    largest,
    rule,
    smallest,
    spread,
    summed,
    top_of_each,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream

#: The time during which a release counts as new, in seconds.
_NEW_FOR = DAY
#: A previous release with fewer runs than this part of the newest one's counts as ended.
_LEAST_BESIDE = 0.05
#: The step at a release's start covers its first hour, or this number of runs where they take longer.
_FIRST_RUNS = 10
#: The last minutes of the previous release, in seconds, that count where they were worse than its last hour, and the
#: fewest events in them.
LAST_MINUTES, LAST_EVENTS = (15 * MINUTE, 5 * MINUTE, 2 * MINUTE), 20
#: The standard deviations by which these minutes must be worse, and by which a release's first runs may be worse than
#: they look. Rare events are never fewer than none, so two are enough for them.
CLEAR_SIGMAS, RARE_SIGMAS = 3, 2
#: A release without a run in these seconds is deserted, where all releases together have this number of them.
DESERTED_FOR, DESERTED_RUNS = HOUR, 20
#: The weight of a release seen within LATELY seconds, in the choice of the one that carried the runs.
LIVE_WEIGHT, LATELY = 2, 15 * MINUTE

_BY = (names.RELEASE,)
_BUCKETS = (names.LE, names.RELEASE)
_NOW = Expr("time()")


def compared_signals(signals: Iterable[Signal], alerts: Iterable[Alert]) -> tuple[tuple[Signal, Stream], ...]:
    """List the signals whose releases are compared, for a trend or an alert, and the events of each."""
    watched = {alert.signal for alert in alerts if isinstance(alert.kind, Regression)}
    return tuple(
        (signal, stream)
        for signal in signals
        if (stream := compared_on(signal))
        and (signal.name in watched or (signal.trend is not None and signal.trend.over is None))
    )


def compares_releases(signal: Signal, runs: Stream) -> bool:
    """Whether both sides of a signal exist for each release, and the first run of each release is known."""
    metric = compared_on(signal)
    if isinstance(signal.kind, Share) and signal.kind.among:
        return False  # the sides of releases are recorded for all events
    return metric is not None and all(names.RELEASE in one.labels for one in (signal.of, metric, runs))


def chains(
    pairs: Iterable[tuple[Signal, Stream]], runs: Stream, scope: Scope, *, timed: bool
) -> Iterator[Iterator[RecordingRule]]:
    """Record the order of releases and the events that count, then the comparisons; then those of each histogram.

    Events that count are in one group, so that numerators and denominators cover the same intervals; so are buckets.
    ``timed`` says whether the length of runs is recorded.
    """
    found = tuple(pairs)
    ratios = [(signal, per) for signal, per in found if not isinstance(signal.kind, Quantile)]
    streams = tuple(dict.fromkeys(per for _, per in ratios))
    yield chain(
        order(runs, scope, timed=timed),
        *(_events(per, scope) for per in streams),
        *((_amount(signal, per, scope), *_gated(amount_name(signal), scope)) for signal, per in ratios),
    )
    yield chain(
        *(_sides(per, scope) for per in streams),
        *(_comparison(signal, per, scope) for signal, per in ratios),
    )
    for stream in dict.fromkeys(per for signal, per in found if isinstance(signal.kind, Quantile)):
        quantiles = (signal for signal, per in found if per == stream and isinstance(signal.kind, Quantile))
        yield chain(
            _events(stream, scope),
            _buckets(stream, scope),
            _sides(stream, scope),
            *(_comparison(signal, stream, scope) for signal in quantiles),
        )


def order(runs: Stream, scope: Scope, *, timed: bool) -> Iterator[RecordingRule]:
    """Record the first-seen time of each live release, and the newest and the previous one."""
    live = scope.record(names.level_rate(runs, _BY)).now()
    first_seen = scope.record(names.FIRST_SEEN)
    known = join("and", call("last_over_time", first_seen.over(DAY)), live, _BY)
    newest = top_of_each(first_seen.now())
    young = _NOW - newest < number(_NEW_FOR)
    yield rate_at(runs, _BY, scope)
    yield rule(names.FIRST_SEEN, join("or", known, number(0) * live + _NOW, _BY))
    yield rule(names.NEWEST, join("and", newest, young, _BY))
    yield from _previous(runs, scope)
    marker, length = scope.record(names.NEWEST), scope.record(names.RUN_LENGTH).now()
    age = _NOW - largest(marker.now()) + number(scope.site.rule_interval)
    settled = join("unless", marker.now(), join(">", length, age)) if timed else marker.now()
    yield rule(names.SETTLED, settled)
    yield from _deserted(runs, scope)


def _deserted(runs: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record the releases that have no runs any more, as others have them: rolled back, and not removed.

    At night none has any, which changes nothing.
    """
    late = long_window(names.level_rate(runs, _BY), DESERTED_FOR, scope)
    none = binary("==", late, number(0))
    yield rule(names.LEFT, join("and", none, summed(late) >= number(DESERTED_RUNS)))
    left = call("max_over_time", scope.record(names.LEFT).over(NEWEST_WINDOW - 1))
    yield rule(names.DESERTED, join("and", none, left, _BY))


def _previous(runs: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record the release that the newest one replaced; the value is the newest one's first-seen time.

    It is chosen when the newest one comes, since later the runs of the last day are the newest one's.
    """
    first_seen, share, carried, candidate, predecessor = map(
        scope.record,
        (names.FIRST_SEEN, names.SHARE, names.CARRIED, names.CANDIDATE, names.PREDECESSOR),
    )
    runs_now = scope.record(names.level_rate(runs, _BY)).now()
    since = largest(first_seen.now())
    yield rule(names.SHARE, spread("/", runs_now, summed(runs_now) > number(0)))
    yield rule(names.CARRIED, call("sum_over_time", share.over(DAY - 1)))
    lately = call("last_over_time", first_seen.over(LATELY))
    alive = number(LIVE_WEIGHT) * join("and", carried.now(), lately, _BY)
    earlier = spread("<", call("last_over_time", first_seen.over(DAY)), since)
    most = top_of_each(join("and", join("or", alive, carried.now(), _BY), earlier, _BY))
    yield rule(names.CANDIDATE, spread("+", number(0) * most, since))
    yield rule(names.PREDECESSOR, binary("==", candidate.now(), _NOW))
    chosen = spread("==", call("last_over_time", predecessor.over(DAY)), since)
    yield rule(names.PREVIOUS, join("or", chosen, candidate.now()))


def events_name(per: Stream, side: str) -> str:
    """Name the record of the events on one side of a comparison."""
    return f"{names.level(_BY)}:{per.stem}:{side}"


def _counted_name(rates: str, side: str) -> str:
    """Name the record of a release's events per second that count on one side."""
    head, _, operation = rates.rpartition(":")
    return f"{head}:{side}_{operation}"


def amount_name(signal: Signal) -> str:
    """Name the record of the numerator's events per second; for a share these are the matching ones only."""
    if isinstance(signal.kind, Share):
        return names.part(signal, "numerator_rate", _BY)
    return names.level_rate(numerator_stream(signal), _BY)


def _amount(signal: Signal, per: Stream, scope: Scope) -> RecordingRule:
    if not isinstance(signal.kind, Share):
        return rate_at(numerator_stream(signal), _BY, scope)
    among = having(scope.stream(signal.of), _BY)
    matching = summed(among.where(**signal.kind.where).now(), _BY)
    if scope.shared:
        every = summed(having(among, signal.kind.where).now(), _BY)
    else:
        every = scope.record(names.level_rate(per, _BY)).now()
    return rule(amount_name(signal), matching | number(0) * every)


def _events(per: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events of each release, and those that count."""
    yield rate_at(per, _BY, scope)
    yield from _gated(names.level_rate(per, _BY), scope)


def _buckets(of: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record the buckets that count; they are too many to record those of other releases."""
    every, rates = having(scope.stream(of), _BUCKETS).now(), names.level_rate(of, _BUCKETS)
    yield _newest(rates, summed(every, _BUCKETS), scope)
    yield _beside(rates, every, (names.LE,), scope)


def _gated(rates: str, scope: Scope) -> tuple[RecordingRule, RecordingRule]:
    """Record the newest release's rate, and the previous one's beside it, under the newest one's label."""
    every = scope.record(rates).now()
    return _newest(rates, every, scope), _beside(rates, every, (), scope)


def _newest(rates: str, every: Expr, scope: Scope) -> RecordingRule:
    settled = scope.record(names.SETTLED).now()
    return rule(_counted_name(rates, "newest"), join("and", every, settled, _BY))


def _beside(rates: str, every: Expr, labels: tuple[str, ...], scope: Scope) -> RecordingRule:
    beside = summed(join("and", every, _one(names.PREVIOUS, scope), _BY), labels)
    settled = number(0) * _one(names.SETTLED, scope)
    return rule(_counted_name(rates, "beside"), binary("+", beside, settled, on=each(), group_left=_BY))


def _sides(per: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record the number of events on each side; ``beside`` exists only while the previous release lives."""
    rates = names.level_rate(per, _BY)
    newest, beside = (scope.record(events_name(per, side)).now() for side in ("newest", "beside"))
    least = number(_LEAST_BESIDE) * newest
    day = join("and", long_window(rates, PREVIOUS_WINDOW, scope), _one(names.PREVIOUS, scope), _BY)
    hours = call("count_over_time", scope.record(_counted_name(rates, "newest")).over(2 * STEP_WINDOW - 1))
    early = hours <= number(STEP_WINDOW // scope.site.rule_interval)
    first = join("or", early, newest < number(_FIRST_RUNS - 0.5), _BY)
    yield rule(
        events_name(per, "newest"),
        join("and", _counted(rates, "newest", scope), scope.record(names.NEWEST).now(), _BY),
    )
    yield rule(
        events_name(per, "beside"),
        join("and", join(">=", _counted(rates, "beside", scope), least, _BY), _living(scope)),
    )
    yield rule(events_name(per, "previous"), join("or", _by_previous(beside, scope), day))
    yield rule(events_name(per, "first"), join("and", newest, first, _BY))


def _comparison(signal: Signal, per: Stream, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides' values, the step at the start, and the change that the newest release is charged with."""
    newest, beside, day = _values(signal, per, scope)
    yield rule(names.part(signal, "newest", _BY), newest)
    yield rule(names.part(signal, "previous", _BY), join("or", _by_previous(beside, scope), day))
    yield rule(names.part(signal, "hour", _BY), _hour(signal, per, scope))
    yield rule(names.part(signal, "before", _BY), _before(signal, per, scope))
    yield rule(names.part(signal, "newest_worst", _BY), _worst(signal, per, scope))
    yield rule(names.part(signal, "step", _BY), _step(signal, per, scope))
    deserted = scope.record(names.DESERTED).now()
    charged = join("unless", _change(signal, per, scope), deserted, _BY)
    yield rule(names.part(signal, "release_change", _BY), charged)
    if isinstance(signal.kind, Quantile):
        yield from _slow(signal, scope)


def _values(signal: Signal, per: Stream, scope: Scope) -> tuple[Expr, Expr, Expr]:
    """Compute the value of the newest release, of the previous one beside it, and of the previous one's last day."""
    newest, beside, previous = (
        scope.record(events_name(per, side)).now() > number(0) for side in ("newest", "beside", "previous")
    )
    if isinstance(signal.kind, Quantile):
        q, buckets = signal.kind.q, names.level_rate(per, _BUCKETS)
        return (
            _quantile(q, _counted(buckets, "newest", scope), newest),
            _quantile(q, _counted(buckets, "beside", scope), beside),
            _quantile(q, _buckets_of(signal, PREVIOUS_WINDOW, scope), previous),
        )
    amount = amount_name(signal)
    return (
        _counted(amount, "newest", scope) / newest,
        _counted(amount, "beside", scope) / beside,
        long_window(amount, PREVIOUS_WINDOW, scope) / previous,
    )


def _quantile(q: float, buckets: Expr, events: Expr) -> Expr:
    return join("and", call("histogram_quantile", number(q), buckets), events, _BY)


def _buckets_of(signal: Signal, window: int, scope: Scope) -> Expr:
    """Sum the buckets of each release over a window, from the signal's own consecutive windows in it."""
    return summed(
        _windows_of(having(with_all_labels(signal.of, signal.window, scope), _BUCKETS), signal, window),
        _BUCKETS,
    )


def _observations(signal: Signal, window: int, scope: Scope) -> Expr:
    """Count the observations of each release over a window, as in ``_buckets_of``."""
    every = having(with_all_labels(signal.of, signal.window, scope), _BY).where(**{names.LE: "+Inf"})
    return summed(_windows_of(every, signal, window), _BY)


def _windows_of(recorded: Series, signal: Signal, window: int) -> Expr:
    return call("sum_over_time", recorded.sampled(max(window, signal.window), signal.window))


def _hour(signal: Signal, per: Stream, scope: Scope) -> Expr:
    """Compute the value of the previous release's last hour."""
    events = long_window(names.level_rate(per, _BY), STEP_WINDOW, scope) > number(0)
    if isinstance(signal.kind, Quantile):
        value = _quantile(signal.kind.q, _buckets_of(signal, STEP_WINDOW, scope), events)
    else:
        value = long_window(amount_name(signal), STEP_WINDOW, scope) / events
    return join("and", value, _one(names.PREVIOUS, scope), _BY)


def _before(signal: Signal, per: Stream, scope: Scope) -> Expr:
    """Record the value of the previous release's last hour once, when the newest one comes, under its label.

    Where its last minutes were clearly worse, these count: a release that comes during an outage did not bring it.
    If it ended longer ago, as when a hotfix replaces the release that came between, its last day counts.
    """
    windows = (signal.window,) if isinstance(signal.kind, Quantile) else LAST_MINUTES
    minutes = [_minutes(signal, per, window, scope) for window in windows]
    worst = smallest if signal.better is Better.HIGHER else largest
    value = worst(any_of([scope.record(names.part(signal, "hour", _BY)).now(), *minutes]))
    value |= worst(scope.record(names.part(signal, "previous", _BY)).now())
    just_come = scope.record(names.NEWEST).now() > _NOW - number(2 * scope.site.rule_interval)
    return spread("+", number(0) * just_come, value)


def _minutes(signal: Signal, per: Stream, window: int, scope: Scope) -> Expr:
    """Compute the value of the previous release's last minutes, where it is worse than its last hour by no chance."""
    hour = scope.record(names.part(signal, "hour", _BY)).now()
    events = long_window(names.level_rate(per, _BY), window, scope) >= number(LAST_EVENTS)
    if isinstance(signal.kind, Quantile):
        buckets = summed(having(with_all_labels(signal.of, window, scope), _BUCKETS).now(), _BUCKETS)
        value = _quantile(signal.kind.q, buckets, events)
    else:
        value = long_window(amount_name(signal), window, scope) / events
    return labelled(_clearly_worse(signal, value, hour, events), "last", duration(window))


def _clearly_worse(signal: Signal, value: Expr, than: Expr, events: Expr) -> Expr:
    """Select values of a number of events that are worse than another value by more than chance explains."""
    op = "<" if signal.better is Better.HIGHER else ">"
    if _counts(signal):
        good = is_good_share(signal)
        expected = join("*", number(1) - than if good else than, events, _BY)
        variance = number(early_dispersion(signal)) * (expected + number(1))
        scatter = number(CLEAR_SIGMAS) * call("sqrt", variance) / events
        return join(op, value, than - scatter if good else than + scatter, _BY)
    return join(op, value, _limit(signal, than, events), _BY)


def _limit(signal: Signal, mean: Expr, events: Expr) -> Expr:
    """Compute the worst value that a mean of a number of events may stand for.

    Amounts of single runs scatter by about as much as their mean, and things of which most runs have none by the root
    of their number: the first runs of a release may have had none yet.
    """
    falls, fewest = signal.better is Better.HIGHER, events
    if counts_things(signal):
        one_more = join("*", mean, events, _BY) + number(1)
        fewest = join("or", join("<", one_more, events, _BY), events, _BY)
        mean = mean if falls else join("/", one_more, events, _BY)
    scatter = number(CLEAR_SIGMAS) / call("sqrt", fewest)
    return join("*", mean, number(1) - scatter if falls else number(1) + scatter, _BY)


def _counts(signal: Signal) -> bool:
    """Whether a signal counts rare events, which scatter by the root of their number."""
    return isinstance(signal.kind, Share) or (isinstance(signal.kind, Ratio) and signal.of.sparse)


def _worst(signal: Signal, per: Stream, scope: Scope) -> Expr:
    """Compute the worst value that the newest release's runs so far may stand for, with regard to chance."""
    newest = scope.record(names.part(signal, "newest", _BY)).now()
    events = scope.record(events_name(per, "newest")).now() > number(0)
    if _counts(signal):
        good = is_good_share(signal)
        one_more = join("*", number(1) - newest if good else newest, events, _BY) + number(1)
        most = one_more + number(RARE_SIGMAS) * call("sqrt", number(early_dispersion(signal)) * one_more)
        share = join("/", most, events, _BY)
        return number(1) - share if good else share
    return _limit(signal, newest, events)


def _first_value(signal: Signal, scope: Scope) -> Expr:
    """Select the value of the newest release's first hour, but none that its earlier runs rule out."""
    falls = signal.better is Better.HIGHER
    newest = scope.record(names.part(signal, "newest", _BY)).now()
    worst = scope.record(names.part(signal, "newest_worst", _BY)).over(STEP_WINDOW)
    limit = call("max_over_time" if falls else "min_over_time", worst)
    return join("or", join(">" if falls else "<", newest, limit, _BY), limit, _BY)


def _step(signal: Signal, per: Stream, scope: Scope) -> Expr:
    """Compare the newest release's first hour with the previous one's last; it is no longer recorded after that."""
    newest = _first_value(signal, scope)
    before = call("last_over_time", scope.record(names.part(signal, "before", _BY)).over(DAY))
    first = scope.record(events_name(per, "first")).now()
    if isinstance(signal.kind, Share):
        return join("and", join("-", newest, before, _BY), first, _BY)
    before = _divisor(signal, before, per, scope)
    return join("and", join("/", newest, before, _BY) - number(1), first, _BY)


def _divisor(signal: Signal, value: Expr, per: Stream, scope: Scope) -> Expr:
    """Make a value of the previous release one to divide by: of things, one stands for none."""
    some = value > number(0)
    if not counts_things(signal):
        return some
    one = number(1) / (scope.record(events_name(per, "previous")).now() > number(0))
    return join("or", some, spread("+", number(0) * value, largest(one)), _BY)


def _change(signal: Signal, per: Stream, scope: Scope) -> Expr:
    """Compute the difference of both sides; if the previous release has ended, only the part that the step explains.

    That part is between no difference and the whole: what a step in the other direction explains is none of it.
    """
    newest, previous = (
        join("and", scope.record(names.part(signal, side, _BY)).now(), _one(marker, scope), _BY)
        for side, marker in (("newest", names.NEWEST), ("previous", names.PREVIOUS))
    )
    if isinstance(signal.kind, Share):
        difference = spread("-", newest, previous)
    else:
        difference = spread("/", newest, _divisor(signal, previous, per, scope)) - number(1)
    step = call("last_over_time", scope.record(names.part(signal, "step", _BY)).over(DAY))
    step = join("and", step, _one(names.NEWEST, scope), _BY)
    step = join("unless", step, scope.record(events_name(per, "beside")).now())
    # Of two numbers with the same sign this is twice the smaller one, else 0.
    common = join("-", _sizes(difference, step), call("abs", join("-", difference, step, _BY)), _BY)
    explained = join("*", call("sgn", difference), common, _BY) / number(2)
    return join("or", explained, difference, _BY)


def _sizes(one: Expr, other: Expr) -> Expr:
    return join("+", call("abs", one), call("abs", other), _BY)


def _slow(signal: Signal, scope: Scope) -> Iterator[RecordingRule]:
    """Record the share of each side that is as bad as the newest release's value, or worse, by whole buckets."""
    falls = signal.better is Better.HIGHER
    value = scope.record(names.part(signal, "newest", _BY)).now()
    value = largest(join("and", value, _one(names.NEWEST, scope), _BY))
    value = value / number(HAIR) if falls else value * number(HAIR)
    within = spread(">=" if falls else "<=", scope.record(names.upper(signal.of)).now(), value)
    rates = names.level_rate(signal.of, _BUCKETS)
    newest, beside = (
        _beyond(_counted(rates, side, scope), within, scope.record(events_name(signal.of, side)).now(), falls)
        for side in ("newest", "beside")
    )
    day = _beyond(
        _buckets_of(signal, PREVIOUS_WINDOW, scope),
        within,
        _observations(signal, PREVIOUS_WINDOW, scope),
        falls,
    )
    day = join("and", day, _one(names.PREVIOUS, scope), _BY)
    yield rule(slow_name(signal, "newest"), newest)
    yield rule(slow_name(signal, "previous"), join("or", _by_previous(beside, scope), day))


def slow_name(signal: Signal, side: str) -> str:
    """Name the record of the share of a side's observations that is tested for chance."""
    return names.part(signal, f"{side}_slow", _BY)


def _beyond(buckets: Expr, within: Expr, every: Expr, falls: bool) -> Expr:  # noqa: FBT001 - a side of a bound
    """Compute the share of observations outside the buckets ``within``, or in the smallest of them."""
    inside = join("and", buckets, within, (names.LE,))
    if falls:
        return (smallest(inside, _BY) | every) / (every > number(0))
    return number(1) - largest(inside, _BY) / (every > number(0))


def _counted(rates: str, side: str, scope: Scope) -> Expr:
    """Count the events of one side."""
    return long_window(_counted_name(rates, side), NEWEST_WINDOW, scope)


def _one(marker: str, scope: Scope) -> Expr:
    """Select the one marked release; a marker's value is the time at which the release got it.

    Prometheus does not end the series that it recorded before a restart, so for some minutes there is another one too.
    """
    return top_of_each(scope.record(marker).now())


def _living(scope: Scope) -> Expr:
    """Select the previous release while it lives."""
    return join("and", _one(names.PREVIOUS, scope), scope.record(names.FIRST_SEEN).now(), _BY)


def _by_previous(values: Expr, scope: Scope) -> Expr:
    """Move a value recorded beside the newest release to the label of the previous one, while that lives."""
    return spread("+", number(0) * _living(scope), largest(values))
