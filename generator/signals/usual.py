"""The usual forms of those parts that only a few kinds of signals have in a form of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Findings
    from generator.model.signals import Kind, Signal
    from generator.model.streams import Stream
    from generator.signals.events import Labels
    from generator.spec.types import Entry, SignalSpec


def reads(signal: Signal, _kind: Kind, /) -> Iterable[Stream]:
    """Sum its own stream over windows."""
    return (signal.of,)


def levels_by(_kind: Kind, /) -> Labels:
    """Keep no label in all breakdowns."""
    return ()


def check(_entry: Entry[SignalSpec], _signal: Signal, _findings: Findings, /) -> None:
    """Have no more conditions than those of every signal."""
