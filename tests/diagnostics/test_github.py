"""Diagnostics as workflow commands."""

from __future__ import annotations

import pytest

from generator.diagnostics import Span, error
from generator.diagnostics.formats import render_github
from tests.diagnostics.samples import DUPLICATE, EVERY, INFO, PLACELESS, WARNING


def test_an_error_names_its_file_line_columns_and_code() -> None:
    assert render_github([DUPLICATE]) == (
        "::error file=specs/services/support-agent.yaml,line=5,endLine=5,col=1,endColumn=6,"
        'title=yaml/duplicate-key::key "owner" is written twice%0Ahelp: keep one of the two\n'
    )


def test_a_span_of_several_lines_has_no_columns() -> None:
    assert "line=2,endLine=3,title=" in render_github([WARNING])


def test_a_whole_file_has_no_line() -> None:
    assert render_github([INFO]).startswith("::notice file=specs/services/support-agent.yaml,title=")


def test_a_diagnostic_without_a_place_has_no_file() -> None:
    assert render_github([PLACELESS]) == "::error title=source/missing::no spec was given\n"


def test_each_diagnostic_is_one_line() -> None:
    assert render_github(EVERY).count("\n") == len(EVERY)
    assert render_github([]) == ""


@pytest.mark.parametrize(
    "hostile", ["\n::set-env name=x::y", "\r::stop", "100%0A::x", "\x1b[2J", "\u2028::x"]
)
def test_no_spec_can_write_a_command(hostile: str) -> None:
    text = render_github([error("a/b", hostile, Span(hostile, 1, 1, 1, 2), hostile)])
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "%0A" not in text.replace("%0Ahelp: ", "")


def test_properties_escape_what_separates_them() -> None:
    assert "file=a%3Ab%2Cc%25.yaml," in render_github([error("a/b", "m", Span("a:b,c%.yaml", 1, 1, 1, 2))])
