"""The back ends: one service's files, its entry in the files about all services, and those files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.catalog import catalog, catalog_entry
from generator.grafana.records import Recording, recording
from generator.instrumentation.modules import adapters, instrumentation
from generator.prometheus.alertmanager import Routing, alertmanager, routing
from generator.prometheus.files import rule_files
from generator.prometheus.witness.files import unit_test_file
from generator.reports.entry import ReportEntry, report_entry
from generator.reports.pages import reports
from generator.runbooks.pages import RunbookEntry, runbook_entry, runbooks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.artifact import Artifact
    from generator.checks.facts import ServiceFacts
    from generator.grafana.records import Records
    from generator.model.service import Service, Site


class Entry(Struct, frozen=True):
    """What a service adds to the files about all of them; a thousand of these wait for each other.

    It is kept from one compilation to the next, so all types below it are such as msgspec can read back.

    Attributes:
        service: Its name.
        routing: Where its alerts go.
        runbooks: What it adds to the pages of its alerts.
        report: Its lines in the reports.
        listing: Its place in the catalogue, as JSON.
        recording: What dashboards may read of it.
    """

    service: str
    routing: Routing
    runbooks: RunbookEntry
    report: ReportEntry
    listing: str
    recording: Recording


def emit_service(facts: ServiceFacts, site: Site) -> tuple[Artifact, ...]:
    """Write the files that are one service's own, but for its module."""
    return (
        *rule_files(facts.service, facts.compiled, site),
        unit_test_file(facts.service, facts.compiled, site),
    )


def measured(service: Service) -> Service:
    """Leave out what a service promises and is alerted on: its module depends on the rest alone."""
    return replace(service, alerts=(), objectives={}, links={}, origins={}, runs_per_hour=None)


def emit_module(service: Service, site: Site) -> tuple[Artifact, ...]:
    """Write the module that measures a service, and its adapters; takes one that is ``measured``."""
    return (instrumentation(service, site), *adapters(service, site))


def entry_of(facts: ServiceFacts, site: Site) -> Entry:
    """Gather what the files about all services say of one."""
    service = facts.service
    return Entry(
        service=service.name,
        routing=routing(service),
        runbooks=runbook_entry(service),
        report=report_entry(facts, site),
        listing=catalog_entry(service, facts.compiled),
        recording=recording(service),
    )


def emit_dashboards(records: Records, site: Site) -> tuple[Artifact, ...]:
    """Draw the dashboards, which depend on what is recorded alone, and write what hands them to Grafana."""
    # They import grafanalib, which takes long, and are seldom drawn again.
    from generator.grafana.dashboards import dashboards  # noqa: PLC0415
    from generator.grafana.provisioning import provisioning  # noqa: PLC0415

    return (*dashboards(records), *provisioning(site))


def emit_fleet(entries: Sequence[Entry], site: Site) -> tuple[Artifact, ...]:
    """Write the other files that are about all services."""
    return (
        alertmanager([entry.routing for entry in entries]),
        *runbooks([entry.runbooks for entry in entries], site),
        *reports([entry.report for entry in entries], site),
        catalog({entry.service: entry.listing for entry in entries}),
    )
