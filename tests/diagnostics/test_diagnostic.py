"""Diagnostics as values: their order, their number, results, and the places of findings in shipped files."""

from __future__ import annotations

import json

import pytest

from generator.diagnostics import (
    MAX_PER_FILE,
    Note,
    Result,
    Severity,
    Span,
    at_home,
    error,
    has_errors,
    limited,
    ordered,
    warning,
)
from generator.diagnostics.formats import render_github, render_sarif
from tests.diagnostics.samples import DUPLICATE, EVERY, FILE, INFO, WARNING


def test_only_errors_stop_the_compiler() -> None:
    assert has_errors(EVERY)
    assert not has_errors([WARNING, INFO])


def test_order_is_by_file_line_and_column() -> None:
    at = [Span("b", 1, 1, 1, 2), Span("a", 10, 1, 10, 2), Span("a", 9, 2, 9, 3), Span("a", 9, 1, 9, 2), None]
    found = ordered(error("x/y", "m", span) for span in at)
    assert [diagnostic.span for diagnostic in found] == list(reversed(at))


def test_the_same_diagnostic_is_told_once() -> None:
    assert ordered([DUPLICATE, DUPLICATE]) == (DUPLICATE,)


def test_a_file_with_few_findings_keeps_them_all() -> None:
    assert limited(EVERY) == ordered(EVERY)


def test_a_file_with_many_findings_keeps_the_first_and_counts_the_rest() -> None:
    many = [error("x/y", "m", Span(FILE, line, 1, line, 2)) for line in range(1, MAX_PER_FILE + 8)]
    others = [error("x/y", "m", Span("z.yaml", 1, 1, 1, 2))]
    found = limited([*many, *others])
    assert list(found[:MAX_PER_FILE]) == many[:MAX_PER_FILE]
    assert found[MAX_PER_FILE].severity is Severity.WARNING
    assert found[MAX_PER_FILE].message == "findings from here on that are not shown: 7"
    assert found[MAX_PER_FILE].span == many[MAX_PER_FILE].span
    assert list(found[MAX_PER_FILE + 1 :]) == others
    assert ordered(found) == found


def test_one_finding_too_many_is_counted_too_and_no_warning_hides_an_error() -> None:
    found = limited([DUPLICATE, WARNING], limit=1)
    assert found[0] == DUPLICATE
    assert found[1].message == "findings from here on that are not shown: 1"


def test_a_result_with_an_error_has_no_value() -> None:
    assert Result.of(1, (WARNING,)) == Result(1, (WARNING,))
    assert Result.of(1, (WARNING, DUPLICATE)).value is None
    assert Result.failed(DUPLICATE) == Result(None, (DUPLICATE,))


def test_the_builders_set_the_severity() -> None:
    assert error("x/y", "m", None).severity is Severity.ERROR
    assert warning("x/y", "m", None, "h").help == "h"
    assert warning("x/y", "m", None).severity is Severity.WARNING


HOME = Span("specs/services/a.yaml", 2, 10, 2, 15)
SHIPPED = Span("shipped:profiles/agent.yaml", 31, 3, 31, 14)
OWN = Span("specs/profiles/agent.yaml", 31, 3, 31, 14)
FIRST = Note("it stands here first", OWN)


def test_a_finding_in_a_shipped_file_is_told_at_home_and_notes_where_it_comes_from() -> None:
    (told,) = at_home([error("a/b", "It is.", SHIPPED, "", FIRST)], HOME)
    assert told == error("a/b", "It is.", HOME, "", Note("this comes from its profile", SHIPPED), FIRST)


@pytest.mark.parametrize(("span", "home"), [(OWN, HOME), (None, HOME), (SHIPPED, None)])
def test_any_other_stays_where_it_is(span: Span | None, home: Span | None) -> None:
    found = error("a/b", "It is.", span)
    assert at_home([found], home) == (found,)


def test_a_place_that_is_no_file_is_named_and_never_linked() -> None:
    found = error("a/b", "It is.", SHIPPED, "", Note("here", SHIPPED))
    assert render_github([found]) == "::error title=a/b::shipped:profiles/agent.yaml:31:3: It is.\n"
    (result,) = json.loads(render_sarif([found]))["runs"][0]["results"]
    place = {"logicalLocations": [{"fullyQualifiedName": "shipped:profiles/agent.yaml:31:3"}]}
    assert result["locations"] == [place]
    assert result["relatedLocations"] == [{**place, "message": {"text": "here"}}]
