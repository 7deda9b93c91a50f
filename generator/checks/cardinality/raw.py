"""Bounds of raw series: what all instances of a service expose.

At once: combinations of label values x series for each combination x replicas. Over the retention, releases turn
over, and a new release comes on new instances; each runs on as many as there are replicas. So a metric with the label
release counts its releases once (as label values), and one without counts them as instances. Restarts for other
reasons, and series about the process itself, come on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.cardinality.combinations import combinations, determined_by, values
from generator.model import names
from generator.model.units import WEEK

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service, Site

_SUM_AND_COUNT = 2


class LabelBound(Struct, frozen=True):
    """A label of a metric: how many values it has at once and over the retention.

    ``follows`` is the label that determines it, so that it does not multiply; empty otherwise.
    """

    name: str
    live: int
    retained: int
    follows: str


class MetricSeries(Struct, frozen=True):
    """The series of a metric of a service.

    Attributes:
        metric: The metric.
        labels: Its labels, in its order.
        each: Series for each combination of label values: buckets, sum, count, created.
        instance: Series of one instance at once.
        live: Series at once.
        retained: Series over the retention.
    """

    metric: Metric
    labels: tuple[LabelBound, ...]
    each: int
    instance: int
    live: int
    retained: int


def metric_series(metric: Metric, service: Service, site: Site) -> MetricSeries:
    """Bound the series of one metric."""
    weeks = site.retention / WEEK
    labels = [service.labels[name] for name in metric.labels]
    follows = determined_by(labels)
    each = series_each(metric, site)
    instance = _combinations(metric, service) * each
    generations = 1 if names.RELEASE in metric.labels else _generations(service, weeks)
    return MetricSeries(
        metric,
        tuple(
            LabelBound(label.name, values(label), values(label, weeks), follows.get(label.name, ""))
            for label in labels
        ),
        each,
        instance,
        instance * service.replicas,
        _combinations(metric, service, weeks) * each * generations * service.replicas,
    )


def live_series(metric: Metric, service: Service, site: Site) -> int:
    """Bound the series of one metric at once."""
    return _combinations(metric, service) * series_each(metric, site) * service.replicas


def _combinations(metric: Metric, service: Service, weeks: float = 0) -> int:
    """Count the combinations of label values; of a metric in parts those of each."""
    parts = metric.parts or (metric.labels,)
    return sum(combinations(tuple([service.labels[name] for name in part]), weeks) for part in parts)


def series_each(metric: Metric, site: Site) -> int:
    """Count the series of one combination of label values; client libraries add ``_created`` to each."""
    created = 1 if site.created_series else 0
    if metric.is_histogram:
        return len(metric.buckets) + 1 + _SUM_AND_COUNT + created
    if metric.is_gauge:
        return 1
    return 1 + created


def _generations(service: Service, weeks: float) -> int:
    """Count how often the instances are replaced by new ones."""
    release = service.labels.get(names.RELEASE)
    return values(release, weeks) if release and release.new_per_week else 1
