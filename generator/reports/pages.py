"""The report files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.checks.selfcheck import MINIMUM
from generator.model.units import duration
from generator.reports.cardinality import cardinality_json
from generator.reports.markdown import render
from generator.reports.rows import overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.service import Site
    from generator.reports.entry import ReportEntry
    from generator.reports.rows import Overview

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"
SELF_CHECK_MD = "reports/self-check.md"


def cardinality_page(found: Overview, site: Site) -> str:
    """Write the number of series as Markdown, and what they cost."""
    return render("cardinality.md.j2", all=found, site=site, retention=duration(site.retention))


def reports(entries: Sequence[ReportEntry], site: Site) -> tuple[Artifact, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md`` from what all services enter."""
    rows = overview(tuple(entry.row for entry in entries), site)
    checklist = render("self-check.md.j2", services=[entry.checklist for entry in entries], minimum=MINIMUM)
    return (
        Artifact(CARDINALITY_JSON, cardinality_json(rows, [entry.numbers for entry in entries], site)),
        Artifact(CARDINALITY_MD, cardinality_page(rows, site)),
        Artifact(SELF_CHECK_MD, checklist),
    )
