"""The questions of an audit to a place with a service's series, of any kind; and the labels that no code exposes.

A source may be a file, which is read within a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from generator.diagnostics.wording import system_reason
from generator.live.errors import LiveError
from generator.live.transport import MOST_BYTES
from generator.model.metrics import TARGET_LABELS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

#: The largest number of observed values of a label, the most frequent first; all are counted.
MOST_VALUES = 200
#: A counter that falls more often than this within TEN_MINUTES is no counter; no process restarts that often.
MOST_RESETS, TEN_MINUTES = 3, 600
#: OpenTelemetry's exporters name the measuring code; it is the same on all series of a metric.
_SCOPE = "otel_scope_"
#: The types and the unit of a metric that its exposition does not describe.
_UNDESCRIBED = frozenset({"", "unknown", "untyped"})


class Groups(Struct, frozen=True):
    """The number of series for each combination of values, the largest first.

    ``size`` counts all combinations; ``counts`` has at most MOST_VALUES of them. A missing label is "".
    """

    counts: Mapping[tuple[str, ...], int]
    size: int


class Described(Struct, frozen=True):
    """The exposition's description of a metric: its types, units and texts; empty where unknown."""

    types: frozenset[str] = field(default_factory=frozenset)
    units: frozenset[str] = field(default_factory=frozenset)
    helps: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, types: Iterable[str], units: Iterable[str], helps: Iterable[str] = ()) -> Described:
        """Drop what says nothing."""
        return cls(*(frozenset(said) - _UNDESCRIBED for said in (types, units, helps)))


class AuditSource(Protocol):
    """The live series of one service.

    Every method raises LiveError when the place fails. A ``name`` is one of a series, such as ``x_bucket``.
    """

    @property
    def place(self) -> str:
        """The place, for people, without credentials."""

    @property
    def lone(self) -> bool:
        """Whether instances expose it themselves, rather than a Prometheus that scraped all of them."""

    def names(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Count the series of every name that begins with one of ``prefixes``."""

    def labels(self, name: str) -> frozenset[str]:
        """List the labels that series of ``name`` have, without those of their targets."""

    def groups(self, name: str, by: Sequence[str]) -> Groups:
        """Count the series of each combination of the labels ``by``."""

    def strays(self, name: str, label: str, listed: Sequence[str]) -> Groups:
        """Count the series of each unlisted value of ``label``; a missing label is no value."""

    def merged(self, name: str, label: str) -> int:
        """Count the series that would be left without ``label``."""

    def total(self, name: str) -> float:
        """Sum the values."""

    def totals(self, name: str, label: str) -> Mapping[str, float]:
        """Sum the values by ``label``, where the sum is above 0."""

    def below_zero(self, name: str) -> int:
        """Count the series whose value is negative or NaN."""

    def falling(self, name: str) -> int:
        """Count the series that fell more than MOST_RESETS times in ten minutes; 0 without a history."""

    def described(self, name: str) -> Described:
        """Return the exposition's description of the metric ``name``."""

    def instances(self, name: str) -> int:
        """Count the instances that expose ``name``; at least 1."""

    def past(self, name: str, label: str, seconds: int) -> frozenset[str] | None:
        """List the values of ``label`` within the last ``seconds``; None without a history."""

    def exposed(self) -> int | None:
        """Count all series of the service's targets, like AgentSeriesBudgetExceeded; None if unknown."""

    def interval(self) -> float | None:
        """Measure the seconds between two scrapes of the service; None without a history."""

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count the series of ``name`` of all services, by the labels of the selector."""


def of_target(label: str, others: Container[str]) -> bool:
    """Whether ``label`` is not the metric's own; ``others`` are known labels of the target."""
    return label in TARGET_LABELS or label in others or label.startswith(_SCOPE)


def content(path: Path, wanted: str, smaller: str) -> bytes:
    """Read a file, of at most as many bytes as an answer of a server may have.

    Args:
        path: The file.
        wanted: The way out where there is no such file, such as the kind of file to name.
        smaller: The way out where it is too large.

    Raises:
        LiveError: it does not exist, cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except FileNotFoundError as problem:
        raise LiveError(f"there is no file {path}", wanted) from problem
    except OSError as problem:
        raise LiveError(f"{path} cannot be read: {system_reason(problem)}", wanted) from problem
    if len(body) > MOST_BYTES:
        raise LiveError(f"{path} is larger than {MOST_BYTES // 1024 // 1024} MiB", smaller)
    return body
