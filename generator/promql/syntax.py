"""The parser that checks every expression of the output; the series that one reads, and its reach into the past."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, get_args

import promql_parser as grammar
from msgspec import Struct

from generator.promql.expr import Matcher, MatchOperator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

#: Operators whose right side only selects series of the left one.
FILTERS = frozenset({"and", "unless"})
#: Aggregations that keep series as they are.
RANKED = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_NAME = "__name__"
#: Durations that Grafana fills in, and their placeholders while an expression is parsed: none is a part of another.
STAND_INS = {"$__interval": "1m1s1ms", "$__range": "2h2m2s2ms"}
# A string comes first: a value of a spec may be spelled like such a duration.
_STRING_OR_DURATION = re.compile(r'"(?:[^"\\]|\\.)*"|\$__\w+')
#: The time for which an instant selector sees a sample, by the server's default.
LOOKBACK = 300.0


class PromqlError(Exception):
    """An expression that we composed does not parse: a defect of the compiler, never of a spec."""


class Reference(Struct, frozen=True):
    """A selector inside an expression: the series name, empty without one, and matchers."""

    name: str
    matchers: tuple[Matcher, ...]

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
    return tuple(selector_of(node) for node in nodes(text) if isinstance(node, grammar.VectorSelector))


def selector_of(selector: grammar.VectorSelector) -> Reference:
    """Read a selector."""
    matchers = selector.matchers
    every = [*matchers.matchers, *(matcher for choice in matchers.or_matchers for matcher in choice)]
    read = tuple((matcher.name, _operator(matcher), matcher.value) for matcher in every)
    if selector.name:
        return Reference(selector.name, read)
    # A name with dots, or another that cannot be written before the braces.
    name = next((value for label, op, value in read if (label, op) == (_NAME, "=")), "")
    return Reference(name, tuple(one for one in read if one != (_NAME, "=", name)))


def _operator(matcher: grammar.Matcher) -> MatchOperator:
    # The members cannot be hashed, so no mapping can have them as keys.
    kinds = (grammar.MatchOp.Equal, grammar.MatchOp.NotEqual, grammar.MatchOp.Re, grammar.MatchOp.NotRe)
    spellings: Iterator[tuple[grammar.MatchOp, MatchOperator]] = zip(
        kinds, get_args(MatchOperator), strict=True
    )
    return next(text for kind, text in spellings if matcher.op == kind)


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
        text = _STRING_OR_DURATION.sub(lambda found: STAND_INS.get(found[0], found[0]), text)
    try:
        return grammar.parse(text)
    except ValueError as error:
        message = f"{error}: {text}"
        raise PromqlError(message) from error


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
                yield Reading(selector_of(node.vector_selector), node.range.total_seconds(), function)
            case grammar.VectorSelector():
                yield Reading(selector_of(node))
            case _:
                called = node.func.name if isinstance(node, grammar.Call) else ""
                stack += ((operand, called) for operand in reversed(operands(node)))
