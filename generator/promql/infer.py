"""The result of an expression and its problems, inferred from the series that it reads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.promql import matching
from generator.promql.shape import (
    NOTHING,
    SCALAR,
    SINGLE,
    Shape,
    constant,
    grouped,
    labelled,
    selected,
    shape,
    takes,
    top,
    without_values,
)
from generator.promql.syntax import Reference, operands, parse, reference, references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_RANKED = {"topk", "bottomk", "limitk"}
_COPIES = {"label_replace", "label_join"}
_FROM_BUCKETS = {"histogram_quantile"}
_BUCKET = "le"
#: The label for dates; its set of values has the same name.
DAY = "day"


class Join(Struct, frozen=True):
    """Two vectors that an operator matches: the labels of both sides, and those matched on, None for all."""

    op: str
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
        read = reference(node)
        known = self.known.get(read.name)
        if known is None:
            name = read.name or "a selector without a name"
            self.problems.append(f"reads {name}, which nothing records or exposes")
            return NOTHING
        if not known.nothing:
            absent = [matcher for matcher in read.matchers if matcher[0] not in known.names]
            for label, _, _ in absent:
                self.problems.append(f'matches {read.name} by "{label}", a label that it does not have')
            if not all(_takes_nothing(op, value) for _, op, value in absent):
                return NOTHING
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
            return self._of_values(node, grouped(inner, by))
        if op in _RANKED:
            count = node.param.val if isinstance(node.param, grammar.NumberLiteral) else 1
            return top(inner, max(1, int(count)), by)
        return grouped(inner, by)

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
            return matching.joined(node, left, right, self.problems)
        arms: list[grammar.BinaryExpr] = []
        first: grammar.Expr = node
        while isinstance(first, grammar.BinaryExpr) and str(first.op) == "or":
            arms.append(first)
            first = first.lhs
        result = self.shape_of(first)
        for arm in reversed(arms):
            other = self.shape_of(arm.rhs)
            self._join(arm, result, other)
            result = matching.either(arm, result, other)
        return result

    def _join(self, node: grammar.BinaryExpr, left: Shape, right: Shape) -> None:
        if not (left.scalar or right.scalar or left.nothing or right.nothing):
            on = matching.matched_on(node.modifier)
            self.joins.append(Join(str(node.op), left.names, right.names, on))

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
            return labelled(inner, ((target, constant(words[1].replace("$$", "$"))),))
        sources = [words[2]] if name == "label_replace" else words[2:]
        origins = dict(inner.labels)
        if len(sources) > 1:
            self.problems.append(f'makes "{target}" of several labels: nothing bounds its values')
        if not inner.nothing:
            for source in sources:
                if source not in origins:
                    self.problems.append(f'copies "{source}", a label that is not there')
        return labelled(inner, ((target, origins.get(sources[0], constant(""))),))

    def _from_buckets(self, name: str, inner: Shape) -> Shape:
        if not inner.nothing and _BUCKET not in inner.names:
            self.problems.append(f"{name} reads series without buckets")
        return without_values(inner, _BUCKET)


def _takes_nothing(op: str, value: str) -> bool:
    """Whether a matcher matches series that lack its label."""
    return takes(op, value, "")


def _absent(argument: grammar.Expr) -> Shape:
    """A single series, with the labels that an equality matcher names."""
    selector = argument.vector_selector if isinstance(argument, grammar.MatrixSelector) else argument
    if not isinstance(selector, grammar.VectorSelector):
        return SINGLE
    equal = {label: constant(value) for label, op, value in reference(selector).matchers if op == "="}
    return shape(equal)
