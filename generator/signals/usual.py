"""The usual forms of those parts that only a few kinds of signals have in a form of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.metrics import MetricType
from generator.model.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Findings
    from generator.model.signals import Kind, Signal
    from generator.model.streams import Stream
    from generator.signals.events import LabelNames
    from generator.spec.types import Entry, SignalSpec


def reads(signal: Signal, _kind: Kind, /) -> Iterable[Stream]:
    """Sum its own stream over windows."""
    return (signal.of,)


def levels_by(_kind: Kind, /) -> LabelNames:
    """Keep no label in all breakdowns."""
    return ()


def unit(_kind: Kind, stream: Stream, /) -> Unit:
    """Use the unit that a counter adds up, and plain numbers for the observations of a histogram."""
    return stream.amounts if stream.type is MetricType.COUNTER else Unit.COUNT


def counted_at(_kind: Kind, labels: LabelNames, /) -> LabelNames:
    """Count events at the level of the value."""
    return labels


def check(_entry: Entry[SignalSpec], _signal: Signal, _findings: Findings, /) -> None:
    """Have no more conditions than those of every signal."""
