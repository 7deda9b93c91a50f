"""Diagnostics as values: their order, their number, results."""

from __future__ import annotations

from generator.diagnostics import (
    MAX_PER_FILE,
    Result,
    Severity,
    Span,
    error,
    has_errors,
    limited,
    ordered,
    warning,
)
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
