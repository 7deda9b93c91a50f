"""Foreign metrics: how they are exposed, and how they feed streams."""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.discover import meaning
from generator.model.metrics import MetricType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.audit.families import Stranger
    from generator.audit.source import AuditSource

COUNTER, HISTOGRAM, SUMMARY = "counter", "histogram", "summary"
#: A metric with one of these words may be one of agents.
TELLING = frozenset(meaning.RUNS) | meaning.TOOLS | meaning.MODELS | meaning.TOKENS | meaning.COSTS


class Exposed(Struct, frozen=True, dict=True):
    """A metric as it is exposed: a counter, a histogram or a summary."""

    name: str
    type: str

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return meaning.words(self.name)

    @property
    def counted(self) -> str:
        """The series that exists once for each combination of labels."""
        return self.name if self.type == COUNTER else f"{self.name}_count"


class Part(Struct, frozen=True):
    """A source of a stream: a metric, what of it counts, its constant labels, and a metric to subtract."""

    metric: Exposed
    value: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    minus: str = ""


class Feed(Struct, frozen=True):
    """A stream with its sources, and the exposed names of its labels."""

    stream: str
    parts: tuple[Part, ...]
    labels: Mapping[str, str]


class Place:
    """The metrics of a place, with their labels and values, each read once."""

    def __init__(self, source: AuditSource) -> None:
        self.source = source
        self._labels: dict[str, frozenset[str]] = {}
        self._values: dict[tuple[str, str], tuple[str, ...]] = {}

    def labels(self, metric: Exposed) -> frozenset[str]:
        """List the labels of a metric."""
        if metric.counted not in self._labels:
            self._labels[metric.counted] = self.source.labels(metric.counted) - {"le", "quantile"}
        return self._labels[metric.counted]

    def values(self, metric: Exposed, label: str) -> tuple[str, ...]:
        """List the values of a label, sorted; a missing label is one as well, the empty text."""
        key = metric.counted, label
        if key not in self._values:
            self._values[key] = tuple(sorted(one for (one,) in self.source.groups(key[0], (label,)).counts))
        return self._values[key]

    def bounds(self, metric: Exposed) -> tuple[float, ...]:
        """List the upper bounds of a histogram's buckets, ascending, without infinity."""
        every = self.source.groups(f"{metric.name}_bucket", ("le",)).counts
        return tuple(sorted(bound for (text,) in every if text and isfinite(bound := float(text))))


def exposed_metric(family: Stranger, source: AuditSource) -> Exposed | None:
    """Return a metric whose amount only grows."""
    if family.shape == MetricType.HISTOGRAM:
        return Exposed(family.name, HISTOGRAM)
    if {f"{family.name}_sum", f"{family.name}_count"} <= family.members.keys():
        return Exposed(family.name, SUMMARY)
    if family.shape == MetricType.COUNTER:
        return Exposed(family.name, COUNTER)
    is_counter = meaning.words(family.name) & TELLING and COUNTER in source.described(family.name).types
    return Exposed(family.name, COUNTER) if is_counter else None
