"""The recorded series that an expression reads, and whether it means the same in a range query."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar

from generator.live.errors import LiveError
from generator.promql.syntax import PromqlError, nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = "__name__"


def records_read(expr: str, records: Iterable[str]) -> frozenset[str]:
    """Return those of ``records`` that a selector of ``expr`` can match by its name.

    A selector without a name matches all of them.

    Raises:
        LiveError: ``expr`` is not PromQL.
    """
    selectors = [node for node in _nodes(expr) if isinstance(node, grammar.VectorSelector)]
    return frozenset(name for name in records if any(_matches(one, name) for one in selectors))


def depends_on_the_range(expr: str) -> bool:
    """Whether ``expr`` has ``@ start()`` or ``@ end()``: the ends of a range query, else the one instant.

    Raises:
        LiveError: ``expr`` is not PromQL.
    """
    pinned = (
        node.at for node in _nodes(expr) if isinstance(node, grammar.VectorSelector | grammar.SubqueryExpr)
    )
    ends = (grammar.AtModifierType.Start, grammar.AtModifierType.End)
    return any(at is not None and at.type in ends for at in pinned)


@lru_cache(maxsize=4096)
def _nodes(expr: str) -> tuple[grammar.Expr, ...]:
    try:
        return tuple(nodes(expr))
    except PromqlError as error:
        raise LiveError(str(error)) from error


def _matches(selector: grammar.VectorSelector, record: str) -> bool:
    if selector.name is not None:
        return selector.name == record
    matchers = selector.matchers
    choices = [matchers.matchers, *matchers.or_matchers]
    return any(_all_match(choice, record) for choice in choices if choice)


def _all_match(matchers: Iterable[grammar.Matcher], record: str) -> bool:
    return all(_one_matches(matcher, record) for matcher in matchers if matcher.name == _NAME)


def _one_matches(matcher: grammar.Matcher, record: str) -> bool:
    wanted = matcher.op in (grammar.MatchOp.Equal, grammar.MatchOp.Re)
    if matcher.op in (grammar.MatchOp.Equal, grammar.MatchOp.NotEqual):
        return (matcher.value == record) is wanted
    try:
        matches = re.fullmatch(matcher.value, record) is not None
    except re.error:
        # RE2 has syntax that Python lacks: depending on too much is safe.
        return True
    return matches is wanted
