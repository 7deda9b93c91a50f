"""How far back records look, through those that they read themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.plan import plan
from generator.promql.reach import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.rules import RuleGroup


def record_reaches(groups: Sequence[RuleGroup]) -> dict[str, float]:
    """Return, for each record of ``groups``, how many seconds before a sample its oldest raw input may be.

    A record that reads itself is followed once: its memory has no end.

    Raises:
        LiveError: records read each other in a circle.
    """
    reaches: dict[str, float] = {}
    for node in plan(groups):
        exprs = [one.rule.expr for rules in node.rounds for one in rules]
        reaches[node.record] = max(reach(expr, reaches) for expr in exprs)
    return reaches
