"""The parser that checks every expression of the output, and the names that an expression reads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class PromqlError(Exception):
    """An expression that we composed does not parse: a defect of the compiler, never of a spec."""


_NAME = "__name__"

#: Durations that Grafana fills in, and their placeholders while an expression is parsed: none is a part of another.
STAND_INS = {"$__interval": "1m1s1ms", "$__range": "2h2m2s2ms"}


class Reference(Struct, frozen=True):
    """A selector inside an expression: the series name, empty without one, and (label, operator, value) matchers."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names that it matches on."""
        return tuple(label for label, _, _ in self.matchers)


@lru_cache(maxsize=4096)
def references(text: str) -> tuple[Reference, ...]:
    """Return every selector of ``text``, in order of appearance.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    return tuple(reference(node) for node in nodes(text) if isinstance(node, grammar.VectorSelector))


def reference(selector: grammar.VectorSelector) -> Reference:
    """Read a selector."""
    matchers = selector.matchers
    every = [*matchers.matchers, *(matcher for choice in matchers.or_matchers for matcher in choice)]
    read = tuple((matcher.name, _operator(matcher), matcher.value) for matcher in every)
    if selector.name:
        return Reference(selector.name, read)
    # A name with dots, or another that cannot be written before the braces.
    name = next((value for label, op, value in read if (label, op) == (_NAME, "=")), "")
    return Reference(name, tuple(one for one in read if one != (_NAME, "=", name)))


def _operator(matcher: grammar.Matcher) -> str:
    # The members cannot be hashed, so no mapping can have them as keys.
    spellings = (
        (grammar.MatchOp.Equal, "="),
        (grammar.MatchOp.NotEqual, "!="),
        (grammar.MatchOp.Re, "=~"),
    )
    return next((text for op, text in spellings if matcher.op == op), "!~")


def nodes(text: str) -> Iterator[grammar.Expr]:
    """Walk an expression from left to right, without recursion: chains of ``or`` are deep.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    stack = [parse(text)]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(operands(node))


def operands(node: grammar.Expr) -> list[grammar.Expr]:
    """List the expressions right below ``node``, from left to right."""
    match node:
        case grammar.BinaryExpr():
            return [node.lhs, node.rhs]
        case grammar.Call():
            return list(node.args)
        case grammar.MatrixSelector():
            return [node.vector_selector]
        case grammar.AggregateExpr():
            return [node.expr] if node.param is None else [node.param, node.expr]
        case grammar.ParenExpr() | grammar.UnaryExpr() | grammar.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def is_selector(text: str) -> bool:
    """Whether ``text`` is only a selector of an instant vector, so that a range may follow."""
    tree = parse(text)
    return isinstance(tree, grammar.VectorSelector) and tree.offset is None and tree.at is None


@lru_cache(maxsize=64)
def parse(text: str) -> grammar.Expr:
    """Parse an expression, whose tree cannot be changed; a few checks in a row read each.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    if "$__" in text:
        for duration, stand_in in STAND_INS.items():
            text = text.replace(duration, stand_in)
    try:
        return grammar.parse(text)
    except ValueError as error:
        message = f"{error}: {text}"
        raise PromqlError(message) from error
