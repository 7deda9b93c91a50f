"""Counts: the events of a stream in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Count, Signal
from generator.scenarios import Traffic, some
from generator.signals import usual
from generator.signals.events import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.scenarios import Fixture, Load
    from generator.signals.draft import SourceDraft
    from generator.signals.events import LabelNames
    from generator.streams.scope import Scope

KEY, KIND = "count", Count
reads, levels_by, check, unit = usual.reads, usual.levels_by, usual.check, usual.unit


def resolve(_draft: SourceDraft) -> Count:
    """Count all events."""
    return Count()


def records(signal: Signal, _kind: Count, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events themselves."""
    for labels in signal.levels:
        yield events(signal.of, signal.window, labels, scope)


def load(signal: Signal, _kind: Count, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make the events within the window."""
    return some(signal.of, Traffic(value / signal.window, traffic.labels), fixture)


def counted_at(_kind: Count, _labels: LabelNames) -> LabelNames:
    """Count nothing behind a count."""
    return ()
