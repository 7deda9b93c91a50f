"""Signals: the quantities that people reason about, the same for every profile."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from generator.model.streams import RETRIED, TRIES_EARLY, Stream, billed, cost
from generator.model.units import Unit

#: The reference of all other signals, whose metric counts runs; and the signal that a service's daily budget is about.
RUN_COUNT, SPEND = "run_count", "spend"


class Better(StrEnum):
    """The direction in which a signal should go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Count(Struct, frozen=True, tag=True):
    """Events of the stream in the window."""


class Share(Struct, frozen=True, tag=True):
    """The part of the stream's events that match ``where``; ``good`` says whether these events are wanted.

    It is a share of the events that match ``among``, or of all.
    """

    where: Mapping[str, str]
    good: bool
    among: Mapping[str, str] = {}

    def budget(self, objective: float) -> float:
        """Compute the share of events that may be bad under an objective."""
        return round(1 - objective if self.good else objective, 9)


class Ratio(Struct, frozen=True, tag=True):
    """Events of the stream for each event of ``per``.

    The series of ``exists_with`` define the existing breakdowns: a model without errors has 0, not a gap.
    """

    per: Stream
    exists_with: Stream | None


class Tokens(Struct, frozen=True, tag=True):
    """Tokens for each event of ``per``; each token counts once even where a provider counts it in two types."""

    per: Stream


class Cost(Struct, frozen=True, tag=True):
    """Estimated USD of the stream's tokens: for each event of ``per``, or each ``per`` seconds, or in the window."""

    per: Stream | int | None


class Quantile(Struct, frozen=True, tag=True):
    """The ``q`` quantile of the histogram's observations in the window."""

    q: float


class Distribution(Struct, frozen=True, tag=True):
    """For each value of ``label`` its share of the stream's events; ``limits`` are those of runs that ended early."""

    label: str
    limits: tuple[str, ...] = ()


class Take(StrEnum):
    """The value of a gauge's window that a signal takes."""

    NOW = "now"
    LARGEST = "max"
    SMALLEST = "min"
    AVERAGE = "avg"


class Level(Struct, frozen=True, tag=True):
    """A gauge's value: at an instant, or the largest, smallest or mean one of the window."""

    take: Take


Kind = Count | Share | Ratio | Tokens | Cost | Quantile | Distribution | Level


class Trend(Struct, frozen=True):
    """The change of a signal that the status board shows.

    Attributes:
        over: Seconds to look back, or None for "after release": the newest release against the previous one.
        relative: As a part of the earlier value; else as the difference (percentage points of a ratio).
    """

    over: int | None
    relative: bool


class Signal(Struct, frozen=True):
    """A signal of a service.

    Attributes:
        name: As in the spec, such as ``success_rate``.
        title: For people, such as ``Success rate``.
        description: Its meaning and importance.
        layer: ``run``, ``tools``, ``cost`` or ``stop_reasons``: the dashboard with more about it.
        of: The stream that it is computed from.
        kind: The computation.
        unit: Base unit of its value.
        better: The direction in which it should go.
        window: Seconds that a value looks back over.
        levels: Breakdowns, each a sorted tuple of label names; the first is ``()``, the whole service.
        trend: The change to show; None keeps it off the status board.
        worst_by: The label whose worst value represents the service on the status board, if any.
        own: Declared by the service itself, not by its profile.
        shared: Of the library, so that the shared rules record it for all services.
        apart: Not of the library, but named like one of its signals: its records have a name of their own.
    """

    name: str
    title: str
    description: str
    layer: str
    of: Stream
    kind: Kind
    unit: Unit
    better: Better
    window: int
    levels: tuple[tuple[str, ...], ...]
    trend: Trend | None
    worst_by: str | None = None
    own: bool = False
    shared: bool = False
    apart: bool = False

    @property
    def brings_title(self) -> bool:
        """Whether its rows carry its title: the dashboards have only those of shared and of profiles' signals."""
        return self.own or self.apart


def divisor(signal: Signal) -> Stream | None:
    """Find the stream of events that a ratio divides by; None for a signal that is not a ratio."""
    match signal.kind:
        case Share():
            return signal.of
        case Ratio(per) | Tokens(per):
            return per
        case Cost(Stream() as per):
            return per
        case Cost() | Count() | Quantile() | Distribution() | Level():
            return None
        case _:
            assert_never(signal.kind)


def numerator_stream(signal: Signal) -> Stream:
    """Find the stream that a signal sums: of tokens those that count, of a cost the USD."""
    if isinstance(signal.kind, Tokens):
        return billed(signal.of)
    return cost(signal.of) if isinstance(signal.kind, Cost) else signal.of


def compared_on(signal: Signal) -> Stream | None:
    """Return the stream whose events weigh the comparison of releases; None for a signal without one."""
    return signal.of if isinstance(signal.kind, Quantile) else divisor(signal)


def counts_bad(signal: Signal) -> bool:
    """Whether single events of a signal are bad, independent of a bound."""
    return isinstance(signal.kind, Share | Distribution) or (signal.of.sparse and divisor(signal) is not None)


def counts_things(signal: Signal) -> bool:
    """Whether a signal is a number of things for each event, such as calls per run; tokens and USD are amounts."""
    return isinstance(signal.kind, Ratio) and not signal.of.unit


def is_good_share(signal: Signal) -> bool:
    """Whether a signal is the share of wanted events, so that the others are bad."""
    return isinstance(signal.kind, Share) and signal.kind.good


def early_dispersion(signal: Signal) -> int:
    """Return the multiple of the usual variance by which bad events scatter, for a sign that must not come late."""
    return 1 if isinstance(signal.kind, Quantile) or signal.of.name not in RETRIED else TRIES_EARLY


def lowest(signal: Signal) -> float:
    """Find the smallest value that a quantile can have, in base units: that of a first bucket with all observations.

    0 for other signals.
    """
    if isinstance(signal.kind, Quantile) and signal.of.buckets:
        return max(0.0, signal.kind.q * signal.of.buckets[0])
    return 0.0


def top_bucket(signal: Signal) -> float | None:
    """Find the largest value that a quantile can have, in base units; None for no limit."""
    if isinstance(signal.kind, Quantile) and signal.of.buckets:
        return signal.of.buckets[-1]
    return None
