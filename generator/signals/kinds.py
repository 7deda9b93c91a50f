"""The kinds of signals; a new kind is a function and a line here.

A ratio of any kind is three records: its numerator, its denominator, and the value, which divides the two; a quantile
is the last two. Alerts read the parts to know the number of events behind a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from generator.model import names
from generator.model.signals import Cost, Count, Distribution, Quantile, Ratio, Share, Signal, Take, Tokens
from generator.model.signals import Level as Gauged
from generator.model.streams import Stream, billed, cost
from generator.promql.expr import Expr, aggregate, call, number
from generator.signals import quantile
from generator.signals.events import Level, counted, events, whole
from generator.streams.scope import Scope, each, having, join, rule, spread, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule


def records(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record a signal at every level, parts before values."""
    match signal.kind:
        case Count():
            rules = _count(signal, scope)
        case Share():
            rules = _share(signal, signal.kind, scope)
        case Ratio():
            rules = _ratio(signal, signal.kind, scope)
        case Tokens():
            rules = _tokens(signal, signal.kind, scope)
        case Cost():
            rules = _cost(signal, signal.kind, scope)
        case Quantile():
            rules = quantile.records(signal, signal.kind, scope)
        case Distribution():
            rules = _distribution(signal, signal.kind, scope)
        case Gauged():
            rules = _level(signal, signal.kind, scope)
        case _:
            assert_never(signal.kind)
    return tuple(rules)


def _count(signal: Signal, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events themselves."""
    for labels in signal.levels:
        yield events(signal.of, signal.window, labels, scope)


def _share(signal: Signal, kind: Share, scope: Scope) -> Iterator[RecordingRule]:
    """Record matching events and all events, and the share of the former in the latter."""
    for labels in signal.levels:
        every = scope.record(names.denominator(signal, labels)).now()
        among = having(whole(signal.of, signal.window, scope).where(**kind.among), labels)
        matching = among.where(**kind.where)
        yield (
            rule(names.denominator(signal, labels), summed(among.now(), labels))
            if kind.among
            else events(signal.of, signal.window, labels, scope)
        )
        # Without a matching event there is no series; the value is then 0, as long as there are events with the label:
        # for runs without a status the number of failures is unknown.
        told = summed(having(among, kind.where).now(), labels) if scope.shared else every
        yield rule(names.numerator(signal, labels), summed(matching.now(), labels) | number(0) * told)
        part = scope.record(names.numerator(signal, labels)).now()
        yield rule(names.value(signal, labels), part / (every > number(0)))


def _ratio(signal: Signal, kind: Ratio, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides and the ratio; a sparse stream is 0 where its breakdown exists."""
    for labels in signal.levels:
        yield events(kind.per, signal.window, common(labels, kind.per), scope)
        amount = counted(signal.of, signal.window, labels, scope)
        if zero := _zero(signal, kind, labels, scope):
            amount = amount | number(0) * zero
        yield rule(names.numerator(signal, labels), amount)
        yield divided(signal, labels, kind.per, scope)


def common(labels: Level, per: Stream) -> Level:
    """List the labels of a level at which the divisor's events are counted."""
    return tuple(label for label in labels if label in per.labels)


def divided(signal: Signal, labels: Level, per: Stream, scope: Scope) -> RecordingRule:
    """Divide by events of the same instant: the raw windows of all counters are summed in one group."""
    part = scope.record(names.numerator(signal, labels)).now()
    around = common(labels, per)
    every = counted(per, signal.window, around, scope) > number(0)
    value = part / every if around == labels else spread("/", part, every, around)
    return rule(names.value(signal, labels), value)


def unfinished(signal: Signal, scope: Scope) -> RecordingRule:
    """Record that a ratio has a numerator while its denominator has no events; the value is the time."""
    amount = scope.record(names.numerator(signal)).now() > number(0)
    every = scope.record(names.denominator(signal)).now() > number(0)
    return rule(names.part(signal, "unfinished"), number(0) * join("unless", amount, every) + Expr("time()"))


def _zero(signal: Signal, kind: Ratio, labels: Level, scope: Scope) -> Expr | None:
    """Find the series that prove a breakdown exists while a sparse stream has no series for it."""
    if not signal.of.sparse:
        return None
    if labels == common(labels, kind.per):
        return summed(scope.record(names.denominator(signal, labels)).now(), labels)
    exists = kind.exists_with
    if exists and set(labels) <= set(exists.labels):
        return counted(exists, signal.window, labels, scope)
    return None


def _tokens(signal: Signal, kind: Tokens, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides and the ratio."""
    for labels in signal.levels:
        yield events(kind.per, signal.window, common(labels, kind.per), scope)
        yield events(billed(signal.of), signal.window, labels, scope)
        yield divided(signal, labels, kind.per, scope)


def _cost(signal: Signal, kind: Cost, scope: Scope) -> Iterator[RecordingRule]:
    """Record the amount, or the amount for each event."""
    for labels in signal.levels:
        if isinstance(kind.per, Stream):
            yield events(kind.per, signal.window, common(labels, kind.per), scope)
            yield events(cost(signal.of), signal.window, labels, scope)
            yield divided(signal, labels, kind.per, scope)
        else:
            amount = counted(cost(signal.of), signal.window, labels, scope)
            paced = amount if kind.per is None else amount * number(kind.per / signal.window)
            yield rule(names.value(signal, labels), paced)


def _distribution(signal: Signal, kind: Distribution, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events by the label, and each value's share of those at the level around it."""
    for labels in signal.levels:
        around = tuple(label for label in labels if label != kind.label)
        yield events(signal.of, signal.window, labels, scope)
        yield events(signal.of, signal.window, around, scope)
        part, every = (
            scope.record(names.increase(signal.of, level, signal.window)) for level in (labels, around)
        )
        yield rule(names.value(signal, labels), spread("/", part.now(), every.now() > number(0), around))


def _level(signal: Signal, kind: Gauged, scope: Scope) -> Iterator[RecordingRule]:
    """Record the value; over a window it is computed from the values at its instants, recorded beside it."""
    for labels in signal.levels:
        stream = having(scope.stream(signal.of), labels).now()
        now = aggregate(signal.of.across, stream, each(labels))
        if kind.take is Take.NOW:
            yield rule(names.value(signal, labels), now)
            continue
        instants = names.part(signal, "now", labels)
        yield rule(instants, now)
        over = call(f"{kind.take}_over_time", scope.record(instants).over(signal.window - 1))
        yield rule(names.value(signal, labels), over)
