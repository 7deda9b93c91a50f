"""The parser that checks every expression of the output: layout, and the names that it reads."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = 90
#: A name that is as wide as it is long, and is written unchanged.
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


class PromqlError(Exception):
    """An expression that we composed does not parse: a defect of the compiler, never of a spec."""


_NAME = "__name__"

#: Durations that Grafana fills in, and their placeholders while an expression is parsed: none is a part of another.
_STAND_INS = {"$__interval": "1m1s1ms", "$__range": "2h2m2s2ms"}


class Reference(Struct, frozen=True):
    """A selector inside an expression: the series name, empty without one, and (label, operator, value) matchers."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names that it matches on."""
        return tuple(label for label, _, _ in self.matchers)


@lru_cache(maxsize=65536)
def layout(text: str) -> str:
    """Return ``text`` on one line when it is short, else broken by the structure of the expression.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    tree = parse(text)
    if len(text) <= _LINE:
        return text
    pretty = "\n".join(line.rstrip() for line in tree.prettify().splitlines())
    for duration, stand_in in _STAND_INS.items():
        pretty = pretty.replace(stand_in, duration)
    # The library's printer does not escape: where a value needs it, our own text is kept.
    return pretty if _only_spaced(pretty, text) or _same(pretty, tree) else text


def layout_alike(text: str, name: str) -> str:
    """Lay ``text`` out like ``layout``, once for all texts that differ only in the label value ``name``.

    A placeholder of the same length replaces the value meanwhile.
    """
    value, aside = f'"{name}"', f'"{"_" * len(name)}"'
    if aside in text or not _PLAIN_NAME.fullmatch(name):
        return layout(text)
    return layout(text.replace(value, aside)).replace(aside, value)


@lru_cache(maxsize=65536)
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


def _only_spaced(pretty: str, text: str) -> bool:
    """Whether ``pretty`` differs from ``text`` only in spaces and line ends; strings contain no line ends."""
    return text.isprintable() and "".join(pretty.split()) == "".join(text.split())


def _same(text: str, tree: grammar.Expr) -> bool:
    try:
        return str(parse(text)) == str(tree)
    except PromqlError:
        return False


def is_selector(text: str) -> bool:
    """Whether ``text`` is only a selector of an instant vector, so that a range may follow."""
    tree = parse(text)
    return isinstance(tree, grammar.VectorSelector) and tree.offset is None and tree.at is None


def parse(text: str) -> grammar.Expr:
    """Parse an expression.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    if "$__" in text:
        for duration, stand_in in _STAND_INS.items():
            text = text.replace(duration, stand_in)
    try:
        return grammar.parse(text)
    except ValueError as error:
        message = f"{error}: {text}"
        raise PromqlError(message) from error
