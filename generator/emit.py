"""The back ends: one service's files, its entry in the files about all services, and those files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, msgpack
from msgspec.structs import replace

from generator.catalog import catalog, catalog_entry
from generator.delivery.deliver import deliver_all, deliver_dashboards, deliver_service
from generator.grafana.records import Recording, Records, recording
from generator.model.alerts import Deviations, Variant
from generator.prometheus.alertmanager import Routing, alertmanager
from generator.prometheus.files import own_paths, rule_files, shard_files, shared_files
from generator.prometheus.rule_tests.files import budget_tests, service_tests, shared_tests
from generator.reports.pages import ReportEntry, report_entry, reports
from generator.runbooks.pages import RunbookEntry, runbook_entry, runbooks

__all__ = [
    "ServiceEntry",
    "emit_dashboards",
    "emit_delivered",
    "emit_fleet",
    "emit_module",
    "emit_reports",
    "emit_service",
    "emit_shared_rules",
    "emit_shared_tests",
    "entry_of",
    "measured_part",
    "sharing_values",
]

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.artifact import Artifact
    from generator.checks.cardinality.account import SharedAccount
    from generator.checks.facts import ServiceFacts
    from generator.memory import Memory
    from generator.model.rules import SharedRules
    from generator.model.service import Library, Service, Site


T = TypeVar("T")


class ServiceEntry(Struct, frozen=True):
    """A service's part of the files about all services; a thousand of these are in memory at once.

    It is kept from one compilation to the next, so that msgspec must be able to read all its types.

    Attributes:
        service: Its name.
        runbooks: Its part of the pages of its alerts.
        report: Its lines in the reports.
        listing: Its place in the catalogue, as JSON.
        recording: Its records for dashboards.
        variants: The forms of shared alerts that only some services have.
        rule_files: The paths of its own rule files.
    """

    service: str
    runbooks: RunbookEntry
    report: ReportEntry
    listing: str
    recording: Recording
    variants: tuple[Variant, ...]
    rule_files: tuple[str, ...]


def emit_service(facts: ServiceFacts, site: Site) -> tuple[Artifact, ...]:
    """Write the files that are one service's own, except its module."""
    rules = rule_files(facts.service, facts.compiled, site)
    return (
        *rules,
        *service_tests(facts.service, facts.compiled, facts.shared, site),
        *deliver_service(facts.service, rules, site),
    )


def measured_part(service: Service) -> Service:
    """Leave out a service's objectives, alerts and place: its module depends on the rest alone."""
    return replace(
        service,
        name=service.system,
        environment="",
        selector={},
        owner="",
        replicas=1,
        scrape_interval=0,
        alert_labels={},
        alerts=(),
        objectives={},
        own_objectives=frozenset(),
        links={},
        origins={},
        runs_per_hour=None,
        deviations=Deviations(),
    )


def emit_module(service: Service, site: Site) -> tuple[Artifact, ...]:
    """Write the module that measures a service, and its adapters; takes one that is ``measured_part``."""
    from generator.instrumentation.modules import adapters, instrumentation  # noqa: PLC0415 - they import Jinja

    return (instrumentation(service, site), *adapters(service, site)) if service.emitted_here else ()


def entry_of(facts: ServiceFacts, site: Site, memory: Memory) -> ServiceEntry:
    """Collect a service's part of the files about all services."""
    service = facts.service
    return ServiceEntry(
        service=service.name,
        runbooks=runbook_entry(service),
        report=report_entry(facts, site, memory),
        listing=catalog_entry(service),
        recording=recording(service, facts.recorded_names),
        variants=service.deviations.variants,
        rule_files=own_paths(facts.compiled),
    )


def sharing_values(entry: ServiceEntry, known: dict[bytes, object]) -> ServiceEntry:
    """Replace an entry's values by equal ones of earlier entries, so that a thousand entries share each value.

    Args:
        entry: A service's.
        known: The values of earlier entries by their encoding; those of this one are added.
    """

    def same(value: T) -> T:
        return cast("T", known.setdefault(msgpack.encode(value), value))

    pages, recorded = entry.runbooks, entry.recording
    return replace(
        entry,
        runbooks=replace(pages, alerts={name: same(alerts) for name, alerts in pages.alerts.items()}),
        recording=replace(
            recorded,
            names=same(recorded.names),
            signals={name: same(alerts) for name, alerts in recorded.signals.items()},
        ),
    )


def emit_dashboards(records: Records, site: Site) -> tuple[Artifact, ...]:
    """Draw the dashboards, which depend on the records alone, and write their provisioning for Grafana."""
    # They import grafanalib, which takes long, and are seldom drawn again.
    from generator.grafana.dashboards import draw, provisioning  # noqa: PLC0415

    drawn = draw(records)
    classic = tuple(one.artifact() for one in drawn)
    new = (one.artifact_v2() for one in drawn if site.grafana_v2)
    return (*classic, *new, *provisioning(site), *deliver_dashboards(classic, site))


def emit_shared_tests(
    library: Library, shared: SharedRules, variants: Iterable[Variant], site: Site
) -> tuple[Artifact, ...]:
    """Write the unit tests of the shared alerts."""
    return (*shared_tests(shared, library, site, variants), *budget_tests(shared, library))


def emit_shared_rules(shared: SharedRules, site: Site) -> tuple[Artifact, ...]:
    """Write the rule files about all services, those of variants included."""
    return tuple(shared_files(shared, site))


def emit_delivered(shared: SharedRules, routes: Sequence[Routing], site: Site) -> tuple[Artifact, ...]:
    """Write the shared rules, and the lists of all services, for every target of the site."""
    in_order = sorted(routes, key=lambda one: one.service)
    return tuple(deliver_all(tuple(shared_files(shared, site)), in_order, site))


def emit_reports(entries: Sequence[ServiceEntry], account: SharedAccount, site: Site) -> tuple[Artifact, ...]:
    """Write the reports about all services; ``account`` is the cost of the shared rules."""
    return reports([entry.report for entry in entries], account, site)


def emit_fleet(
    entries: Sequence[ServiceEntry],
    routes: Sequence[Routing],
    paths: Sequence[str],
    site: Site,
    memory: Memory,
) -> tuple[Artifact, ...]:
    """Write the other files that are about all services, except the reports.

    Args:
        entries: The services.
        routes: The facts for routing their alerts.
        paths: The paths of the shared rule files.
        site: The site.
        memory: Parts of pages that are the same as before.
    """
    own = {entry.service: entry.rule_files for entry in entries}
    return (
        alertmanager(routes, site.receivers),
        *runbooks([entry.runbooks for entry in entries], site, memory),
        catalog({entry.service: entry.listing for entry in entries}, paths),
        *shard_files(paths, own, site),
    )
