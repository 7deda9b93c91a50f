"""A finding in a shipped file is reported at a file of the reader's."""

from __future__ import annotations

import json

import pytest

from generator.diagnostics import Note, Span, at_home, error
from generator.diagnostics.formats import render_github, render_sarif

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
