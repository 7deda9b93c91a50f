"""Cost: estimated USD for each event of another stream, at a pace, or of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.streams import Stream, cost
from generator.promql.expr import number
from generator.signals.events import counted, events
from generator.signals.ratio import common, divided
from generator.streams.scope import Scope, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Cost, Signal


def records(signal: Signal, kind: Cost, scope: Scope) -> Iterator[RecordingRule]:
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
