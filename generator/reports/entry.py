"""What the reports say of one service: values that do not need its rules any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.selfcheck import SelfCheck, self_check
from generator.reports.cardinality import numbers
from generator.reports.rows import ServiceRow, service_row

if TYPE_CHECKING:
    from generator.checks.facts import ServiceFacts
    from generator.model.service import Site


class ReportEntry(Struct, frozen=True):
    """A service's row and its numbers in the reports of series, and its checklist."""

    row: ServiceRow
    numbers: dict[str, object]
    checklist: SelfCheck


def report_entry(each: ServiceFacts, site: Site) -> ReportEntry:
    """Say what there is to report of a service."""
    row = service_row(each, site)
    return ReportEntry(row, numbers(each, row), self_check(each.service))
