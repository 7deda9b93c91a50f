"""The observed series of a service, as values: the input of the checks of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import CREATED
from generator.model.metrics import MetricType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.audit.families import Stranger
    from generator.audit.source import Described, Groups
    from generator.audit.translated import ObservedTranslation
    from generator.checks.cardinality.raw import MetricSeries
    from generator.model.metrics import Metric
    from generator.model.service import SeriesBudget, Service, Site


class ObservedLabel(Struct, frozen=True):
    """A label of a metric that exists.

    Attributes:
        name: Its name.
        values: The number of its different values.
        lacking: The number of counted series without it.
        strays: Values outside the declared list; empty without one.
        saved: The number of series that the metric would save without it.
    """

    name: str
    values: int
    lacking: int
    strays: tuple[str, ...]
    saved: int


class ObservedHistogram(Struct, frozen=True):
    """The data of a histogram: series by bucket bound, observations, and their sum."""

    bounds: Mapping[float, int]
    count: float
    sum: float


class ObservedMetric(Struct, frozen=True):
    """A declared metric and its observed series.

    Attributes:
        metric: As declared.
        bound: The bound of its series by the spec.
        instances: The number of instances that expose it.
        releases: The largest number of releases in an instance: two while it restarts.
        described: The exposition's description of it.
        members: Series by name.
        counted: The number of series that exist once for each combination of labels and instance.
        labels: By name; the buckets of histograms are ``le``.
        histogram: None for other types, and without buckets.
        pairs: Combinations of a label and the label that it determines.
        beside: By a label and another one: the value of the other with most values of the first, and their number.
        below_zero: The number of negative series.
        falling: The number of series that fall repeatedly.
        translations: The labels of a foreign metric as the profile reads them.
    """

    metric: Metric
    bound: MetricSeries
    instances: int
    releases: int
    described: Described
    members: Mapping[str, int]
    counted: int
    labels: Mapping[str, ObservedLabel]
    histogram: ObservedHistogram | None
    pairs: Mapping[str, Groups]
    beside: Mapping[tuple[str, str], tuple[str, int]]
    below_zero: int
    falling: int
    translations: tuple[ObservedTranslation, ...] = ()

    @property
    def other_form(self) -> bool:
        """Whether it is stored as a native histogram, and rules read a classic one, or the reverse."""
        if not self.metric.is_histogram or self.described.types - {MetricType.HISTOGRAM}:
            return False
        parts = {name for name in self.members if not name.endswith(CREATED)}
        return self.metric.name not in parts if self.metric.native else parts == {self.metric.name}

    @property
    def series(self) -> int:
        """All its series."""
        return sum(self.members.values())

    @property
    def created(self) -> int:
        """The series with the creation times of others."""
        return sum(count for name, count in self.members.items() if name.endswith(CREATED))

    @property
    def most(self) -> ObservedLabel | None:
        """The label that contributes most series."""
        found = max(self.labels.values(), key=lambda label: label.saved, default=None)
        return found if found and found.saved else None


class UnknownMetric(Struct, frozen=True):
    """A metric that no spec declares: its type, the number of values of each label, its bucket bounds."""

    stranger: Stranger
    described: Described
    labels: Mapping[str, int]
    bounds: tuple[float, ...]


class Observed(Struct, frozen=True):
    """All observations of a service.

    Attributes:
        service: The service.
        site: The settings of all services.
        place: The observed place.
        lone: Whether ``place`` is an exposition, of ``instances``; else all instances are scraped.
        metrics: Declared ones that exist, by name.
        strangers: Undeclared ones with the same prefixes.
        instances: The number of instances.
        exposed: The number of all series of the targets; None if unknown.
        turnover: For each label with turnover, the number of its values within the retention.
        elsewhere: Where nothing was found: the run counter's values of the selector's labels; else None.
        unknown: Where nothing was found: the selector's labels that no series of the run counter has.
        interval: Seconds between two scrapes; None if unknown.
        outside: The number of values that generated instrumentation did not expose, by their label.
    """

    service: Service
    site: Site
    place: str
    lone: bool
    metrics: Mapping[str, ObservedMetric]
    strangers: tuple[UnknownMetric, ...]
    instances: int
    exposed: int | None
    turnover: Mapping[str, int]
    elsewhere: tuple[Mapping[str, str], ...] | None
    outside: Mapping[str, float]
    unknown: tuple[str, ...] = ()
    interval: float | None = None

    @property
    def budget(self) -> SeriesBudget:
        """The budgets of the service."""
        return self.site.budget_of(self.service)

    @property
    def scale(self) -> float:
        """The factor from observed series to those of all replicas."""
        return max(1.0, self.service.replicas / max(1, self.instances)) if self.lone else 1.0

    def allowed(self, seen: ObservedMetric) -> int:
        """Bound the series of a metric, for the observed instances and their current releases."""
        instances = seen.instances if self.lone else self.service.replicas
        return seen.bound.instance * instances * seen.releases
