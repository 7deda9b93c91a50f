"""Reports for people and machines: how many series the specs allow, and what the checklist says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.artifact import Artifact
    from generator.model.service import Model
    from generator.prometheus.compiled import Compiled


def reports(model: Model, rules: tuple[Compiled, ...]) -> tuple[Artifact, ...]:
    """Write ``reports/cardinality.{json,md}`` and ``reports/self-check.md``.

    ``rules`` are those of the model's services, in their order.
    """
    # The renderings for a terminal live in this package too, and shall not pay for Jinja.
    from generator.reports.pages import pages  # noqa: PLC0415

    return pages(model, rules)
