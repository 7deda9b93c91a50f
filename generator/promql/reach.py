"""The reach of an expression into the past, and the series that it reads, with their ranges and functions."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.promql.syntax import Reference, operands, parse, reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta


#: The time for which an instant selector sees a sample, by the server's default.
LOOKBACK = 300.0


class Reading(Struct, frozen=True):
    """A selector as it is read: over the ``window`` of seconds by ``function``, or 0 and empty at an instant."""

    of: Reference
    window: float = 0
    function: str = ""


def reach(expr: str, records: Mapping[str, float], lookback: float = LOOKBACK) -> float:
    """Return the number of seconds that ``expr`` looks back, given the reaches of ``records``.

    ``lookback`` is the largest age of a sample that an instant selector sees; 0 where every instant has a sample.
    """
    return _reach(parse(expr), records, lookback)


def _reach(node: grammar.Expr, records: Mapping[str, float], lookback: float) -> float:
    match node:
        case grammar.MatrixSelector():
            selector = node.vector_selector
            return _seconds(node.range) + _seconds(selector.offset) + records.get(selector.name or "", 0)
        case grammar.VectorSelector():
            return lookback + _seconds(node.offset) + records.get(node.name or "", 0)
        case grammar.SubqueryExpr() if not _reads(node.expr):
            return 0.0
        case grammar.SubqueryExpr():
            return _seconds(node.range) + _seconds(node.offset) + _reach(node.expr, records, lookback)
        case _:
            return max((_reach(one, records, lookback) for one in operands(node)), default=0.0)


def _reads(node: grammar.Expr) -> bool:
    return isinstance(node, grammar.VectorSelector) or any(map(_reads, operands(node)))


def _seconds(length: timedelta | None) -> float:
    return length.total_seconds() if length else 0.0


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Reading, ...]:
    """List the reads of ``text``, one for each selector, in order of appearance.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    return tuple(_readings(parse(text)))


def _readings(root: grammar.Expr) -> Iterator[Reading]:
    """Walk without recursion, each expression with the function that it is an argument of."""
    stack: list[tuple[grammar.Expr, str]] = [(root, "")]
    while stack:
        node, function = stack.pop()
        match node:
            case grammar.MatrixSelector():
                yield Reading(reference(node.vector_selector), node.range.total_seconds(), function)
            case grammar.VectorSelector():
                yield Reading(reference(node))
            case _:
                called = node.func.name if isinstance(node, grammar.Call) else ""
                stack += ((operand, called) for operand in reversed(operands(node)))
