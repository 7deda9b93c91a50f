"""Small models: a resolved service whose labels, metrics and site a test replaces."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.checks.cardinality.account import SharedAccount, shared_account
from generator.checks.facts import service_facts
from generator.checks.world import of_service
from generator.model.metrics import Metric, MetricType
from generator.model.service import SeriesBudget, Service, Site
from generator.model.units import DAY
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from generator.resolve.model import resolve_common
from generator.spec.load import load_shared
from generator.spec.sources import read_sources
from tests.checks.agent import SPECS
from tests.resolve.build import one, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from generator.checks.facts import ServiceFacts
    from generator.model.metrics import Label
    from generator.model.rules import SharedRules
    from generator.model.service import Library
    from generator.prometheus.rule_set import Compiled

SITE = Site(
    scrape_interval=15,
    rule_interval=60,
    retention=15 * DAY,
    grafana_url="",
    runbook_url="runbooks",
    created_series=True,
    budget=SeriesBudget(metric=5_000, service=20_000, recorded=5_000, total=200_000),
)


def counter(*labels: str, name: str = "things_total") -> Metric:
    """A counter with these labels."""
    return Metric(name, MetricType.COUNTER, "Things.", "", labels)


def histogram(*labels: str, buckets: tuple[float, ...] = (1, 2, 4), name: str = "times_ms") -> Metric:
    """A histogram with these labels."""
    return Metric(name, MetricType.HISTOGRAM, "Times.", "ms", labels, buckets)


def having(service: Service, labels: Iterable[Label], replicas: int = 1) -> Service:
    """The service with these labels alone."""
    return replace(service, labels={label.name: label for label in labels}, replicas=replicas)


def small(directory: Path, *services: str, **others: str) -> Service:
    """The only service of these specs."""
    return one(resolved(directory, *services, **others))


@cache
def library() -> Library:
    """The library that ships, with the profile that does."""
    loaded = load_shared(read_sources(SPECS))
    assert loaded.specs is not None
    return resolve_common(loaded.specs)[0].base.library


@cache
def shared(site: Site) -> SharedRules:
    """The shared rules that ship."""
    return shared_rules(library(), site)


def once(site: Site) -> SharedAccount:
    """Their cost."""
    return shared_account(shared(site))


def measuring(service: Service, *metrics: Metric) -> Service:
    """The service with these metrics alone, each of which is a stream of its own."""
    streams = {
        metric.name: replace(service.runs, name=metric.name, metric=metric.name, labels=metric.labels)
        for metric in metrics
    }
    named = {metric.name: metric for metric in metrics}
    return replace(
        service, metrics=named, streams=streams, signals={}, alerts=(), objectives={}, own_bounds=frozenset()
    )


def known(site: Site, service: Service) -> ServiceFacts:
    """The facts of a service for the checks, with its rules compiled."""
    return facts_of(site, service, compile_rules(service, site, shared(site).records))


def facts_of(site: Site, service: Service, rules: Compiled) -> ServiceFacts:
    """The same, of a service with these rules."""
    everyone = of_service(shared(site), service)
    return service_facts(service, site.of(service), rules, shared(site), everyone)
