"""The report files, and the part of each service in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import markdown
from generator.artifact import Artifact
from generator.checks.cardinality.account import ServerLoad, SharedAccount, Total
from generator.checks.selfcheck import MINIMUM, SelfCheck, self_check
from generator.model.names import SELF_CHECK
from generator.model.units import duration, human_number, percent
from generator.reports.cardinality import (
    ServiceRow,
    cardinality_json,
    overview,
    service_numbers,
    service_row,
    shards,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from generator.checks.facts import ServiceFacts
    from generator.memory import Memory
    from generator.model.service import Site

_CARDINALITY_JSON = "reports/cardinality.json"
_CARDINALITY_MD = "reports/cardinality.md"
_MUCH = 0.8


class ReportLines(Struct, frozen=True):
    """The lines about a service, in Markdown.

    Attributes:
        series: Its row in the table of series.
        work: Its row in the table of Prometheus's work.
        metrics: Its chapter, with its metrics and rules.
        progress: Its row in the table of the checklist.
        checklist: Its chapter there.
    """

    series: str
    work: str
    metrics: str
    progress: str
    checklist: str


class ReportEntry(Struct, frozen=True):
    """A service in the reports.

    Attributes:
        name: The service.
        raw: Its raw series.
        recorded: Its recorded series.
        load: The cost of both.
        numbers: All its numbers, as JSON for its place.
        lines: The lines about it.
    """

    name: str
    raw: Total
    recorded: Total
    load: ServerLoad
    numbers: str
    lines: ReportLines


def cardinality_page(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> str:
    """Write the number of series and their cost as Markdown."""
    total, servers = overview(services, shared, site), shards(services, shared, site)
    return _render("cardinality.md.j2", services=services, all=total, shards=servers, site=site)


def reports(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> tuple[Artifact, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md`` from the entries of all services."""
    return (
        Artifact(_CARDINALITY_JSON, _json(services, shared, site)),
        Artifact(_CARDINALITY_MD, cardinality_page(services, shared, site)),
        Artifact(SELF_CHECK, _render("self-check.md.j2", services=services, minimum=MINIMUM)),
    )


def _json(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> str:
    numbers = ((entry.name, entry.numbers) for entry in services)
    return cardinality_json(overview(services, shared, site), shards(services, shared, site), numbers, site)


def report_entry(each: ServiceFacts, site: Site, memory: Memory) -> ReportEntry:
    """Collect a service's part of the reports."""
    row, checked = service_row(each, site), self_check(each.service)
    lines = memory.once(ReportLines, lambda: _of_service(row, checked, site), row, checked, site)
    return ReportEntry(row.name, row.raw, row.recorded, row.load, service_numbers(each, row), lines)


def _of_service(row: ServiceRow, checked: SelfCheck, site: Site) -> ReportLines:
    return ReportLines(
        series=_lines("cardinality-lines.md.j2", "series", row),
        work=_lines("cardinality-lines.md.j2", "work", row),
        metrics=_lines("cardinality-lines.md.j2", "metrics", row, site),
        progress=_lines("self-check-lines.md.j2", "progress", checked),
        checklist=_lines("self-check-lines.md.j2", "checklist", checked),
    )


def _render(template: str, **values: object) -> str:
    """Fill a template of this package."""
    return _environment().get_template(template).render(values)


def _lines(template: str, macro: str, *values: object) -> str:
    """Fill a macro of a template of this package."""
    written: str = getattr(_environment().get_template(template).module, macro)(*values)
    return written


def marked_percent(value: float) -> str:
    """Write a share of a budget, bold where little is left; it contains no text of a spec."""
    return f"**{percent(value)}**" if value > _MUCH else percent(value)


@cache
def _environment() -> Environment:
    made = markdown.markdown_environment(Path(__file__).parent / "templates")
    made.filters.update(number=human_number, percent=marked_percent, duration=duration)
    return made
