"""The report files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from generator.artifact import Artifact, Parts
from generator.checks.selfcheck import MINIMUM
from generator.reports.cardinality import cardinality_json
from generator.reports.markdown import render
from generator.reports.rows import overview

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.checks.cardinality.account import SharedAccount
    from generator.model.service import Site
    from generator.reports.entry import ReportEntry

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"
SELF_CHECK_MD = "reports/self-check.md"


def cardinality_page(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> str:
    """Write the number of series as Markdown, and what they cost."""
    return render("cardinality.md.j2", services=services, all=overview(services, shared, site), site=site)


def _numbers(services: Sequence[ReportEntry], shared: SharedAccount, site: Site) -> Iterator[str]:
    """Write the same for machines, as JSON, part by part."""
    each = ((entry.name, entry.numbers.thaw()) for entry in services)
    return cardinality_json(overview(services, shared, site), each, site)


def reports(
    services: Sequence[ReportEntry], shared: SharedAccount, site: Site
) -> tuple[Artifact | Parts, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md`` from what all services enter."""
    return (
        Parts(CARDINALITY_JSON, partial(_numbers, services, shared, site)),
        Artifact(CARDINALITY_MD, cardinality_page(services, shared, site)),
        Artifact(SELF_CHECK_MD, render("self-check.md.j2", services=services, minimum=MINIMUM)),
    )
