"""The reach of records into the past, through the records that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.plan import plan
from generator.promql.reach import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.rules import RuleGroup


def record_reaches(groups: Sequence[RuleGroup]) -> dict[str, float]:
    """Return, for each record of ``groups``, the largest age in seconds of its oldest raw input.

    A record that reads itself is followed once: its reach is unlimited.

    Raises:
        LiveError: records read each other in a circle.
    """
    reaches: dict[str, float] = {}
    for node in plan(groups):
        exprs = [one.rule.expr for rules in node.rounds for one in rules]
        reaches[node.record] = max(reach(expr, reaches) for expr in exprs)
    return reaches
