"""Composed expressions: they parse to the composed tree, and contain values unchanged."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.promql.expr import (
    Expr,
    Series,
    aggregate,
    all_of,
    any_of,
    binary,
    call,
    escape_regex,
    literal,
    number,
    quote,
    series,
    top,
    total,
)
from generator.promql.syntax import references
from tests.promql.trees import OPERATORS, TEXT, Made, tree, vectors

unhurried = settings(deadline=None, max_examples=100)
A, B, C = (Series(name).now() for name in "abc")
ZERO = number(0)


@unhurried
@given(vectors())
def test_composed_expressions_parse_to_the_tree_that_is_meant(made: Made) -> None:
    assert tree(made.expr.text) == made.tree


@pytest.mark.parametrize("outer", OPERATORS)
@pytest.mark.parametrize("inner", OPERATORS)
def test_each_operator_in_each_other_keeps_its_side(outer: str, inner: str) -> None:
    a, b, c = (tree(name) for name in "abc")
    left = OPERATORS[outer](OPERATORS[inner](A, B), C)
    right = OPERATORS[outer](A, OPERATORS[inner](B, C))
    assert tree(left.text) == (outer, None, (inner, None, a, b), c)
    assert tree(right.text) == (outer, None, a, (inner, None, b, c))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (A + B * C, "a + b * c"),
        ((A + B) * C, "(a + b) * c"),
        (A - (B - C), "a - (b - c)"),
        (A - B - C, "a - b - c"),
        (A / (B * C), "a / (b * c)"),
        ((A > B) & (B > C) | C, "a > b and b > c or c"),
        ((A | B) & C, "(a or b) and c"),
        (A > ZERO, "a > 0"),
        (number(-1) * A, "-1 * a"),
        (A - number(-1), "a - -1"),
        (total(A / B, ("x", "y")), "sum by (x, y) (a / b)"),
        (total(A | B), "sum(a or b)"),
        (aggregate("max", A), "max(a)"),
        (top(A), "topk(1, a)"),
        (call("clamp_min", A - B, number(0)), "clamp_min(a - b, 0)"),
        (binary("/", A, B > ZERO, on=("x",), group_left=()), "a / on (x) group_left () (b > 0)"),
        (binary("and", A, B, on=()), "a and on () b"),
        (any_of([A, B, C]), "a or b or c"),
        (all_of([A, B | C]), "a and (b or c)"),
        (any_of([A]), "a"),
    ],
)
def test_only_parentheses_that_are_needed_are_written(expr: Expr, text: str) -> None:
    assert expr.text == text
    assert tree(text)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Series("a").now(), "a"),
        (Series("a").now(offset=3600), "a offset 1h"),
        (Series("a").over(899), "a[14m59s]"),
        (Series("a").over(60, offset=86_400), "a[1m] offset 1d"),
        (Series("a").where(x="y").sampled(86_400, 900), 'a{x="y"}[1d:15m]'),
        (series("a", {"x": "1", "b": "2"}).now(), 'a{b="2",x="1"}'),
        (Series("a").where("!=", x="").now(), 'a{x!=""}'),
        (Series("a").where(op="read", self="me").now(), 'a{op="read",self="me"}'),
        (Series("a").one_of("x", ["1"]).now(), 'a{x="1"}'),
        (Series("a").one_of("op", ["1"]).now(), 'a{op="1"}'),
        (Series("a").one_of("x", ["1", "2.0"]).now(), 'a{x=~"1|2\\\\.0"}'),
        (Series("a").none_of("x", ["", "b|c"]).now(), 'a{x!~"|b\\\\|c"}'),
    ],
)
def test_selectors_are_written_in_one_way(expr: Expr, text: str) -> None:
    assert expr.text == text
    assert tree(text)


def test_the_order_of_matchers_does_not_change_the_text() -> None:
    one = Series("a").where(x="1").where("!=", y="2")
    other = Series("a").where("!=", y="2").where(x="1")
    assert one.now().text == other.now().text


@unhurried
@given(TEXT)
@example("\0")
def test_any_text_is_read_as_it_was_quoted(text: str) -> None:
    (found,) = references(Series("a").where(x=text).now().text)
    assert found.matchers == (("x", "=", text),)
    assert tree(call("label_replace", A, *[literal(text)] * 4).text)[3:] == (("text", text),) * 4


@unhurried
@given(TEXT, TEXT)
def test_no_text_adds_a_matcher_or_a_call(one: str, other: str) -> None:
    (found,) = references(Series("a").where(x=one).where("!=", y=other).now().text)
    assert found.matchers == (("x", "=", one), ("y", "!=", other))


def test_a_quoted_text_stays_on_one_line() -> None:
    assert quote('a\n"b"\\') == '"a\\n\\"b\\"\\\\"'


@unhurried
@given(st.lists(TEXT.filter(bool), min_size=2, max_size=4))
def test_every_value_is_an_alternative_of_its_own(values: list[str]) -> None:
    (found,) = references(Series("a").one_of("x", values).now().text)
    assert found.matchers == (("x", "=~", "|".join(escape_regex(value) for value in values)),)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", '{x="a"}'), ("$a", '{x=~"[$]a"}'), ("[[a]]", r'{x=~"\\[\\[a\\]\\]"}'), ("[a", '{x="[a"}')],
)
def test_a_value_that_grafana_would_read_as_a_variable_is_spelled_otherwise(value: str, text: str) -> None:
    assert Series("a").one_of("x", [value]).now().text == f"a{text}"


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("gpt-4o", "gpt-4o"),
        ("v1.2", r"v1\.2"),
        ("a|b", r"a\|b"),
        ("(a)[b]{c}", r"\(a\)\[b\]\{c\}"),
        (r"^$*+?\d", r"\^[$]\*\+\?\\d"),
        ("${x}[[y]]", r"[$]\{x\}\[\[y\]\]"),
        ("a b/c", "a b/c"),
        ("", ""),
    ],
)
def test_only_what_means_something_to_a_regular_expression_is_escaped(value: str, escaped: str) -> None:
    assert escape_regex(value) == escaped
