"""The report files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.checks.selfcheck import MINIMUM
from generator.model.names import SELF_CHECK
from generator.reports.cardinality import cardinality_json
from generator.reports.markdown import render
from generator.reports.rows import overview, shards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.checks.cardinality.account import SharedAccount
    from generator.model.service import Site
    from generator.reports.entry import ReportEntry

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"


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
