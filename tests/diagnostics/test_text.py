"""Diagnostics as people see them."""

from __future__ import annotations

import re

import pytest

from generator.diagnostics import Span, error
from generator.diagnostics.formats import render_text, summary
from tests.diagnostics.samples import DUPLICATE, EVERY, FILE, FORBIDDEN, INFO, PLACELESS, SOURCES, WARNING


def _rendered(text: str, span: Span) -> list[str]:
    return render_text([error("a/b", "m", span)], {FILE: text}).splitlines()


def test_a_diagnostic_shows_its_place_its_line_and_its_help() -> None:
    assert render_text([FORBIDDEN], SOURCES) == (
        "specs/services/support-agent.yaml:3:5: error[cardinality/forbidden-label]: "
        'label "run_id" identifies single runs\n'
        "    3 |     run_id: {max: 1000000}\n"
        "      |     ^^^^^^\n"
        "  help: segment by release, model or tool; put run ids in logs, traces or exemplars\n"
        "\n"
        "1 error\n"
    )


def test_a_note_shows_the_second_place() -> None:
    assert render_text([DUPLICATE], SOURCES) == (
        'specs/services/support-agent.yaml:5:1: error[yaml/duplicate-key]: key "owner" is written twice\n'
        "    5 | owner: b\n"
        "      | ^^^^^\n"
        "  note: specs/services/support-agent.yaml:4:1: it stands here first\n"
        "    4 | owner: a\n"
        "      | ^^^^^\n"
        "  help: keep one of the two\n"
        "\n"
        "1 error\n"
    )


def test_a_span_of_several_lines_shows_its_first() -> None:
    assert render_text([WARNING], SOURCES).splitlines()[1:3] == ["    2 | labels:", "      | ^^^^^^^"]


def test_a_whole_file_has_no_line_and_no_excerpt() -> None:
    assert render_text([INFO], SOURCES) == (
        "specs/services/support-agent.yaml: info[source/too-many-errors]: 3 more findings are not shown\n"
        "\n"
        "1 info\n"
    )


def test_a_diagnostic_without_a_place_begins_with_its_code() -> None:
    assert render_text([PLACELESS], {}) == "error[source/missing]: no spec was given\n\n1 error\n"


def test_without_the_source_there_is_no_excerpt() -> None:
    assert render_text([FORBIDDEN], {}).count("\n") == 4


def test_nothing_found_says_nothing() -> None:
    assert render_text([], SOURCES) == ""


def test_the_summary_counts_each_severity() -> None:
    assert summary(EVERY) == "3 errors, 1 warning, 1 info"
    assert summary([WARNING, WARNING]) == "2 warnings"


def test_diagnostics_stand_apart_in_the_order_given() -> None:
    codes = re.findall(r"^\S*.*\[(.+/.+)\]: ", render_text(EVERY, SOURCES), re.MULTILINE)
    assert codes == [diagnostic.code for diagnostic in EVERY]
    assert render_text(EVERY, SOURCES).count("\n\n") == len(EVERY)


def test_colours_come_only_when_asked_for_and_change_no_letter() -> None:
    plain, coloured = (render_text(EVERY, SOURCES, colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[1;31merror[yaml/duplicate-key]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize(
    ("line", "column", "end", "marks"),
    [
        ("a: 日本語", 4, 7, "   ^^^^^^"),
        ("日本: x", 5, 6, "      ^"),
        ("e\u0301: x", 5, 6, "   ^"),
        ("a:\tx", 4, 5, "      ^"),
        ("a: \x07x", 5, 6, "       ^"),
        ("a: \u202ex", 5, 6, "         ^"),
        ("a: x", 5, 5, "    ^"),
        ("a: x", 99, 100, "    ^"),
    ],
)
def test_the_caret_stands_below_what_is_meant(line: str, column: int, end: int, marks: str) -> None:
    assert _rendered(line, Span(FILE, 1, column, 1, end))[2] == f"      | {marks}"


def test_nothing_from_a_spec_can_move_the_cursor_or_turn_the_text() -> None:
    hostile = "\x1b[2J\u202e\u2066\x00\x9b\u200b\udce9\u2028"
    text = render_text([error("a/b", hostile, Span(hostile, 1, 1, 1, 2), hostile)], {hostile: hostile})
    assert not set(hostile) - set("[2J") & set(text)
    assert r"\x1b[2J\u202e\u2066\x00\x9b\u200b\xe9\u2028" in text


def test_a_message_stays_on_one_line() -> None:
    assert render_text([error("a/b", "x\ny\tz", None)], {}).splitlines()[0] == r"error[a/b]: x\ny\tz"


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    shown = _rendered(line, Span(FILE, 1, 5001, 1, 5005))
    assert len(shown[1]) < 150
    start = shown[2].index("^")
    assert shown[1][start : start + 4] == "HERE"
    assert shown[2].count("^") == 4


def test_a_long_span_is_underlined_as_far_as_it_is_shown() -> None:
    shown = _rendered("x" * 5000, Span(FILE, 1, 1, 1, 5001))
    assert shown[2].count("^") == shown[1].count("x") == 120


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_lines_end_as_they_do_for_yaml(ending: str) -> None:
    assert _rendered(f"a: 1{ending}b: 2{ending}", Span(FILE, 2, 1, 2, 2))[1] == "    2 | b: 2"


def test_a_line_that_the_source_has_not_is_not_shown() -> None:
    assert len(_rendered("a: 1", Span(FILE, 7, 1, 7, 2))) == 3


def test_numbers_of_any_width_keep_the_excerpt_straight() -> None:
    shown = _rendered("\n" * 123455 + "a: 1", Span(FILE, 123456, 1, 123456, 2))
    assert shown[1:3] == ["123456 | a: 1", "       | ^"]
