"""What an audit asks of a place that holds a service's series, whichever kind of place it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: So many values of a label are looked at, the most frequent first; how many there are is always counted.
MOST_VALUES = 200
#: A counter that falls more often than this within TEN_MINUTES is no counter; a process does not restart so often.
MOST_RESETS, TEN_MINUTES = 3, 600


class Groups(Struct, frozen=True):
    """How many series there are for each combination of values, the most first.

    ``size`` counts all combinations; ``counts`` holds MOST_VALUES of them at most. A label that a series lacks is "".
    """

    counts: Mapping[tuple[str, ...], int]
    size: int


class Described(Struct, frozen=True):
    """What the exposition says of a metric: its types and units; empty where nobody said."""

    types: frozenset[str] = field(default_factory=frozenset)
    units: frozenset[str] = field(default_factory=frozenset)


class Source(Protocol):
    """The live series of one service.

    Every method raises LiveError when the place fails. A ``name`` is one of a series, such as ``x_bucket``.
    """

    @property
    def place(self) -> str:
        """Where it is, for people, without credentials."""

    @property
    def lone(self) -> bool:
        """Whether it is what instances expose, rather than what was scraped from all of them."""

    def names(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Count the series of every name that begins with one of ``prefixes``."""

    def labels(self, name: str) -> frozenset[str]:
        """List the labels that series of ``name`` have, without those of their targets."""

    def groups(self, name: str, by: Sequence[str]) -> Groups:
        """Count the series of each combination of the labels ``by``."""

    def strays(self, name: str, label: str, listed: Sequence[str]) -> Groups:
        """Count the series of each value of ``label`` that is not listed; a missing label is no value."""

    def merged(self, name: str, label: str) -> int:
        """Count the series that would be left without ``label``."""

    def total(self, name: str) -> float:
        """Sum the values."""

    def totals(self, name: str, label: str) -> Mapping[str, float]:
        """Sum the values by ``label``, where they come to more than nothing."""

    def below_zero(self, name: str) -> int:
        """Count the series whose value is negative or no number."""

    def falling(self, name: str) -> int:
        """Count the series that fell more than MOST_RESETS times in ten minutes; 0 where there is no history."""

    def described(self, name: str) -> Described:
        """Say what the exposition tells of the metric ``name``."""

    def instances(self, name: str) -> int:
        """Count the instances that expose ``name``; at least 1."""

    def past(self, name: str, label: str, seconds: int) -> frozenset[str] | None:
        """List the values that ``label`` had within the last ``seconds``; None where there is no history."""

    def exposed(self) -> int | None:
        """Count what the service's targets expose in all, as AgentSeriesBudgetExceeded does; None if unknown."""

    def interval(self) -> float | None:
        """Measure the seconds between two scrapes of the service; None where there is no history."""

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count the series of ``name`` whosever they are by the labels of the selector."""
