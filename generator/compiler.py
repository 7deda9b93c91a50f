"""The compiler: specs in, artifacts and diagnostics out. Pure; reading and writing files is done elsewhere.

Services are compiled one by one, and what only all of them together show stands on little of each: so a fleet need
not be in memory at once, and a service whose spec has not changed need not be compiled again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.all import check_fleet, check_service
from generator.checks.facts import ServiceFacts, service_facts
from generator.diagnostics import has_errors
from generator.frozen import freeze
from generator.model.service import Model, Site
from generator.prometheus.compiled import Compiled, compile_rules
from generator.resolve.model import by_name, check_between, resolve_common, resolve_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.artifact import Artifact, Parts
    from generator.diagnostics import Diagnostic
    from generator.frozen import Frozen
    from generator.grafana.records import Recording, Records
    from generator.prometheus.alertmanager import Routing
    from generator.reports.entry import ReportEntry
    from generator.resolve.model import Common
    from generator.runbooks.pages import RunbookEntry
    from generator.spec.types import ServiceSpec, Specs
    from generator.spool import Spool


class CompiledService(Struct, frozen=True):
    """A service with its rules, and what is found about it; ``facts`` is None when its spec is not understood."""

    facts: ServiceFacts | None
    diagnostics: tuple[Diagnostic, ...]


class Checked(Struct, frozen=True):
    """Specs that are understood, with what the checks have to say.

    ``model`` is None, and ``facts`` is empty, when a spec is at fault.
    """

    model: Model | None
    facts: tuple[ServiceFacts, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def rules(self) -> tuple[Compiled, ...]:
        """The rules of the model's services, in their order."""
        return tuple(each.compiled for each in self.facts)

    @property
    def failed(self) -> bool:
        """Whether nothing may be generated."""
        return has_errors(self.diagnostics)


class Entry(Struct, frozen=True):
    """What a service adds to the files about all of them; a thousand of these wait for each other.

    Attributes:
        service: Its name.
        routing: Where its alerts go.
        runbooks: What it adds to the pages of its alerts.
        report: Its lines in the reports.
        listing: Its place in the catalogue.
        recording: What dashboards may read of it.
    """

    service: str
    routing: Routing
    runbooks: RunbookEntry
    report: ReportEntry
    listing: Frozen[str]
    recording: Frozen[Recording]

    def spooled(self, spool: Spool) -> Entry:
        """Let what is long of it wait in a spool."""
        return replace(
            self,
            runbooks=self.runbooks.spooled(spool),
            report=self.report.spooled(spool),
            listing=self.listing.spooled(spool),
            recording=self.recording.spooled(spool),
        )


def check(specs: Specs) -> Checked:
    """Resolve the specs, compile their rules and run every check."""
    common, found = resolve_common(specs.shared)
    found = (*found, *check_between((spec.claims for spec in specs.services), common))
    compiled = [compile_service(spec, common) for spec in by_name(specs.services)]
    facts = tuple(each.facts for each in compiled if each.facts is not None)
    told = (*found, *(one for each in compiled for one in each.diagnostics))
    if has_errors(found) or not facts or len(facts) < len(compiled):
        return Checked(None, (), told)
    total = check_fleet({each.service.name: each.account.live for each in facts}, common.site)
    return Checked(Model(common.site, tuple(each.service for each in facts)), facts, (*told, *total))


def compile_service(spec: ServiceSpec, common: Common) -> CompiledService:
    """Resolve a service, compile its rules and run every check on it, if what it stands on is sound."""
    resolved = resolve_one(spec, common)
    if resolved.value is None or not common.sound:
        return CompiledService(None, resolved.diagnostics)
    rules = compile_rules(resolved.value, common.site)
    facts = service_facts(resolved.value, common.site, rules)
    return CompiledService(facts, (*resolved.diagnostics, *check_service(facts, common.site)))


def emit_service(facts: ServiceFacts, site: Site) -> tuple[Artifact, ...]:
    """Write the files that are one service's own."""
    # The back ends import Jinja and more, which only this command shall pay for.
    from generator.instrumentation.modules import instrumentation  # noqa: PLC0415
    from generator.prometheus.files import rule_files  # noqa: PLC0415
    from generator.prometheus.witness.files import unit_test_file  # noqa: PLC0415

    return (
        *rule_files(facts.service, facts.compiled, site),
        unit_test_file(facts.service, facts.compiled, site),
        instrumentation(facts.service, site),
    )


def entry_of(facts: ServiceFacts, site: Site) -> Entry:
    """Gather what the files about all services say of one."""
    from generator.catalog import catalog_entry  # noqa: PLC0415
    from generator.grafana.records import recording  # noqa: PLC0415
    from generator.prometheus.alertmanager import routing  # noqa: PLC0415
    from generator.reports.entry import report_entry  # noqa: PLC0415
    from generator.runbooks.pages import runbook_entry  # noqa: PLC0415

    service = facts.service
    return Entry(
        service=service.name,
        routing=routing(service),
        runbooks=runbook_entry(service),
        report=report_entry(facts, site),
        listing=catalog_entry(service, facts.compiled),
        recording=freeze(recording(service)),
    )


def emit_dashboards(records: Records, site: Site) -> tuple[Artifact, ...]:
    """Draw the dashboards, which depend on what is recorded alone, and write what hands them to Grafana."""
    from generator.grafana.dashboards import dashboards  # noqa: PLC0415
    from generator.grafana.provisioning import provisioning  # noqa: PLC0415

    return (*dashboards(records), *provisioning(site))


def emit_fleet(entries: Sequence[Entry], site: Site) -> tuple[Artifact | Parts, ...]:
    """Write the other files that are about all services."""
    from generator.catalog import catalog  # noqa: PLC0415
    from generator.prometheus.alertmanager import alertmanager  # noqa: PLC0415
    from generator.reports.pages import reports  # noqa: PLC0415
    from generator.runbooks.pages import runbooks  # noqa: PLC0415

    return (
        alertmanager([entry.routing for entry in entries]),
        *runbooks([entry.runbooks for entry in entries], site),
        *reports([entry.report for entry in entries], site),
        catalog({entry.service: entry.listing for entry in entries}),
    )
