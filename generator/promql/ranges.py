"""The series that an expression reads, with their ranges and functions."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.promql.syntax import operands, parse, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.promql.syntax import Reference


class Reading(Struct, frozen=True):
    """A selector as it is read: over the ``window`` of seconds by ``function``, or 0 and empty at an instant."""

    of: Reference
    window: float = 0
    function: str = ""


@lru_cache(maxsize=65536)
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
