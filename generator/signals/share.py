"""Shares: the part of the events that has some label values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import number
from generator.signals.events import events, whole
from generator.streams.scope import Scope, having, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Share, Signal


def records(signal: Signal, kind: Share, scope: Scope) -> Iterator[RecordingRule]:
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
