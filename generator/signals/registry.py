"""The kinds of signals, each with its module. A new kind is a module and a line here.

A ratio of any kind is three records: its numerator, its denominator, and the value, which divides the two; a quantile
is the last two. Alerts read the parts to know the number of events behind a value.

mypy proves that each module has all of ``KindModule``, and ``tests/alerts`` that every member of ``Kind`` has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from generator.signals import cost as cost_
from generator.signals import count, distribution, level, quantile, ratio, share, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Findings
    from generator.model.rules import RecordingRule
    from generator.model.signals import Kind, Signal
    from generator.model.streams import Stream
    from generator.model.units import Unit
    from generator.scenarios import Fixture, Load, Subject, Traffic
    from generator.signals.draft import SourceDraft
    from generator.signals.events import LabelNames
    from generator.spec.types import Entry, SignalSpec
    from generator.streams.scope import Scope

K = TypeVar("K")


class KindModule(Protocol[K]):
    """Everything that is known of a kind of signal; ``kind`` is the kind's own part of the signal.

    Attributes:
        KEY: Its key in the spec.
        KIND: The class of its own part in the model.
    """

    KEY: str
    KIND: type[K]

    def resolve(self, draft: SourceDraft, /) -> Kind | None:
        """Resolve its source; None with a finding where that cannot be."""
        ...

    def check(self, entry: Entry[SignalSpec], signal: Signal, findings: Findings, /) -> None:
        """Report the parts that a signal of this kind cannot have."""
        ...

    def unit(self, kind: K, stream: Stream, /) -> Unit:
        """Choose the base unit of its value, computed from a stream."""
        ...

    def levels_by(self, kind: K, /) -> LabelNames:
        """List the labels that all of its breakdowns keep."""
        ...

    def reads(self, signal: Signal, kind: K, /) -> Iterable[Stream]:
        """List the streams that it sums over windows."""
        ...

    def records(self, signal: Signal, kind: K, scope: Scope, /) -> Iterable[RecordingRule]:
        """Record it at every level, parts before values."""
        ...

    def counted_at(self, kind: K, labels: LabelNames, /) -> LabelNames:
        """Find the level at which the events behind a value at ``labels`` are counted."""
        ...

    def load(self, signal: Signal, kind: K, value: float, traffic: Traffic, fixture: Fixture, /) -> Load:
        """Find the traffic of a test case at which it has a value."""
        ...


def _kind(module: KindModule[K]) -> KindModule[Any]:
    """Have mypy prove that all parts of a module are about the same kind."""
    return module


KINDS: tuple[KindModule[Any], ...] = (
    _kind(count),
    _kind(share),
    _kind(ratio),
    _kind(tokens),
    _kind(cost_),
    _kind(quantile),
    _kind(distribution),
    _kind(level),
)
#: The keys that a spec may have.
BY_KEY = {one.KEY: one for one in KINDS}
_BY_CLASS = {one.KIND: one for one in KINDS}


def module_of(kind: Kind) -> KindModule[Any]:
    """Find the module of a signal's kind."""
    return _BY_CLASS[type(kind)]


def records(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record a signal at every level, parts before values."""
    return tuple(module_of(signal.kind).records(signal, signal.kind, scope))


def windows(signals: Iterable[Signal]) -> tuple[tuple[Stream, int], ...]:
    """List each stream with each window that a signal sums it over."""
    return tuple(
        dict.fromkeys(
            (stream, signal.window)
            for signal in signals
            for stream in module_of(signal.kind).reads(signal, signal.kind)
        )
    )


def counted_at(signal: Signal, labels: LabelNames) -> LabelNames:
    """Find the level at which the events behind a value at ``labels`` are counted."""
    return module_of(signal.kind).counted_at(signal.kind, labels)


def load_of(signal: Signal, value: float, traffic: Traffic, subject: Subject) -> Load:
    """Find a load at which ``signal`` has ``value``."""
    return module_of(signal.kind).load(signal, signal.kind, value, traffic, subject.fixture)
