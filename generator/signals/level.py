"""Levels: the value of a gauge, at an instant or over the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Level, Signal, Take
from generator.promql.expr import aggregate, call
from generator.scenarios import Traffic, some
from generator.signals import usual
from generator.streams.scope import Scope, each, having, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream
    from generator.model.units import Unit
    from generator.scenarios import Fixture, Load
    from generator.signals.draft import SourceDraft

KEY, KIND = "level", Level
levels_by, check, counted_at = usual.levels_by, usual.check, usual.counted_at


def resolve(draft: SourceDraft) -> Level:
    """Read which value of the window is taken."""
    return Level(Take(draft.source.take or Take.NOW))


def unit(_kind: Level, stream: Stream) -> Unit:
    """Use the unit of the gauge."""
    return stream.amounts


def reads(_signal: Signal, _kind: Level) -> Iterable[Stream]:
    """Sum nothing: a gauge has no events."""
    return ()


def records(signal: Signal, kind: Level, scope: Scope) -> Iterator[RecordingRule]:
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


def load(signal: Signal, _kind: Level, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Give the gauge its value."""
    return some(signal.of, Traffic(value, traffic.labels), fixture)
