"""Expressions as nested tuples: their meaning, without the written parentheses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import promql_parser as grammar
from hypothesis import strategies as st
from msgspec import Struct

from generator.promql.expr import Expr, Series, aggregate, binary, call, literal, number
from generator.promql.syntax import parse, selector_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Tree: TypeAlias = "tuple[object, ...]"

NAMES = ("a", "b:c:d", "release_status_stop_reason:agent_run:increase15m")
#: Any possible value of a label; a spec's text has no surrogates and no NUL.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        'a",b="c',
        "\\n",
        "\\",
        '"',
        "'",
        "`",
        "a\nb",
        "\r\t",
        "{{ $value }}",
        "$1",
        "[[x]]",
        "%",
        "#",
        "é\u0301",
        "\u2028",
    ]
)
ARITHMETIC = ("+", "-", "*", "/")
COMPARISONS = ("==", "!=", "<=", "<", ">=", ">")
SETS = ("and", "or", "unless")


class Made(Struct, frozen=True):
    """An expression as our code composes it, and the intended tree."""

    expr: Expr
    tree: Tree
    scalar: bool = False


def tree(text: str) -> Tree:
    """Read an expression as its parser does, parentheses aside."""
    return _tree(parse(text))


def _tree(node: grammar.Expr) -> Tree:  # noqa: PLR0911 - one for each kind of node
    match node:
        case grammar.ParenExpr():
            return _tree(node.expr)
        case grammar.BinaryExpr():
            return (str(node.op), _matching(node), _tree(node.lhs), _tree(node.rhs))
        case grammar.AggregateExpr():
            by = tuple(sorted(node.modifier.labels)) if node.modifier else ()
            params = () if node.param is None else (_tree(node.param),)
            return ("aggregate", str(node.op), by, *params, _tree(node.expr))
        case grammar.Call():
            return ("call", node.func.name, *map(_tree, node.args))
        case grammar.SubqueryExpr():
            return ("subquery", _tree(node.expr), node.range, node.step)
        case grammar.MatrixSelector():
            return ("range", _tree(node.vector_selector), node.range)
        case grammar.VectorSelector():
            return ("select", selector_of(node), node.offset)
        case grammar.NumberLiteral():
            return ("number", node.val)
        case grammar.StringLiteral():
            return ("text", node.val)
        case _:
            raise AssertionError(node)


def _matching(node: grammar.BinaryExpr) -> Tree | None:
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return None
    grouped = modifier.group_labels
    return (tuple(modifier.matching.labels), None if grouped is None else tuple(grouped))


def selectors() -> st.SearchStrategy[Made]:
    """An instant vector."""
    matchers = st.lists(
        st.tuples(st.sampled_from(("x", "op", "self", "le")), TEXT), max_size=2, unique_by=lambda m: m[0]
    )
    return st.builds(_selector, st.sampled_from(NAMES), matchers, st.sampled_from((0, 60, 3600)))


def _selector(name: str, matchers: list[tuple[str, str]], offset: int) -> Made:
    series = Series(name)
    for label, value in matchers:
        series = series.where(**{label: value})
    expr = series.now(offset=offset)
    return Made(expr, tree(expr.text))


def scalars() -> st.SearchStrategy[Made]:
    """A number, or arithmetic of numbers."""
    values = st.integers(-3, 3) | st.sampled_from((0.5, -0.25, 1e-6))
    return st.recursive(values.map(_number), lambda inner: _joined(ARITHMETIC, inner, inner), max_leaves=4)


def _number(value: float) -> Made:
    expr = number(value)
    return Made(expr, tree(expr.text), scalar=True)


def vectors() -> st.SearchStrategy[Made]:
    """Any instant vector that our operators and functions compose."""
    return st.recursive(selectors(), _composed, max_leaves=12)


def _composed(inner: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    either = inner | scalars()
    return st.one_of(
        _joined((*ARITHMETIC, *COMPARISONS), inner, either),
        _joined((*ARITHMETIC, *COMPARISONS), scalars(), inner),
        _joined((*ARITHMETIC, *SETS), inner, inner),
        st.builds(_matched, st.sampled_from((*ARITHMETIC, *SETS, *COMPARISONS)), inner, inner, st.booleans()),
        st.builds(
            _aggregated,
            st.sampled_from(("sum", "max", "group")),
            inner,
            st.sampled_from(((), ("x",), ("le", "x"))),
        ),
        st.builds(_replaced, inner, TEXT),
    )


def _joined(
    ops: tuple[str, ...], left: st.SearchStrategy[Made], right: st.SearchStrategy[Made]
) -> st.SearchStrategy[Made]:
    return st.builds(_binary, st.sampled_from(ops), left, right)


def _binary(op: str, left: Made, right: Made) -> Made:
    scalar = left.scalar and right.scalar
    return Made(OPERATORS[op](left.expr, right.expr), (op, None, left.tree, right.tree), scalar=scalar)


def _matched(op: str, left: Made, right: Made, many: bool) -> Made:  # noqa: FBT001 - drawn
    grouped = ("y",) if many and op not in SETS else None
    expr = binary(op, left.expr, right.expr, on=("x", "le"), group_left=grouped)
    return Made(expr, (op, (("x", "le"), grouped), left.tree, right.tree))


def _aggregated(operator: str, inner: Made, by: tuple[str, ...]) -> Made:
    return Made(aggregate(operator, inner.expr, by), ("aggregate", operator, by, inner.tree))


def _replaced(inner: Made, text: str) -> Made:
    words = ("x", text, "y", "(.+)")
    expr = call("label_replace", inner.expr, *map(literal, words))
    return Made(expr, ("call", "label_replace", inner.tree, *(("text", word) for word in words)))


OPERATORS: Mapping[str, Callable[[Expr, Expr], Expr]] = {
    "+": Expr.__add__,
    "-": Expr.__sub__,
    "*": Expr.__mul__,
    "/": Expr.__truediv__,
    "and": Expr.__and__,
    "or": Expr.__or__,
    ">": Expr.__gt__,
    ">=": Expr.__ge__,
    "<": Expr.__lt__,
    "<=": Expr.__le__,
    **{op: partial(binary, op) for op in ("==", "!=", "unless")},
}
