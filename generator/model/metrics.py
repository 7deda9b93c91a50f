"""Metrics: the series that the code of a service exposes, and the labels that bound their number."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

#: The value that generated instrumentation writes for a value outside a list.
OTHER = "other"
#: The labels that Prometheus puts on every series of a target.
TARGET_LABELS = ("job", "instance")
#: The endings of the series of a histogram.
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")
#: Factors from the unit that a metric is exposed in to its base unit.
FACTORS = {"ms": 0.001, "s": 1.0, "usd": 1.0, "": 1.0}
IN_WORDS = {"ms": "milliseconds", "s": "seconds", "usd": "US dollars"}
#: The units that the last word of a name says.
_SAID = {"ms": "ms", "milliseconds": "ms", "seconds": "s", "usd": "usd"}


def unit_in_name(name: str) -> str:
    """Return the unit that a metric's name ends with, or a series' of it; empty where it says none."""
    for ending in ("_total", *HISTOGRAM_SUFFIXES):
        name = name.removesuffix(ending)
    return _SAID.get(name.rpartition("_")[2], "")


class Label(Struct, frozen=True):
    """A label: a list of values, or a largest number of live ones.

    Attributes:
        name: The label name.
        description: Its meaning, for people.
        values: The listed values with ``other`` unless the list is closed; empty when only ``max_live`` bounds it.
        max_live: The largest number of values alive at once.
        new_per_week: New values in a week that replace others: releases have them, tools do not.
        determines: The label whose value follows from this one's, if any.
        determined: The value of that label for each value of this one.
        patterns: For each value the patterns of the exposed values that it replaces; empty without translation.
        ignore: Patterns of exposed values that are left out.
        joined: The label of ``target_info`` that has its value for each instance, if any.
        limits: The values for runs that a limit or a refusal ended.
        per: Other labels, each with the largest number of values of this label for one value of that.
    """

    name: str
    description: str
    values: tuple[str, ...]
    max_live: int
    new_per_week: float = 0.0
    determines: str | None = None
    determined: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    per: tuple[tuple[str, int], ...] = ()

    def __hash__(self) -> int:
        """Hash the few fields that distinguish labels: labels are hashed often, and a mapping has no hash."""
        return hash((self.name, self.values, self.max_live, self.new_per_week, self.determines, self.per))

    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    joined: str = ""


class MetricType(StrEnum):
    """The Prometheus types that a profile may declare."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Across(StrEnum):
    """The aggregation of a gauge over instances and over the values of a label."""

    SUM = "sum"
    AVERAGE = "avg"
    LARGEST = "max"
    SMALLEST = "min"


class Metric(Struct, frozen=True):
    """A metric of a profile.

    Attributes:
        name: As exposed, with ``_total`` on counters and without ``_bucket`` on histograms.
        type: Counter, histogram or gauge.
        help: One line for people.
        unit: ``ms``, ``s``, ``usd`` or nothing.
        labels: Label names, in the order of the spec.
        buckets: Upper bounds in the exposed unit, ascending, without ``+Inf``; only of histograms.
        exposed: The names under which labels are exposed, where they differ.
        parts: The labels of each separate part, where not all series have all labels.
        foreign: Whether foreign code exposes it, perhaps with labels that no spec names.
        sparse: No series exists before the first event (error counters): absence is healthy.
        across: The aggregation of a gauge over instances.
        created: Whether a series ``_created`` may stand beside each of its own.
        native: Whether Prometheus stores it as a native histogram: one series under its name.
        alternative: Whether it is another metric under the name that another exporter or version gives it, so that an
            instance has one of the two.
    """

    name: str
    type: MetricType
    help: str
    unit: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()
    sparse: bool = False
    exposed: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[tuple[str, ...], ...] = ()
    foreign: bool = False
    across: Across = Across.SUM
    created: bool = True
    native: bool = False
    alternative: bool = False

    @property
    def factor(self) -> float:
        """The factor from an exposed amount to base units."""
        return FACTORS[self.unit]

    @property
    def is_histogram(self) -> bool:
        """Whether it has buckets."""
        return self.type is MetricType.HISTOGRAM

    @property
    def is_gauge(self) -> bool:
        """Whether its value goes up and down."""
        return self.type is MetricType.GAUGE

    @property
    def counted(self) -> str:
        """The exposed series whose rate counts events or fills buckets; of a gauge the series itself."""
        return f"{self.name}_bucket" if self.is_histogram and not self.native else self.name
