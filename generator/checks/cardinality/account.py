"""The cost of a service in Prometheus: series, samples and rule evaluations."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import astuple

from generator.checks.cardinality.bounds import (
    MetricSeries,
    RecordSeries,
    metric_series,
    record_series,
    shared_records,
)
from generator.checks.world import World, of_library

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from generator.model.rules import RuleGroup, SharedRules
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import Compiled


class Total(Struct, frozen=True):
    """Series at once, and over the retention."""

    live: int
    retained: int


class ServerLoad(Struct, frozen=True):
    """The largest load of services on Prometheus.

    Attributes:
        scraped: Samples a second of raw series.
        recorded: Samples a second of recorded series; without those of firing alerts.
        rules: Recording and alerting rules; for a service its own.
        groups: The groups of these rules.
        evaluations: Rule evaluations a second.
    """

    scraped: float = 0
    recorded: float = 0
    rules: float = 0
    groups: float = 0
    evaluations: float = 0

    @property
    def samples(self) -> float:
        """Samples a second, whether scraped or recorded."""
        return self.scraped + self.recorded

    def times(self, factor: float) -> ServerLoad:
        """Scale it to a number of equal services."""
        return ServerLoad(*(value * factor for value in astuple(self)))


def together(loads: Iterable[ServerLoad]) -> ServerLoad:
    """Add loads up."""
    return ServerLoad(*map(sum, zip(*map(astuple, loads), strict=True)))


class Account(Struct, frozen=True):
    """The bounds of one service.

    Attributes:
        service: Its name.
        replicas: Its instances.
        metrics: Raw series by metric.
        records: Recorded series by record.
        load: Their cost.
    """

    service: str
    replicas: int
    metrics: tuple[MetricSeries, ...]
    records: tuple[RecordSeries, ...]
    load: ServerLoad

    @property
    def live(self) -> int:
        """Raw and recorded series at once."""
        return self.raw.live + self.recorded.live

    @property
    def raw(self) -> Total:
        """All raw series."""
        return _total(self.metrics)

    @property
    def recorded(self) -> Total:
        """All recorded series."""
        return _total(self.records)


def _total(series: Collection[MetricSeries | RecordSeries]) -> Total:
    return Total(sum(one.live for one in series), sum(one.retained for one in series))


def account(service: Service, site: Site, compiled: Compiled, known: World) -> Account:
    """Account for one service."""
    # An instance exposes a metric under one of its names.
    exposed = (metric for metric in service.metrics.values() if not metric.alternative)
    metrics = tuple(metric_series(metric, service, site) for metric in exposed)
    records = record_series(service, known, site)
    return Account(
        service=service.name,
        replicas=service.replicas,
        metrics=metrics,
        records=records,
        load=_load(metrics, records, (*compiled.recording, *compiled.alerting), site.scrape_interval),
    )


class SharedAccount(Struct, frozen=True):
    """The series that exist once for all services: those of the shared rules, and those about no service."""

    recorded: Total
    load: ServerLoad


@lru_cache(maxsize=8)
def shared_account(rules: SharedRules) -> SharedAccount:
    """Account for the rules that all services share."""
    records = shared_records(of_library(rules))
    return SharedAccount(_total(records), _load((), records, rules.groups, 1))


def _load(
    metrics: Iterable[MetricSeries],
    records: Iterable[RecordSeries],
    groups: Collection[RuleGroup],
    scrape_interval: int,
) -> ServerLoad:
    return ServerLoad(
        scraped=sum(metric.live for metric in metrics) / scrape_interval,
        recorded=sum(record.live / record.interval for record in records),
        rules=sum(len(group.rules) for group in groups),
        groups=len(groups),
        evaluations=sum(len(group.rules) / group.interval for group in groups),
    )
