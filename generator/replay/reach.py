"""How far back an expression looks: through ranges, offsets, subqueries, and the records that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as grammar

from generator.live.plan import plan
from generator.promql.syntax import operands, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from generator.prometheus.rules import RuleGroup

#: How long an instant selector sees a sample, where the server was told nothing else.
LOOKBACK = 300.0


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


def reach(expr: str, records: Mapping[str, float]) -> float:
    """Return how many seconds before its evaluation ``expr`` looks, given the reaches of ``records``."""
    return _reach(parse(expr), records)


def _reach(node: grammar.Expr, records: Mapping[str, float]) -> float:
    match node:
        case grammar.MatrixSelector():
            selector = node.vector_selector
            return _seconds(node.range) + _seconds(selector.offset) + records.get(selector.name or "", 0)
        case grammar.VectorSelector():
            return LOOKBACK + _seconds(node.offset) + records.get(node.name or "", 0)
        case grammar.SubqueryExpr():
            return _seconds(node.range) + _seconds(node.offset) + _reach(node.expr, records)
        case _:
            return max((_reach(one, records) for one in operands(node)), default=0.0)


def _seconds(length: timedelta | None) -> float:
    return length.total_seconds() if length else 0.0
