"""Quantiles: computed from buckets that are summed first, never from other quantiles."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Better, Quantile, Signal
from generator.model.streams import RUN_LATENCY, Stream
from generator.model.units import DAY, MINUTE, Unit
from generator.promql.expr import Expr, Series, call, number
from generator.scenarios import Traffic, histogram
from generator.signals import usual
from generator.signals.events import buckets_at, common_buckets, events, may_differ, with_all_labels
from generator.streams.scope import Scope, join, largest, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.rules import RecordingRule
    from generator.scenarios import Fixture, Load
    from generator.signals.draft import SourceDraft

#: A bound is a hair off a bucket's after arithmetic: 2 x 0.7 is not 1.4.
HAIR = 1 + 1e-9
#: The assumed length of runs, in seconds, where all that is known is that they lie beyond the last bucket.
UNKNOWN_LENGTH = 30 * MINUTE
#: The quantile over a day's values that represents the whole day.
_MOST = 0.9


KEY, KIND = "quantile", Quantile
reads, levels_by, check, counted_at = usual.reads, usual.levels_by, usual.check, usual.counted_at


def resolve(draft: SourceDraft) -> Quantile | None:
    """Refuse a stream without buckets."""
    source, stream = draft.source, draft.of
    if stream.is_histogram and source.q is not None:
        return Quantile(source.q)
    draft.findings.error(
        "signal/needs-histogram",
        f'"{stream.known_as}" is a {stream.type}: a quantile needs a histogram',
        source.of.span,
        "choose a histogram, or count the events instead",
    )
    return None


def unit(_kind: Quantile, stream: Stream) -> Unit:
    """Use the unit of the observations."""
    return stream.amounts


def records(signal: Signal, kind: Quantile, scope: Scope) -> Iterator[RecordingRule]:
    """Record the observations, and the quantile where there are any."""
    for labels in signal.levels:
        yield events(signal.of, signal.window, labels, scope)
        yield from common_buckets(signal.of, signal.window, labels, scope)
        value = call(
            "histogram_quantile", number(kind.q), buckets_at(signal.of, signal.window, labels, scope)
        )
        if may_differ(signal.of, labels):
            # Without a bucket in common it is no number.
            value = value >= number(0)
        seen = scope.record(names.denominator(signal, labels)).now() > number(0)
        yield rule(names.value(signal, labels), join("and", value, seen, labels))


def overflow(signal: Signal, scope: Scope) -> RecordingRule:
    """Record the share of observations beyond the last bucket, where a quantile is stuck at its bound.

    Buckets are cumulative, so that the last one has the most; each release has its own last one.
    """
    inside = _in_buckets(_finite(with_all_labels(signal.of, signal.window, scope)), signal.of)
    every = scope.record(names.denominator(signal)).now()
    return rule(names.part(signal, "overflow"), number(1) - inside / (every > number(0)))


def overflow_rate(signal: Signal, scope: Scope) -> RecordingRule:
    """Record the observations per second beyond the last bucket, so that longer windows are cheap to sum."""
    every = scope.record(names.level_rate(signal.of)).now()
    of_releases = summed(_finite(scope.stream(signal.of)), signal.of.kept)
    return rule(overflow_rate_name(signal), every - _in_buckets(of_releases, signal.of))


def overflow_rate_name(signal: Signal) -> str:
    """Name the observations per second beyond the last bucket."""
    return names.part(signal, "overflow_rate")


def _finite(buckets: Series) -> Expr:
    return buckets.where("!=", **{names.LE: "+Inf"}).now()


def _in_buckets(finite: Expr, stream: Stream) -> Expr:
    """Sum the observations of all releases up to their last bucket."""
    return summed(largest(finite, tuple(label for label in stream.kept if label != names.LE)))


def is_timed(signals: Iterable[Signal]) -> bool:
    """Whether the shared rules record the length of runs, as far as these signals show."""
    timed = (one for one in signals if one.shared and one.of.name == RUN_LATENCY)
    return any(isinstance(one.kind, Quantile) for one in timed)


def run_length(signal: Signal, q: float, overflowing: Signal | None, scope: Scope) -> RecordingRule:
    """Record the length of a service's runs: a quantile of the run latency, over most of a day.

    A day has hours without a run, and some in which something was slow. Half an hour is added where the runs of the
    quantile lie beyond the last bucket, as ``overflowing`` records, so that their length is unknown.
    """
    known = _of_a_day(names.value(signal), scope)
    if overflowing is None:
        return rule(names.RUN_LENGTH, known)
    beyond = _of_a_day(names.part(overflowing, "overflow"), scope) / number(round(1 - q, 9))
    unknown = number(UNKNOWN_LENGTH) * call("clamp_max", call("floor", beyond), number(1))
    return rule(names.RUN_LENGTH, join("+", known, unknown))


def _of_a_day(record: str, scope: Scope) -> Expr:
    return call("quantile_over_time", number(_MOST), scope.record(record).over(DAY - 1))


def load(signal: Signal, kind: Quantile, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Spread observations over buckets."""
    return histogram(signal.of, _spread(signal.of, kind.q, value), traffic, fixture)


def _spread(stream: Stream, q: float, value: float) -> list[tuple[float, float]]:
    """Spread observations over buckets so that the quantile, interpolated within its bucket, is ``value``."""
    edges = (0.0, *stream.buckets)
    index = next((i for i in range(1, len(edges)) if edges[i] >= value), len(edges) - 1)
    low, high = edges[index - 1], edges[index]
    inside = (value - low) / (high - low)
    if inside <= q and index > 1:
        below = (q - inside) / (1 - inside) if inside < 1 else 0.0
        return [(stream.buckets[0], below), (high, 1 - below)]
    within = min(1.0, q / inside)
    beyond = edges[index + 1] if index + 1 < len(edges) else inf
    return [(high, within), (beyond, 1 - within)]


def share_beyond(signal: Signal, q: float, value: float, bound: float) -> float:
    """Compute the share on the bad side of a bound, where ``load`` gives a quantile a value."""
    within = sum(part * _within(signal.of, upper, bound) for upper, part in _spread(signal.of, q, value))
    return within if signal.better is Better.HIGHER else 1 - within


def _within(stream: Stream, upper: float, bound: float) -> float:
    """Compute the part of a bucket that is within a bound; of the last one, nothing is known to be."""
    if upper == inf:
        return 0.0
    lower = max((edge for edge in (0.0, *stream.buckets) if edge < upper), default=0.0)
    return min(1.0, max(0.0, (bound - lower) / (upper - lower)))


def share_of_buckets_beyond(signal: Signal, q: float, value: float, bound: float) -> float:
    """Compute the same share, with all of the bucket that the bound is in on the bad side."""
    stream, spread = signal.of, _spread(signal.of, q, value)
    if signal.better is Better.HIGHER:
        edge = min((edge for edge in stream.buckets if edge >= bound / HAIR), default=inf)
        return sum(part for upper, part in spread if upper <= edge)
    edge = max((edge for edge in stream.buckets if edge <= bound * HAIR), default=0.0)
    return sum(part for upper, part in spread if upper > edge)
