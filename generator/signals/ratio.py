"""Ratios: events of a stream for each event of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Ratio, Signal
from generator.notation.names import look_up
from generator.promql.expr import Expr, number
from generator.scenarios import Traffic, counter, merged
from generator.signals import usual
from generator.signals.events import LabelNames, count_at, events
from generator.streams.scope import Scope, join, measuring, rule, spread, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream
    from generator.scenarios import Fixture, Load
    from generator.signals.draft import SourceDraft

KEY, KIND = "ratio", Ratio
levels_by, check, unit = usual.levels_by, usual.check, usual.unit


def resolve(draft: SourceDraft) -> Ratio | None:
    """Find the divisor, and the stream whose series define the existing breakdowns."""
    per, exists = draft.per(), draft.source.exists_with
    if per is None:
        return None
    if per == draft.of:
        draft.findings.error(
            "signal/always-one",
            f'"{per.known_as}" for each of itself is always 1',
            (draft.source.per or draft.source.of).span,
            "divide by another metric, such as one that counts runs; for a part of its events, write a share",
        )
        return None
    if exists is None or (draft.scope.partial and exists.value not in draft.scope.streams):
        return Ratio(per, None)
    return Ratio(per, look_up(exists, draft.scope.streams, "metric", draft.findings))


def reads(signal: Signal, kind: Ratio) -> Iterator[Stream]:
    """List both sides, and the stream that proves a breakdown."""
    yield signal.of
    yield kind.per
    if kind.exists_with:
        yield kind.exists_with


def records(signal: Signal, kind: Ratio, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides and the ratio.

    A sparse stream without series is 0 where its breakdown exists, and where the service's profile has the stream.
    """
    for labels in signal.levels:
        yield events(kind.per, signal.window, common(labels, kind.per), scope)
        amount = count_at(signal.of, signal.window, labels, scope)
        if zero := _zero(signal, kind, labels, scope):
            amount = amount | number(0) * (
                join("and", zero, measuring(signal.of, scope)) if scope.shared else zero
            )
        yield rule(names.numerator(signal, labels), amount)
        yield divided(signal, labels, kind.per, scope)


def common(labels: LabelNames, per: Stream) -> LabelNames:
    """List the labels of a level at which the divisor's events are counted."""
    return tuple(label for label in labels if label in per.labels)


def divided(signal: Signal, labels: LabelNames, per: Stream, scope: Scope) -> RecordingRule:
    """Divide by events of the same instant: the raw windows of all counters are summed in one group."""
    part = scope.record(names.numerator(signal, labels)).now()
    around = common(labels, per)
    every = count_at(per, signal.window, around, scope) > number(0)
    value = part / every if around == labels else spread("/", part, every, around)
    return rule(names.value(signal, labels), value)


def unfinished(signal: Signal, scope: Scope) -> RecordingRule:
    """Record that a ratio has a numerator while its denominator has no events; the value is the time."""
    amount = scope.record(names.numerator(signal)).now() > number(0)
    every = scope.record(names.denominator(signal)).now() > number(0)
    return rule(names.part(signal, "unfinished"), number(0) * join("unless", amount, every) + Expr("time()"))


def _zero(signal: Signal, kind: Ratio, labels: LabelNames, scope: Scope) -> Expr | None:
    """Find the series that prove a breakdown exists while a sparse stream has no series for it."""
    if not signal.of.sparse:
        return None
    if labels == common(labels, kind.per):
        return summed(scope.record(names.denominator(signal, labels)).now(), labels)
    exists = kind.exists_with
    if exists and set(labels) <= set(exists.labels):
        return count_at(exists, signal.window, labels, scope)
    return None


def load(signal: Signal, kind: Ratio, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make events of both sides."""
    return load_per(signal, kind.per, value, traffic, fixture)


def load_per(signal: Signal, per: Stream, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make ``value`` events of the signal's stream for each event of another."""
    amount = Traffic(traffic.events * value, traffic.labels)
    return merged(counter(signal.of, amount, fixture), counter(per, traffic, fixture))


def counted_at(kind: Ratio, labels: LabelNames) -> LabelNames:
    """Count the divisor's events at the labels that it has."""
    return common(labels, kind.per)
