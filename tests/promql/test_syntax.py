"""The parser behind every expression: layout keeps the meaning, references are complete."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from generator.promql.expr import Series, any_of, call, literal, total
from generator.promql.layout import layout, layout_alike
from generator.promql.syntax import PromqlError, Reference, parse, readings, references
from tests.promql.trees import TEXT, Made, tree, vectors

unhurried = settings(deadline=None, max_examples=100)
LONG = "release_status_stop_reason:agent_run:increase15m"


@unhurried
@given(vectors())
def test_layout_never_changes_what_an_expression_means(made: Made) -> None:
    laid_out = layout(made.expr.text)
    assert tree(laid_out) == made.tree
    assert references(laid_out) == references(made.expr.text)


@unhurried
@given(TEXT, TEXT)
def test_layout_of_a_long_expression_keeps_every_text(value: str, word: str) -> None:
    expr = total(Series(LONG).where(x=value).now(), ("release", "x")) / total(
        Series(LONG).now(), ("release",)
    )
    named = call("label_replace", expr, *(literal(word) for _ in range(4)))
    assert tree(layout(named.text)) == tree(named.text)


def test_a_short_expression_is_left_as_it_is() -> None:
    text = 'sum by (x) (a{b="1"}) / 2'
    assert layout(text) == text


@unhurried
@given(vectors())
def test_no_layout_begins_with_blanks_or_has_some_at_the_end_of_a_line(made: Made) -> None:
    """Go-yaml writes a text of several lines that begins with blanks so that it cannot be read again."""
    lines = layout(made.expr.text).split("\n")
    assert lines[0] == lines[0].lstrip()
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    "lines",
    [
        # The operands of a chain stand at one margin, and its operators too.
        [
            'release_status_stop_reason:agent_run:increase15m{x="1"}',
            'and release_status_stop_reason:agent_run:increase15m{x="2"}',
            "unless on (release) release_status_stop_reason:agent_run:increase15m",
        ],
        # What binds more tightly stands deeper, below its operator.
        [
            'release_status_stop_reason:agent_run:increase15m{x="1"}',
            "- on (release) group_left ()",
            '  release_status_stop_reason:agent_run:increase15m{x="2"}',
            '  * release_status_stop_reason:agent_run:increase15m{x="3"}',
            "> 0",
        ],
        # Brackets open on the line of their operator, and hold a chain of their own.
        [
            'release_status_stop_reason:agent_run:increase15m{x="1"}',
            "and on (release) (",
            '  release_status_stop_reason:agent_run:increase15m{x="2"}',
            "  / (1 - release_status_stop_reason:agent_run:increase15m)",
            "  > 0.5",
            ")",
        ],
        # So does each argument of a function.
        [
            "round(",
            '  release_status_stop_reason:agent_run:increase15m{x="1"}',
            '  + release_status_stop_reason:agent_run:increase15m{x="2"}',
            "  + 1,",
            "  0.001",
            ")",
        ],
    ],
)
def test_a_chain_of_operators_reads_from_top_to_bottom(lines: list[str]) -> None:
    assert layout(_on_one_line(lines)).splitlines() == lines


@pytest.mark.parametrize(
    "lines",
    [
        # Functions within each other begin on one line; the texts of each are below what they change.
        [
            "label_replace(label_join(label_replace(",
            "  release_status_stop_reason:agent_run:increase15m",
            '  or on (release) release_status_stop_reason:agent_run:increase15m{x="2"},',
            '  "a", "b", "c", "d"),',
            '  "e", "-", "a", "release"),',
            '  "f", "g", "h", "i"',
            ")",
        ],
        # Names that fill a line go on below it.
        [
            "".join(["label_replace("] * 6),
            "label_replace(",
            "  release_status_stop_reason:agent_run:increase15m",
            '  or release_status_stop_reason:agent_run:increase15m{x="1"},',
            *(f'  "{letter}", "", "", ""),' for letter in "abcdef"),
            '  "g", "", "", ""',
            ")",
        ],
        # So it is right of an operator, and within what another function changes.
        [
            'release_status_stop_reason:agent_run:increase15m{x="1"}',
            "or label_replace(",
            "  sum by (release) (",
            "    label_replace(label_replace(",
            '      release_status_stop_reason:agent_run:increase15m{x="2"},',
            '      "a", "long enough for a line of its own", "c", "d"),',
            '      "e", "f", "g", "h"',
            "    )",
            "  ),",
            '  "i", "j", "k", "l"',
            ")",
        ],
    ],
)
def test_functions_that_change_labels_read_from_top_to_bottom(lines: list[str]) -> None:
    assert layout(_on_one_line(lines)).splitlines() == lines


def _on_one_line(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines).replace("( ", "(").replace(" )", ")")


def test_what_the_parsers_printer_cannot_escape_is_left_as_our_own_text() -> None:
    text = call("label_replace", Series(LONG).now(), *(literal('"\\') for _ in range(4))).text
    assert tree(layout(text)) == tree(text)


@unhurried
@given(vectors(), TEXT.filter(bool))
def test_texts_that_differ_in_a_name_are_laid_out_as_each_of_them_alone(made: Made, name: str) -> None:
    other = "n" * len(name)
    long = any_of(
        [Series(LONG).where(service=value, x=other).now() for value in (name, f"{name}1", name)]
    ).text
    for text in (made.expr.text, long):
        assert layout_alike(text, name) == layout(text)


def test_texts_that_differ_in_a_name_are_laid_out_once() -> None:
    layout.cache_clear()
    for name in ("one-agent", "two-agent", "six-agent"):
        text = any_of([Series(LONG).where(service=name, x=str(index)).now() for index in range(9)]).text
        assert f'service="{name}"' in layout_alike(text, name)
    assert layout.cache_info().misses == 1


def test_a_name_that_another_text_hides_is_not_mistaken_for_it() -> None:
    text = any_of([Series(LONG).where(service="abc", x="___").now() for _ in range(3)]).text
    assert layout_alike(text, "abc") == layout(text)


@pytest.mark.parametrize("space", ["\u2028", "\x0b", "\u00a0", "\t", "  "])
def test_spaces_inside_a_string_are_not_layout(space: str) -> None:
    text = any_of([Series(LONG).where(x=f"a{space}b", y=str(index)).now() for index in range(5)]).text
    assert tree(layout(text)) == tree(text)
    assert space.encode() in layout(text).encode() or "\\" in layout(text)


@pytest.mark.parametrize("value", ["$__range", '"[$__interval', "2h2m2s2ms"])
def test_a_duration_of_grafana_inside_a_string_is_no_duration(value: str) -> None:
    over = f"sum_over_time({Series(LONG).where(x=value).now().text}[$__range:1m])"
    laid_out = layout(f"{over} / {over}")
    assert [matched for found in references(laid_out) for _, _, matched in found.matchers] == [value] * 2
    assert laid_out.count("[$__range:1m]") == 2


def test_layout_is_stable() -> None:
    text = any_of([Series(LONG).where(x=str(index)).now() for index in range(9)]).text
    assert layout(layout(text)) == layout(text)


@pytest.mark.parametrize(
    "text", ["", "a +", 'a{x="1}', "sum by (x a", "a[0s]", "a and 1", "1 > 2", "a{x=1}", "x y"]
)
def test_what_is_no_promql_is_a_defect_that_names_the_text(text: str) -> None:
    for function in (parse, layout, references):
        with pytest.raises(PromqlError) as caught:
            function(text)
        assert str(caught.value).endswith(f": {text}")


def test_references_are_every_selector_in_order() -> None:
    text = (
        'sum(rate(a_total{x="1",y!="2"}[5m])) / (b offset 1h > 0) or topk(1, c{z=~"3|4"}) '
        'unless count_over_time((d{w!~"5"} > 1)[1h:1m]) + time() * -e'
    )
    assert references(text) == (
        Reference("a_total", (("x", "=", "1"), ("y", "!=", "2"))),
        Reference("b", ()),
        Reference("c", (("z", "=~", "3|4"),)),
        Reference("d", (("w", "!~", "5"),)),
        Reference("e", ()),
    )
    assert references(text)[0].labels == ("x", "y")


def test_references_hold_a_selector_that_stands_twice_twice() -> None:
    assert [found.name for found in references("a - a offset 1h")] == ["a", "a"]


def test_a_selector_without_a_name_is_a_reference_too() -> None:
    assert references('{x="1"}') == (Reference("", (("x", "=", "1"),)),)


def test_chains_as_long_as_a_price_list_are_no_trouble() -> None:
    text = any_of([Series(f"a{index}").now() for index in range(400)]).text
    assert [found.name for found in references(text)] == [f"a{index}" for index in range(400)]
    assert tree_names(layout(text)) == [f"a{index}" for index in range(400)]


def tree_names(text: str) -> list[str]:
    """The names of all selectors."""
    return [found.name for found in references(text)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a", [("a", "", 0)]),
        ("sum(a) / b", [("a", "", 0), ("b", "", 0)]),
        ('sum by (x) (rate(a{x="1"}[1m15s] offset 1h))', [("a", "rate", 75)]),
        ("max_over_time((sum_over_time(a[5m]))[1h:1m]) or -b", [("a", "sum_over_time", 300), ("b", "", 0)]),
        ("quantile_over_time(scalar(b), a[1m])", [("b", "", 0), ("a", "quantile_over_time", 60)]),
        ("clamp_min(rate(a[1m]) - a, 0)", [("a", "rate", 60), ("a", "", 0)]),
        ("vector(1)", []),
    ],
)
def test_each_selector_is_read_by_the_function_around_its_range(
    text: str, read: list[tuple[str, str, float]]
) -> None:
    assert [(one.of.name, one.function, one.window) for one in readings(text)] == read


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(PromqlError):
        readings("sum(")
