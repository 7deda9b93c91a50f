"""Foreign metrics: how they are exposed, and how they feed streams."""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.discover import meaning
from generator.model.metrics import MetricType
from generator.notation.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.audit.families import Stranger
    from generator.audit.source import AuditSource

COUNTER, HISTOGRAM, SUMMARY, GAUGE = "counter", "histogram", "summary", "gauge"
#: A metric with one of these words may be one of agents.
TELLING = frozenset(meaning.RUNS) | meaning.TOOLS | meaning.MODELS | meaning.TOKENS | meaning.COSTS


class Exposed(Struct, frozen=True, dict=True):
    """A metric as it is exposed, or a part of it: a counter, a histogram or a summary.

    Attributes:
        name: Its name.
        type: One of the three.
        where: Labels of the part, with patterns of their values.
        kind: What the part measures, by its operation: a run, a tool or a model; empty where the name says it.
    """

    name: str
    type: str
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kind: str = ""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return meaning.words(self.name)

    @property
    def counted(self) -> str:
        """The series that exists once for each combination of labels."""
        return self.name if self.type == COUNTER else f"{self.name}_count"

    @property
    def summed(self) -> str:
        """The series with its amounts."""
        return self.name if self.type == COUNTER else f"{self.name}_sum"


class Part(Struct, frozen=True):
    """A source of a stream: a metric, what of it counts, its constant labels, and a metric to subtract.

    ``doubts`` say what was assumed of it.
    """

    metric: Exposed
    value: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    minus: str = ""
    doubts: tuple[str, ...] = ()


class StreamDraft(Struct, frozen=True):
    """A stream with its sources, the exposed names of its labels, and what was assumed of them.

    ``wanted`` are the labels that a stream of its kind may have.
    """

    stream: str
    parts: tuple[Part, ...]
    labels: Mapping[str, str]
    doubts: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()


class Place:
    """The metrics of a place, with their labels and values, each read once."""

    def __init__(self, source: AuditSource) -> None:
        self.source = source
        self._labels: dict[str, frozenset[str]] = {}
        self._values: dict[tuple[object, ...], tuple[tuple[str, ...], ...]] = {}

    def labels(self, metric: Exposed) -> frozenset[str]:
        """List the labels of a metric."""
        if metric.counted not in self._labels:
            self._labels[metric.counted] = self.source.labels(metric.counted) - {"le", "quantile"}
        return self._labels[metric.counted]

    def values(self, metric: Exposed, label: str) -> tuple[str, ...]:
        """List the values of a label, sorted; a missing label is one as well, the empty text."""
        return tuple(sorted({one for (one,) in self.combinations(metric, (label,))}))

    def combinations(self, metric: Exposed, labels: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """List the values that several labels have together, sorted."""
        key = metric.counted, metric.where, labels
        if key not in self._values:
            by = (*labels, *(label for label, _ in metric.where))
            found = (
                (one[: len(labels)], one[len(labels) :]) for one in self.source.groups(key[0], by).counts
            )
            self._values[key] = tuple(sorted({one for one, rest in found if _is_of(rest, metric)}))
        return self._values[key]

    def total(self, metric: Exposed) -> float:
        """Sum what a metric counted; 0 for a part of a metric, which has no sum of its own."""
        return 0 if metric.where else self.source.total(metric.counted)

    def amount(self, metric: Exposed) -> float:
        """Sum the amounts of a metric; 0 for a part of a metric."""
        return 0 if metric.where else self.source.total(metric.summed)

    def totals(self, metric: Exposed, label: str) -> Mapping[str, float]:
        """Sum the amounts of a metric by a label; nothing for a part of a metric."""
        return {} if metric.where else self.source.totals(metric.summed, label)

    def time_unit(self, metric: Exposed) -> str:
        """Return the unit of a metric's times, as its name or its description says it; empty where unknown."""
        if named := meaning.time_unit(metric.name):
            return named
        units = sorted(self.source.described(metric.name).units)
        return next(filter(None, map(meaning.time_unit, units)), "")

    def money(self, metric: Exposed) -> str:
        """Return the text that says in what money a cost is: its name, else its description; empty without one."""
        helps = sorted(self.source.described(metric.name).helps)
        return next((one for one in (metric.name, *helps) if meaning.says_money(one)), "")

    def scale(self, metric: Exposed) -> float:
        """Return the factor to dollars or tokens, as a name or the description of a cost says it."""
        named = meaning.scale(metric.name)
        said = self.money(metric) if metric.words & meaning.COSTS else ""
        return named if said in {"", metric.name} else named * meaning.scale(said, multiples=False)

    def bounds(self, metric: Exposed) -> tuple[float, ...]:
        """List the upper bounds of a histogram's buckets, ascending, without infinity."""
        every = self.source.groups(f"{metric.name}_bucket", ("le",)).counts
        return tuple(sorted(bound for (text,) in every if text and isfinite(bound := float(text))))


def _is_of(values: tuple[str, ...], metric: Exposed) -> bool:
    """Whether values of the labels of ``where`` belong to a part."""
    patterns = (patterns for _, patterns in metric.where)
    return all(matches(value, some) for value, some in zip(values, patterns, strict=True))


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


def rank(metric: Exposed) -> tuple[int, ...]:
    """Prefer the surest word for runs, then counters, then short names."""
    return (
        surety(metric),
        (COUNTER, HISTOGRAM, SUMMARY).index(metric.type),
        len(metric.words),
        len(metric.name),
    )


def surety(metric: Exposed) -> int:
    """Rank by the words for runs; 0 without any. What is about some of all calls comes last."""
    found = min((index for index, one in enumerate(meaning.RUNS) if one in metric.words), default=0)
    return found + len(meaning.RUNS) if metric.words & meaning.SOME else found


def best(metrics: Iterable[Exposed]) -> Exposed | None:
    """Choose the likeliest of several metrics."""
    return min(metrics, key=rank, default=None)
