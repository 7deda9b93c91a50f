"""What was found of a service, as values: everything that the checks of an audit look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import CREATED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.audit.families import Stranger
    from generator.audit.source import Described, Groups
    from generator.audit.translated import SeenTranslation
    from generator.checks.cardinality.raw import MetricSeries
    from generator.model.metrics import Metric
    from generator.model.service import SeriesBudget, Service, Site


class SeenLabel(Struct, frozen=True):
    """A label of a metric that exists.

    Attributes:
        name: Its name.
        values: How many different values it has.
        lacking: How many of the counted series do not have it.
        strays: Values outside the declared list; nothing where none is declared.
        saved: How many series of the metric fewer there would be without it.
    """

    name: str
    values: int
    lacking: int
    strays: tuple[str, ...]
    saved: int


class SeenHistogram(Struct, frozen=True):
    """What only histograms have: series by bucket bound, observations, and their sum."""

    bounds: Mapping[float, int]
    count: float
    sum: float


class SeenMetric(Struct, frozen=True):
    """A declared metric and what is there of it.

    Attributes:
        metric: As declared.
        bound: The bound of its series by the spec.
        instances: How many instances expose it.
        releases: How many releases an instance has at most: two while it restarts.
        described: What the exposition says of it.
        members: Series by name.
        counted: Series of which there is one for each combination of labels and instance.
        labels: By name; the buckets of histograms stand beside them as ``le``.
        histogram: None for others, and where there are no buckets.
        pairs: Combinations of a label and the one that it determines.
        beside: By a label and another one for whose values its own are counted, the value with most, and how many.
        below_zero: Series that are negative.
        falling: Series that fall again and again.
        translations: Of a metric that others expose, its labels as the profile reads them.
    """

    metric: Metric
    bound: MetricSeries
    instances: int
    releases: int
    described: Described
    members: Mapping[str, int]
    counted: int
    labels: Mapping[str, SeenLabel]
    histogram: SeenHistogram | None
    pairs: Mapping[str, Groups]
    beside: Mapping[tuple[str, str], tuple[str, int]]
    below_zero: int
    falling: int
    translations: tuple[SeenTranslation, ...] = ()

    @property
    def series(self) -> int:
        """All its series."""
        return sum(self.members.values())

    @property
    def created(self) -> int:
        """Those that tell when others were created."""
        return sum(count for name, count in self.members.items() if name.endswith(CREATED))

    @property
    def most(self) -> SeenLabel | None:
        """The label that contributes most series."""
        found = max(self.labels.values(), key=lambda label: label.saved, default=None)
        return found if found and found.saved else None


class SeenStranger(Struct, frozen=True):
    """A metric that no spec declares: its type, how many values each of its labels has, its bucket bounds."""

    stranger: Stranger
    described: Described
    labels: Mapping[str, int]
    bounds: tuple[float, ...]


class Seen(Struct, frozen=True):
    """All that was found of a service.

    Attributes:
        service: The service.
        site: What all services share.
        place: Where it was looked for.
        lone: Whether ``place`` is an exposition, of ``instances``; else all instances are scraped.
        metrics: Declared ones that exist, by name.
        strangers: Others whose names begin alike.
        instances: How many instances there are.
        exposed: How many series the targets expose in all; None if unknown.
        turnover: By label that turns over, how many values there were within the retention.
        elsewhere: Where nothing was found: under which labels of the selector the run counter is; else None.
        unknown: Where nothing was found: labels of the selector that no series of the run counter has.
        interval: Seconds between two scrapes; None if unknown.
        outside: How many values generated instrumentation did not expose, by the label that they were meant for.
    """

    service: Service
    site: Site
    place: str
    lone: bool
    metrics: Mapping[str, SeenMetric]
    strangers: tuple[SeenStranger, ...]
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
        """What turns a number of series seen into one for all replicas."""
        return max(1.0, self.service.replicas / max(1, self.instances)) if self.lone else 1.0

    def allowed(self, seen: SeenMetric) -> int:
        """Bound the series of a metric, for the instances that were looked at and the releases that they have now."""
        instances = seen.instances if self.lone else self.service.replicas
        return seen.bound.instance * instances * seen.releases
