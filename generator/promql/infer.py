"""The result of an expression and its problems, inferred from the series that it reads.

The sides of a binary operator are matched: the labels of the result, and whether they can match at all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.model.names import DAY
from generator.promql.shape import (
    NOTHING,
    SCALAR,
    SINGLE,
    Shape,
    Term,
    aggregated,
    alternative,
    constant,
    few_of_each,
    met_by_one,
    relabelled,
    selected,
    shape,
    size_of_part,
    union,
    without_values,
)
from generator.promql.syntax import FILTERS, RANKED, Reference, operands, parse, references, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Aggregations that keep a number of series; ``limit_ratio`` keeps a share of them.
_RANKED = RANKED - {"limit_ratio"}
_COPIES = {"label_replace", "label_join"}
_FROM_BUCKETS = {"histogram_quantile"}
_BUCKET = "le"


class Join(Struct, frozen=True):
    """Two vectors that an operator matches: the labels of both sides, and those matched on, None for all."""

    left: frozenset[str]
    right: frozenset[str]
    on: frozenset[str] | None


class Inferred(Struct, frozen=True):
    """The shape of an expression, its references and joins, and its problems, in words."""

    shape: Shape
    reads: tuple[Reference, ...]
    problems: tuple[str, ...]
    joins: tuple[Join, ...] = ()


def infer(text: str, known: Mapping[str, Shape]) -> Inferred:
    """Infer the result of ``text``, where ``known`` are the series by name.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    return _infer(text, tuple([(name, known[name]) for name in names_read(text) if name in known]))


@lru_cache(maxsize=4096)
def names_read(text: str) -> tuple[str, ...]:
    """List the series that ``text`` reads, each once.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    return tuple(dict.fromkeys(read.name for read in references(text)))


@lru_cache(maxsize=4096)
def _infer(text: str, known: tuple[tuple[str, Shape], ...]) -> Inferred:
    walk = _Walk(dict(known), [], [])
    result = walk.shape_of(parse(text))
    return Inferred(result, references(text), tuple(dict.fromkeys(walk.problems)), tuple(walk.joins))


class _Walk(Struct, frozen=True):
    known: Mapping[str, Shape]
    problems: list[str]
    joins: list[Join]

    def shape_of(self, node: grammar.Expr) -> Shape:
        match node:
            case grammar.VectorSelector():
                return self._selected(node)
            case grammar.AggregateExpr():
                return self._aggregated(node)
            case grammar.BinaryExpr():
                return self._joined(node)
            case grammar.Call():
                return self._called(node)
            case grammar.NumberLiteral() | grammar.StringLiteral():
                return SCALAR
            case _:
                return self.shape_of(operands(node)[0])

    def _selected(self, node: grammar.VectorSelector) -> Shape:
        read = selector_of(node)
        known = self.known.get(read.name)
        if known is None:
            name = read.name or "a selector without a name"
            self.problems.append(f"reads {name}, which nothing records or exposes")
            return NOTHING
        if not known.nothing:
            for label in read.labels:
                if label not in known.names:
                    self.problems.append(f'matches {read.name} by "{label}", a label that it does not have')
            return selected(known, read.matchers)
        return known

    def _aggregated(self, node: grammar.AggregateExpr) -> Shape:
        inner, op = self.shape_of(node.expr), str(node.op)
        by = tuple(node.modifier.labels) if node.modifier else ()
        if node.modifier and node.modifier.type == grammar.AggModifierType.Without:
            by = tuple(inner.names - set(by))
        if not inner.nothing:
            for label in by:
                if label not in inner.names:
                    self.problems.append(f'groups by "{label}", a label that is not there')
        if op == "count_values":
            return self._of_values(node, aggregated(inner, by))
        if op in _RANKED:
            count = node.param.val if isinstance(node.param, grammar.NumberLiteral) else 1
            return few_of_each(inner, max(1, int(count)), by)
        return aggregated(inner, by)

    def _of_values(self, node: grammar.AggregateExpr, groups: Shape) -> Shape:
        """Accept dates, of which there are as many as days; any other values are unbounded."""
        label = node.param.val if isinstance(node.param, grammar.StringLiteral) else ""
        if label != DAY:
            self.problems.append("makes a label of values, of which there is no end")
        return groups if groups.nothing else shape({**dict(groups.labels), label: (label,)})

    def _joined(self, node: grammar.BinaryExpr) -> Shape:
        """Join two sides; a chain of ``or`` is walked without recursion, since it may be long."""
        if str(node.op) != "or":
            left, right = self.shape_of(node.lhs), self.shape_of(node.rhs)
            self._join(node, left, right)
            return _matched(node, left, right, self.problems)
        arms: list[grammar.BinaryExpr] = []
        first: grammar.Expr = node
        while isinstance(first, grammar.BinaryExpr) and str(first.op) == "or":
            arms.append(first)
            first = first.lhs
        result = self.shape_of(first)
        for arm in reversed(arms):
            other = self.shape_of(arm.rhs)
            self._join(arm, result, other)
            result = _either(arm, result, other)
        return result

    def _join(self, node: grammar.BinaryExpr, left: Shape, right: Shape) -> None:
        if not (left.scalar or right.scalar or left.nothing or right.nothing):
            on = _matched_on(node.modifier)
            self.joins.append(Join(left.names, right.names, on))

    def _called(self, node: grammar.Call) -> Shape:
        name, arguments = node.func.name, list(node.args)
        shapes = [self.shape_of(argument) for argument in arguments]
        vectors = [operand for operand in shapes if not operand.scalar]
        if node.func.return_type == grammar.ValueType.Scalar:
            return SCALAR
        if name in {"absent", "absent_over_time"}:
            return _absent(arguments[0])
        if not vectors:
            return SINGLE
        if name in _COPIES:
            return self._copied(name, arguments, vectors[0])
        if name in _FROM_BUCKETS:
            return self._from_buckets(name, vectors[0])
        return vectors[0]

    def _copied(self, name: str, arguments: Sequence[grammar.Expr], inner: Shape) -> Shape:
        words = [argument.val for argument in arguments if isinstance(argument, grammar.StringLiteral)]
        target = words[0]
        if name == "label_replace" and words[2:] == ["", ""]:
            return relabelled(inner, ((target, constant(words[1].replace("$$", "$"))),))
        sources = [words[2]] if name == "label_replace" else words[2:]
        origins = dict(inner.labels)
        if len(sources) > 1:
            self.problems.append(f'makes "{target}" of several labels: nothing bounds its values')
        if not inner.nothing:
            for source in sources:
                if source not in origins:
                    self.problems.append(f'copies "{source}", a label that is not there')
        return relabelled(inner, ((target, origins.get(sources[0], constant(""))),))

    def _from_buckets(self, name: str, inner: Shape) -> Shape:
        if not inner.nothing and _BUCKET not in inner.names:
            self.problems.append(f"{name} reads series without buckets")
        return without_values(inner, _BUCKET)


def _absent(argument: grammar.Expr) -> Shape:
    """A single series, with the labels that an equality matcher names."""
    selector = argument.vector_selector if isinstance(argument, grammar.MatrixSelector) else argument
    if not isinstance(selector, grammar.VectorSelector):
        return SINGLE
    equal = {label: constant(value) for label, op, value in selector_of(selector).matchers if op == "="}
    return shape(equal)


def _matched(node: grammar.BinaryExpr, left: Shape, right: Shape, problems: list[str]) -> Shape:
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
    if op in FILTERS:
        return met_by_one(left, right, on) if op == "and" else left
    card = modifier.card if modifier else grammar.VectorMatchCardinality.OneToOne
    extra = tuple(modifier.group_labels or ()) if modifier else ()
    if card == grammar.VectorMatchCardinality.ManyToOne:
        return _many(left, right, extra)
    if card == grammar.VectorMatchCardinality.OneToMany:
        return _many(right, left, extra)
    return _one_to_one(left, right, on)


def _matched_on(modifier: grammar.BinModifier | None) -> frozenset[str] | None:
    """List the labels that ``on`` names; None where series match on all of theirs, or on all but some."""
    if modifier is None or modifier.matching is None:
        return None
    if modifier.matching.type != grammar.LabelModifierType.Include:
        return None
    return frozenset(modifier.matching.labels)


def _either(node: grammar.BinaryExpr, left: Shape, right: Shape) -> Shape:
    """Infer the result of ``or``: matched on labels of one value each, it is either side as a whole."""
    on = _matched_on(node.modifier)
    if on is not None and not (left.nothing or right.nothing) and _single(left, on) and _single(right, on):
        return alternative(left, right)
    return union(left, right)


def _single(inner: Shape, on: frozenset[str]) -> bool:
    origins = dict(inner.labels)
    return all(len(origin := origins.get(name, ())) == 1 and size_of_part(origin[0]) == 1 for name in on)


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
            listed = ", ".join(f'"{label}"' for label in sorted(only))
            yield f"joins sides that never meet: only one of them has {listed}"
        return
    for label in modifier.matching.labels:
        if label not in left.names or label not in right.names:
            yield f'matches on "{label}", a label that one side does not have'


def _many(many: Shape, one: Shape, extra: tuple[str, ...]) -> Shape:
    """Match each series of the many side with one of the other, whose ``extra`` labels it takes over."""
    taken = {name: origin for name, origin in one.labels if name in extra}
    labels = {**dict(many.labels), **taken}
    # At another time the same series may match another one, with other labels.
    return shape(labels, many.live, None if taken else many.ever, exposed=many.exposed)


def _one_to_one(left: Shape, right: Shape, on: frozenset[str]) -> Shape:
    """Keep the labels matched on; the result has at most as many series as either side."""
    by_labels = aggregated(left, on)
    live = _fewest(left.live, right.live, by_labels.live)
    ever = _fewest(left.ever, right.ever, by_labels.ever)
    exposed = left.exposed and right.exposed
    return shape(dict(by_labels.labels), live, ever, exposed=exposed)


def _fewest(left: tuple[Term, ...], right: tuple[Term, ...], by_labels: tuple[Term, ...]) -> tuple[Term, ...]:
    """A few single series on one side are all that can match."""
    return next((terms for terms in (left, right) if not any(terms)), by_labels)
