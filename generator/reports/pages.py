"""The report files, and the part of each service in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact
from generator.checks.cardinality.account import Load, SharedAccount, Total
from generator.checks.selfcheck import MINIMUM, self_check
from generator.model.names import SELF_CHECK
from generator.reports.cardinality import cardinality_json, numbers
from generator.reports.markdown import lines, render
from generator.reports.rows import overview, service_row, shards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.checks.facts import ServiceFacts
    from generator.model.service import Site

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"


class ReportEntry(Struct, frozen=True):
    """A service in the reports.

    Attributes:
        name: The service.
        raw: Its raw series.
        recorded: Its recorded series.
        load: The cost of both.
        numbers: All its numbers, as JSON for its place.
        series: Its row in the table of series, in Markdown.
        work: Its row in the table of Prometheus's work.
        metrics: Its chapter, with its metrics and rules.
        progress: Its row in the table of the checklist.
        checklist: Its chapter there.
    """

    name: str
    raw: Total
    recorded: Total
    load: Load
    numbers: str
    series: str
    work: str
    metrics: str
    progress: str
    checklist: str


def cardinality_page(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> str:
    """Write the number of series and their cost as Markdown."""
    total, servers = overview(services, shared, site), shards(services, shared, site)
    return render("cardinality.md.j2", services=services, all=total, shards=servers, site=site)


def reports(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> tuple[Artifact, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md`` from the entries of all services."""
    return (
        Artifact(CARDINALITY_JSON, _json(services, shared, site)),
        Artifact(CARDINALITY_MD, cardinality_page(services, shared, site)),
        Artifact(SELF_CHECK, render("self-check.md.j2", services=services, minimum=MINIMUM)),
    )


def _json(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> str:
    numbers = ((entry.name, entry.numbers) for entry in services)
    return cardinality_json(overview(services, shared, site), shards(services, shared, site), numbers, site)


def report_entry(each: ServiceFacts, site: Site) -> ReportEntry:
    """Collect a service's part of the reports."""
    row, checked = service_row(each, site), self_check(each.service)
    return ReportEntry(
        name=row.name,
        raw=row.raw,
        recorded=row.recorded,
        load=row.load,
        numbers=numbers(each, row),
        series=lines("cardinality-lines.md.j2", "series", row),
        work=lines("cardinality-lines.md.j2", "work", row),
        metrics=lines("cardinality-lines.md.j2", "metrics", row, site),
        progress=lines("self-check-lines.md.j2", "progress", checked),
        checklist=lines("self-check-lines.md.j2", "checklist", checked),
    )
