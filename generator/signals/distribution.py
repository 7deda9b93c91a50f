"""Distributions: for each value of a label its share of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import number
from generator.signals.events import events
from generator.streams.scope import Scope, rule, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Distribution, Signal


def records(signal: Signal, kind: Distribution, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events by the label, and each value's share of those at the level around it."""
    for labels in signal.levels:
        around = tuple(label for label in labels if label != kind.label)
        yield events(signal.of, signal.window, labels, scope)
        yield events(signal.of, signal.window, around, scope)
        part, every = (
            scope.record(names.increase(signal.of, level, signal.window)) for level in (labels, around)
        )
        yield rule(names.value(signal, labels), spread("/", part.now(), every.now() > number(0), around))
