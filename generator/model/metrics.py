"""Metrics: the series that the code of a service exposes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

#: Factors from the unit that a metric is exposed in to its base unit.
FACTORS = {"ms": 0.001, "s": 1.0, "usd": 1.0, "": 1.0}


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
