"""A service's entry in the reports: its lines, and its part of the sums over all services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.cardinality.account import Load, Total
from generator.checks.selfcheck import self_check
from generator.reports.cardinality import numbers
from generator.reports.markdown import lines
from generator.reports.rows import service_row

if TYPE_CHECKING:
    from generator.checks.facts import ServiceFacts
    from generator.model.service import Site


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
