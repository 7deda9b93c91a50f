"""What a service costs Prometheus: series, samples and rule evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.checks.cardinality.raw import MetricSeries, metric_series
from generator.checks.cardinality.recorded import RecordSeries, record_series

if TYPE_CHECKING:
    from generator.checks.world import World
    from generator.model.service import Service, Site
    from generator.prometheus.compiled import Compiled


@dataclass(frozen=True, slots=True)
class Total:
    """Series at once, and over the retention."""

    live: int
    retained: int


@dataclass(frozen=True, slots=True)
class Account:
    """The bounds of one service.

    Attributes:
        service: Its name.
        replicas: Its instances.
        metrics: Raw series by metric.
        records: Recorded series by record.
        rules: Recording and alerting rules.
        samples_per_second: Of raw and recorded series; those of firing alerts come on top.
        evaluations_per_second: Of rules.
    """

    service: str
    replicas: int
    metrics: tuple[MetricSeries, ...]
    records: tuple[RecordSeries, ...]
    rules: int
    samples_per_second: float
    evaluations_per_second: float

    @property
    def live(self) -> int:
        """Raw and recorded series at once."""
        return self.raw.live + self.recorded.live

    @property
    def raw(self) -> Total:
        """All raw series."""
        return Total(sum(found.live for found in self.metrics), sum(found.retained for found in self.metrics))

    @property
    def recorded(self) -> Total:
        """All recorded series."""
        return Total(sum(found.live for found in self.records), sum(found.retained for found in self.records))


def account(service: Service, site: Site, compiled: Compiled, known: World) -> Account:
    """Account for one service."""
    metrics = tuple(metric_series(metric, service, site) for metric in service.metrics.values())
    records = record_series(service, known, site)
    groups = (*compiled.recording, *compiled.alerting)
    scraped = sum(found.live for found in metrics) / site.scrape_interval
    return Account(
        service=service.name,
        replicas=service.replicas,
        metrics=metrics,
        records=records,
        rules=sum(len(group.rules) for group in groups),
        samples_per_second=scraped + sum(found.live / found.interval for found in records),
        evaluations_per_second=sum(len(group.rules) / group.interval for group in groups),
    )
