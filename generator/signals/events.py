"""Events: the sums of streams over windows, at any level, on which all signals are based."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import Expr, Series, aggregate, call, labelled, literal, number
from generator.streams.scope import Scope, each, having, over_window, rule, summed

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream

#: The labels of a level, without the service.
Labels = tuple[str, ...]


def increase(stream: Stream, window: int, scope: Scope) -> RecordingRule:
    """Sum a stream over a window, with all its labels."""
    expr = summed(call("sum_over_time", scope.stream(stream).over(window - 1)), stream.kept)
    return rule(names.increase(stream, stream.kept, window), expr * number(scope.site.rule_interval))


def whole(stream: Stream, window: int, scope: Scope) -> Series:
    """Select the events of a window with all labels of the stream."""
    return scope.record(names.increase(stream, stream.kept, window))


def counted(stream: Stream, window: int, labels: Labels, scope: Scope) -> Expr:
    """Count the events of a window at a level; of a histogram its observations."""
    selected = having(whole(stream, window, scope), labels)
    return summed((selected.where(**{names.LE: "+Inf"}) if stream.is_histogram else selected).now(), labels)


def events(stream: Stream, window: int, labels: Labels, scope: Scope) -> RecordingRule:
    """Record the events of a window at a level."""
    return rule(names.increase(stream, labels, window), counted(stream, window, labels, scope))


def upper_bounds(stream: Stream, window: int, scope: Scope) -> RecordingRule:
    """Record the upper bound of each bucket, in base units.

    A label is text, and only ``histogram_quantile`` reads a number from it: the largest value of a histogram of one
    bucket is its bound.
    """
    finite = whole(stream, window, scope).where("!=", **{names.LE: "+Inf"}).now()
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


def rate_at(stream: Stream, labels: Labels, scope: Scope) -> RecordingRule:
    """Record the events per second of one interval at a level, so that long windows are cheap."""
    selected = having(scope.stream(stream), labels)
    if stream.is_histogram:
        selected = selected.where(**{names.LE: "+Inf"})
    return rule(names.level_rate(stream, labels), summed(selected.now(), labels))


def long_window(rates: str, window: int, scope: Scope) -> Expr:
    """Count the events of a long window from a recorded level."""
    return over_window(scope.record(rates), window, scope.site)
