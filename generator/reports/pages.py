"""The report files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.checks.facts import facts
from generator.checks.selfcheck import MINIMUM, self_check
from generator.model.units import duration
from generator.reports.cardinality import to_json
from generator.reports.markdown import render
from generator.reports.rows import overview

if TYPE_CHECKING:
    from generator.model.service import Model
    from generator.prometheus.compiled import Compiled

CARDINALITY_JSON = "reports/cardinality.json"
CARDINALITY_MD = "reports/cardinality.md"
SELF_CHECK_MD = "reports/self-check.md"


def pages(model: Model, rules: tuple[Compiled, ...]) -> tuple[Artifact, ...]:
    """Render all reports."""
    known, site = facts(model, rules), model.site
    rows = overview(known)
    numbers = render("cardinality.md.j2", all=rows, site=site, retention=duration(site.retention))
    checklist = render(
        "self-check.md.j2", services=[self_check(service) for service in model.services], minimum=MINIMUM
    )
    return (
        Artifact(CARDINALITY_JSON, to_json(known, rows)),
        Artifact(CARDINALITY_MD, numbers),
        Artifact(SELF_CHECK_MD, checklist),
    )
