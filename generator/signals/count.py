"""Counts: the events of a window, at each level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.signals.events import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Count, Signal
    from generator.streams.scope import Scope


def records(signal: Signal, _kind: Count, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events themselves."""
    for labels in signal.levels:
        yield events(signal.of, signal.window, labels, scope)
