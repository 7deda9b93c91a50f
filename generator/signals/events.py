"""Events: the sums of streams over windows, at any level, on which all signals are based.

Alerts on little traffic also read bad events and all of them over windows longer than the signal's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Quantile, Share, Signal, divisor
from generator.model.units import duration
from generator.promql.expr import Expr, Series, aggregate, call, labelled, literal, number
from generator.streams.scope import Scope, each, having, join, over_window, rule, spread, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream

#: The labels of a level, without the service.
LabelNames = tuple[str, ...]


def increase(stream: Stream, window: int, scope: Scope) -> RecordingRule:
    """Sum a stream over a window, with all its labels."""
    expr = summed(call("sum_over_time", scope.stream(stream).over(window - 1)), stream.kept)
    return rule(names.increase(stream, stream.kept, window), expr * number(scope.site.rule_interval))


def with_all_labels(stream: Stream, window: int, scope: Scope) -> Series:
    """Select the events of a window with all labels of the stream."""
    return scope.record(names.increase(stream, stream.kept, window))


def count_at(stream: Stream, window: int, labels: LabelNames, scope: Scope) -> Expr:
    """Count the events of a window at a level; of a histogram its observations."""
    selected = having(with_all_labels(stream, window, scope), labels)
    return summed((selected.where(**{names.LE: "+Inf"}) if stream.is_histogram else selected).now(), labels)


def events(stream: Stream, window: int, labels: LabelNames, scope: Scope) -> RecordingRule:
    """Record the events of a window at a level."""
    return rule(names.increase(stream, labels, window), count_at(stream, window, labels, scope))


def common_buckets(stream: Stream, window: int, labels: LabelNames, scope: Scope) -> Iterator[RecordingRule]:
    """Record the buckets of a window at a level, if releases may have different ones: all quantiles read them."""
    if may_differ(stream, labels):
        buckets = alike(with_all_labels(stream, window, scope), stream, labels)
        yield rule(names.increase(stream, with_le(labels), window), buckets)


def buckets_at(stream: Stream, window: int, labels: LabelNames, scope: Scope) -> Expr:
    """Read the buckets of a window at a level."""
    if may_differ(stream, labels):
        return scope.record(names.increase(stream, with_le(labels), window)).now()
    return alike(with_all_labels(stream, window, scope), stream, labels)


def upper_bounds(stream: Stream, window: int, scope: Scope) -> RecordingRule:
    """Record the upper bound of each bucket, in base units.

    A label is text, and only ``histogram_quantile`` reads a number from it: the largest value of a histogram of one
    bucket is its bound.
    """
    name = names.increase(stream, with_le(()) if may_differ(stream, ()) else stream.kept, window)
    finite = scope.record(name).where("!=", **{names.LE: "+Inf"}).now()
    le, bucket = literal(names.LE), literal("bucket")
    one = call(
        "label_replace",
        aggregate("group", finite, each((names.LE,))),
        bucket,
        literal("$1"),
        le,
        literal("(.+)"),
    )
    every = labelled(one, names.LE, "+Inf")
    expr = call("histogram_quantile", number(1), one | every)
    back = call("label_replace", expr, le, literal("$1"), bucket, literal("(.+)"))
    return rule(names.upper(stream), aggregate("max", back, each((names.LE,))))


def alike(buckets: Series, stream: Stream, labels: LabelNames, *, in_segments: bool = False) -> Expr:
    """Sum buckets to a level: of releases with different ones, those that all of them have.

    A sum over different buckets is no histogram: one that only a new release has counts fewer events than a smaller
    one, so that the tail of the others looks as long as the largest bucket. A release without events, as one that idles
    after a rollback, adds nothing to any bucket, and lacks none. A stream may be ``in_segments``, of which each would
    count as a release.
    """
    level = with_le(labels)
    of_level = having(buckets, labels)
    selected = of_level.now()
    every = summed(selected, level)
    if not may_differ(stream, labels):
        return every
    counted = of_level.where(**{names.LE: "+Inf"}).now()
    parts = tuple(label for label in stream.kept if label != names.LE)
    if in_segments:
        selected, counted = summed(selected, stream.kept), summed(counted, parts)
    serving = counted > number(0)
    count_of = aggregate("count", join("and", selected, serving, parts), each(level))
    count_of_all = aggregate("count", serving, each(labels))
    common = join("and", every, spread("==", count_of, count_of_all, labels), level)
    # Without events all buckets are 0, and none is missing.
    return join("or", common, every, labels)


def may_differ(stream: Stream, labels: LabelNames) -> bool:
    """Whether releases with different buckets meet at a level."""
    return names.RELEASE in stream.kept and names.RELEASE not in labels


def rate_at(stream: Stream, labels: LabelNames, scope: Scope) -> RecordingRule:
    """Record the events per second of one interval at a level, so that long windows are cheap."""
    selected = having(scope.stream(stream), labels)
    if stream.is_histogram:
        selected = selected.where(**{names.LE: "+Inf"})
    return rule(names.level_rate(stream, labels), summed(selected.now(), labels))


def long_window(rates: str, window: int, scope: Scope) -> Expr:
    """Count the events of a long window from a recorded level."""
    return over_window(scope.record(rates), window, scope.site)


def bad_name(signal: Signal, labels: LabelNames, window: int) -> str:
    """Name the bad events of a window in seconds at a level."""
    return names.part(signal, f"bad{duration(window)}", labels)


def all_name(signal: Signal, labels: LabelNames, window: int) -> str:
    """Name all events of a window in seconds at a level."""
    return names.part(signal, f"all{duration(window)}", labels)


def buckets_name(signal: Signal, labels: LabelNames, window: int) -> str:
    """Name the buckets of a quantile over a window in seconds at a level."""
    return all_name(signal, with_le(labels), window)


def with_le(labels: LabelNames) -> LabelNames:
    """Add the label of buckets to a level."""
    return tuple(sorted((*labels, names.LE)))


def sides(signal: Signal, labels: LabelNames, on: LabelNames, scope: Scope) -> Iterator[RecordingRule]:
    """Record bad events per second at ``labels``, and all events at ``on``, so that longer windows are cheap to sum.

    Of a quantile, for which the bad ones depend on the bound, these are the buckets.
    """
    of, kind = divisor(signal) or signal.of, signal.kind
    if isinstance(kind, Quantile):
        yield rule(
            names.level_rate(of, with_le(labels)), alike(scope.stream(of), of, labels, in_segments=True)
        )
        return
    if not isinstance(kind, Share):
        yield rate_at(of, on, scope)
        yield rate_at(signal.of, labels, scope)
        return
    among = scope.stream(of).where(**kind.among)
    yield rule(names.events_rate(signal, on), summed(having(among, on).now(), on))
    rates = scope.record(names.events_rate(signal, on)).now()
    matching = summed(having(among.where(**kind.where), labels).now(), labels)
    filled = matching | number(0) * rates
    yield rule(_bad_rate(signal, labels), rates - filled if kind.good else filled)


def sides_over(
    signal: Signal, labels: LabelNames, on: LabelNames, window: int, scope: Scope
) -> Iterator[RecordingRule]:
    """Record the bad events and all events of a window in seconds; of a quantile, its buckets."""
    if isinstance(signal.kind, Quantile):
        level = with_le(labels)
        rates = names.level_rate(signal.of, level)
        lasting = _lasting(rates, labels, window, scope)
        buckets = join("and", long_window(rates, window, scope), lasting, level)
        yield rule(buckets_name(signal, labels, window), buckets)
        return
    all_rate = names.events_rate(signal, on)
    yield rule(bad_name(signal, labels, window), long_window(_bad_rate(signal, labels), window, scope))
    yield rule(all_name(signal, on, window), long_window(all_rate, window, scope))


def _lasting(rates: str, labels: LabelNames, window: int, scope: Scope) -> Expr:
    """Select the buckets that were there all of a window: those of a new release count only a part of its events."""
    every = scope.record(rates)
    seen, of_all = (
        call("count_over_time", one.over(window - 1)) for one in (every, every.where(**{names.LE: "+Inf"}))
    )
    return spread("==", seen, of_all, labels)


def _bad_rate(signal: Signal, labels: LabelNames) -> str:
    if isinstance(signal.kind, Share):
        return names.part(signal, "errors_rate", labels)
    return names.level_rate(signal.of, labels)
