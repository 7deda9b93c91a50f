"""Grafana finds its variables in the dashboards, and no further ones in texts of specs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from generator.promql.syntax import references
from tests.grafana.documents import targets, variables
from tests.grafana.rules.variable import REFERENCE, referred
from tests.grafana.substitution import ALL, ShownRange, substituted
from tests.injection.hostile import TEXTS
from tests.injection.specs import tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.injection.conftest import CompiledFiles

Board = dict[str, Any]


@pytest.fixture
def boards(hostile: CompiledFiles) -> dict[str, Board]:
    """The dashboards by uid."""
    return _boards(hostile)


def _boards(compiled: CompiledFiles) -> dict[str, Board]:
    found = (
        json.loads(path.read_bytes()) for path in (compiled.output / "grafana/dashboards").glob("*.json")
    )
    return {board["uid"]: board for board in found}


def _strings(value: object) -> Iterator[str]:
    """List all strings of a document; Grafana looks for variables in many places, and in more with each version."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *_strings(one))
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str):
        yield value


def test_what_a_text_spells_is_no_variable(boards: dict[str, Board], plain: CompiledFiles) -> None:
    for uid, board in _boards(plain).items():
        assert _found(boards[uid]) == _found(board)
        assert {name for text in _strings(boards[uid]) for name in referred(text)} <= variables(board).keys()


def _found(board: Board) -> list[tuple[str | Any, ...]]:
    """List each occurrence of a variable, except the groups of label_replace."""
    return sorted(match.groups(default="") for text in _strings(board) for match in REFERENCE.finditer(text))


def test_grafana_reads_the_spellings_of_the_texts() -> None:
    assert {name for text in TEXTS for name in referred(text)} >= {"service", "release"}


def test_a_query_selects_the_limits_and_nothing_else(boards: dict[str, Board]) -> None:
    board = boards["agent-stop-reasons"]
    known = variables(board)
    chosen = {name: ALL if one["multi"] else "s" for name, one in known.items()}
    patterns = [
        value
        for target in targets(board)
        for reference in references(substituted(target.expr, known, chosen, ShownRange(0, 3600)))
        for label, operator, value in reference.matchers
        if (label, operator) == ("stop_reason", "=~") and value != known["stop_reason"]["allValue"]
    ]
    assert patterns
    for pattern in patterns:
        assert [text for text in TEXTS if not re.fullmatch(pattern, text)] == []
        assert not any(re.fullmatch(pattern, other) for other in ("s", "ok", "a", "completed", "$s"))


def test_each_colour_is_of_the_values_that_it_is_meant_for(boards: dict[str, Board]) -> None:
    matchers = [
        override["matcher"]
        for panel in boards["agent-tools"]["panels"]
        for override in panel.get("fieldConfig", {}).get("overrides", ())
        if override["matcher"]["id"] in {"byName", "byRegexp"}
    ]
    assert matchers
    for text in tools(TEXTS):
        assert any(_matches(matcher, text) for matcher in matchers), text
        assert not any(_matches(matcher, f"{text}longer") for matcher in matchers), text
    assert not any(_matches(matcher, "a tool of no spec") for matcher in matchers)


def _matches(matcher: dict[str, str], name: str) -> bool:
    """Match a field's name as Grafana does: a regular expression is between slashes, on one line."""
    if matcher["id"] == "byName":
        return matcher["options"] == name
    expression = re.fullmatch(r"/(.*?)/(g?i?m?y?)", matcher["options"])
    assert expression, matcher
    # In JavaScript, $ without a flag matches only at the very end.
    return re.search(re.sub(r"\)\$\Z", r")\\Z", expression[1]), name) is not None
