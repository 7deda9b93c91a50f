"""Vector matching: the result of a binary operator on two sides, and whether they can match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as grammar

from generator.promql.shape import (
    NOTHING,
    Origin,
    Shape,
    Term,
    alternative,
    grouped,
    met_by_one,
    shape,
    size_of_part,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILTERS = {"and", "unless"}


def joined(node: grammar.BinaryExpr, left: Shape, right: Shape, problems: list[str]) -> Shape:
    """Infer the result of an operator other than ``or``; add to ``problems`` why its sides cannot match."""
    if left.scalar or right.scalar:
        return right if left.scalar else left
    op = str(node.op)
    if left.nothing or (right.nothing and op != "unless"):
        return NOTHING
    modifier = node.modifier
    on = _labels_of(modifier, left, right)
    if not right.nothing:
        problems += _mismatches(modifier, left, right)
    if op in _FILTERS:
        return met_by_one(left, right, on) if op == "and" else left
    card = modifier.card if modifier else grammar.VectorMatchCardinality.OneToOne
    extra = tuple(modifier.group_labels or ()) if modifier else ()
    if card == grammar.VectorMatchCardinality.ManyToOne:
        return _many(left, right, extra)
    if card == grammar.VectorMatchCardinality.OneToMany:
        return _many(right, left, extra)
    return _one_to_one(left, right, on)


def matched_on(modifier: grammar.BinModifier | None) -> frozenset[str] | None:
    """List the labels that ``on`` names; None where series match on all of theirs, or on all but some."""
    if modifier is None or modifier.matching is None:
        return None
    if modifier.matching.type != grammar.LabelModifierType.Include:
        return None
    return frozenset(modifier.matching.labels)


def either(node: grammar.BinaryExpr, left: Shape, right: Shape) -> Shape:
    """Infer the result of ``or``: matched on labels of one value each, it is either side as a whole."""
    on = matched_on(node.modifier)
    if on is not None and not (left.nothing or right.nothing) and _single(left, on) and _single(right, on):
        return alternative(left, right)
    return union(left, right)


def _single(inner: Shape, on: frozenset[str]) -> bool:
    origins = dict(inner.labels)
    return all(name in origins and origins[name] and _one_value(origins[name]) for name in on)


def _one_value(origin: Origin) -> bool:
    return len(origin) == 1 and size_of_part(origin[0]) == 1


def _labels_of(modifier: grammar.BinModifier | None, left: Shape, right: Shape) -> frozenset[str]:
    """List the labels that two series must share."""
    if modifier is None or modifier.matching is None:
        return left.names | right.names
    named = frozenset(modifier.matching.labels)
    if modifier.matching.type == grammar.LabelModifierType.Include:
        return named
    return (left.names | right.names) - named


def _mismatches(modifier: grammar.BinModifier | None, left: Shape, right: Shape) -> Iterable[str]:
    if modifier is None or modifier.matching is None:
        only = (left.certain - right.names) | (right.certain - left.names)
        if only:
            yield f"joins sides that never meet: only one of them has {_listed(only)}"
        return
    for label in modifier.matching.labels:
        if label not in left.names or label not in right.names:
            yield f'matches on "{label}", a label that one side does not have'


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(f'"{label}"' for label in sorted(labels))


def _many(many: Shape, one: Shape, extra: tuple[str, ...]) -> Shape:
    """Match each series of the many side with one of the other, whose ``extra`` labels it takes over."""
    taken = {name: origin for name, origin in one.labels if name in extra}
    labels = {**dict(many.labels), **taken}
    # At another time the same series may match another one, with other labels.
    return shape(labels, many.live, None if taken else many.ever, exposed=many.exposed)


def _one_to_one(left: Shape, right: Shape, on: frozenset[str]) -> Shape:
    """Keep the labels matched on; the result has at most as many series as either side."""
    by_labels = grouped(left, on)
    live = _fewest(left.live, right.live, by_labels.live)
    ever = _fewest(left.ever, right.ever, by_labels.ever)
    exposed = left.exposed and right.exposed
    return shape(dict(by_labels.labels), live, ever, exposed=exposed)


def _fewest(left: tuple[Term, ...], right: tuple[Term, ...], by_labels: tuple[Term, ...]) -> tuple[Term, ...]:
    """A few single series on one side are all that can match."""
    return next((terms for terms in (left, right) if not any(terms)), by_labels)
