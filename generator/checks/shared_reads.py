"""Reads of services' records by shared rules: no file of one service may break the others' alerts.

A file may be loaded twice, or be written by hand. Prometheus fails a whole rule on one duplicate in a join, so streams
and constants are read inside an aggregation that lists its labels, or where duplicates do no harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser as grammar

from generator.model import names
from generator.promql.shape import Shape, selected, takes
from generator.promql.syntax import Reference, operands, parse, references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.promql.infer import Inferred, Join

#: A query in a template, with escaped quotes; ``%q`` or ``%[1]q`` is a placeholder.
_QUERY = re.compile(r'printf "((?:[^"\\]|\\.)+)" \$labels')
_VALUE = re.compile(r"%(?:\[\d+\])?q")
#: Operators whose right side only selects series of the left one.
_FILTERS = {"and", "unless"}
_OF_SETS = {*_FILTERS, "or"}
#: Aggregations that keep series as they are.
_RANKED = {"topk", "bottomk", "limitk", "limit_ratio"}


def problems(expr: str, inferred: Inferred, written: Collection[str]) -> Iterator[str]:
    """Describe where a shared rule depends on the file of a single service.

    Args:
        expr: The expression of the rule.
        inferred: The inferred result of the expression.
        written: The series that services' files record.
    """
    if any(read.name in written for read in inferred.reads):
        bare = (name for name in _bare(parse(expr)) if name in written)
        yield from (
            f"reads {name} outside an aggregation that lists its labels" for name in dict.fromkeys(bare)
        )
    named = (read.name for read in inferred.reads if any(map(_names_a_service, read.matchers)))
    yield from (f"reads {name} of one service by its name" for name in dict.fromkeys(named))
    if any(_joins_services(join) for join in inferred.joins):
        yield f'joins series of services without matching on "{names.SERVICE}"'


def queried_selectors(annotations: Mapping[str, str]) -> Iterator[Reference]:
    """List the selectors of the queries in templates."""
    for text in annotations.values():
        for query in _QUERY.findall(text):
            yield from references(_VALUE.sub('""', query.replace('\\"', '"')))


def unmatched(reads: Iterable[Reference], written: Mapping[str, Iterable[Shape]]) -> Iterator[str]:
    """Describe the reads that match no rule's output; ``written`` are the series of each rule by record.

    A matcher on a service is ignored: in a template it is filled in later.
    """
    for read in dict.fromkeys(reads):
        matchers = tuple(one for one in read.matchers if one[0] != names.SERVICE)
        shapes = [shape for shape in written.get(read.name, ()) if not shape.nothing]
        if shapes and all(_nothing(shape, matchers) for shape in shapes):
            selector = ", ".join(f'{label}{op}"{value}"' for label, op, value in matchers)
            yield f"reads {read.name} by {selector}, which no rule writes"


def _nothing(inner: Shape, matchers: tuple[tuple[str, str, str], ...]) -> bool:
    absent = (one for one in matchers if one[0] not in inner.names)
    return selected(inner, matchers).nothing or not all(takes(op, value, "") for _, op, value in absent)


def _names_a_service(matcher: tuple[str, str, str]) -> bool:
    """Whether a matcher selects one service; a matcher for any service, or for none, is allowed in all rules."""
    label, op, value = matcher
    return label == names.SERVICE and (op, value) not in {("!=", ""), ("=", "")}


def _joins_services(join: Join) -> bool:
    return join.on is not None and names.SERVICE in (join.left & join.right) - join.on


def _bare(root: grammar.Expr) -> Iterator[str]:
    """List the series that are read neither inside an aggregation with labels nor to the right of a filter."""
    stack = [(root, False)]
    while stack:
        node, safe = stack.pop()
        match node:
            case grammar.VectorSelector():
                if not safe:
                    yield node.name or ""
            case grammar.AggregateExpr():
                stack.append((node.expr, safe or _lists_labels(node)))
            case grammar.BinaryExpr():
                stack += [
                    (node.lhs, _stays(node, safe)),
                    (node.rhs, _stays(node, safe) or str(node.op) in _FILTERS),
                ]
            case _:
                stack += ((operand, safe) for operand in operands(node))


def _stays(node: grammar.BinaryExpr, safe: bool) -> bool:  # noqa: FBT001 - what holds around it
    """Whether a side's duplicates are still only aggregated: set operators and numbers accept duplicates."""
    return safe and (str(node.op) in _OF_SETS or _is_number(node.lhs) or _is_number(node.rhs))


def _is_number(node: grammar.Expr) -> bool:
    match node:
        case grammar.NumberLiteral():
            return True
        case grammar.Call():
            return bool(node.func.return_type == grammar.ValueType.Scalar)
        case grammar.ParenExpr() | grammar.UnaryExpr():
            return _is_number(node.expr)
        case grammar.BinaryExpr():
            return _is_number(node.lhs) and _is_number(node.rhs)
        case _:
            return False


def _lists_labels(node: grammar.AggregateExpr) -> bool:
    modifier = node.modifier
    if modifier is None or modifier.type != grammar.AggModifierType.By or str(node.op) in _RANKED:
        return False
    return bool(modifier.labels)
