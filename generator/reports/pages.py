"""The report files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.checks.selfcheck import MINIMUM
from generator.reports.cardinality import cardinality_json
from generator.reports.markdown import render
from generator.reports.rows import overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.service import Site
    from generator.reports.entry import ReportEntry

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"
SELF_CHECK_MD = "reports/self-check.md"


def cardinality_page(services: Sequence[ReportEntry], site: Site) -> str:
    """Write the number of series as Markdown, and what they cost."""
    return render("cardinality.md.j2", services=services, all=overview(services, site), site=site)


def reports(services: Sequence[ReportEntry], site: Site) -> tuple[Artifact, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md`` from what all services enter."""
    numbers = ((entry.name, entry.numbers) for entry in services)
    return (
        Artifact(CARDINALITY_JSON, cardinality_json(overview(services, site), numbers, site)),
        Artifact(CARDINALITY_MD, cardinality_page(services, site)),
        Artifact(SELF_CHECK_MD, render("self-check.md.j2", services=services, minimum=MINIMUM)),
    )
