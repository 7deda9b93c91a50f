"""Every dashboard keeps every rule; and every rule detects a dashboard that breaks it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from tests.grafana.broken import BREAKS
from tests.grafana.rules import age, heading, layout, link, panel, query, variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.grafana.documents import Json

    Rule = Callable[[Json], Iterator[str]]

RULES: dict[str, Rule] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name)
    for module, names in (
        (heading, ("uid", "words", "version", "read_only", "times")),
        (layout, ("ids", "grid", "rows")),
        (panel, ("types", "words", "titles", "units", "thresholds", "bounds")),
        (query, ("references", "sources", "shapes", "legends", "recorded")),
        (variable, ("first", "offers", "matched", "defined", "used")),
        (link, ("to_all", "closer", "fields")),
        (age, ("board", "panels", "queries", "limits", "choices", "nulls")),
    )
    for name in names
}


@pytest.mark.parametrize("name", RULES)
def test_every_dashboard_keeps_the_rule(name: str, boards: dict[str, Json]) -> None:
    assert [found for board in boards.values() for found in RULES[name](board)] == []


@pytest.mark.parametrize(("name", "broken"), BREAKS)
def test_the_rule_sees_what_breaks_it(
    name: str, broken: Callable[[Json], object], boards: dict[str, Json]
) -> None:
    board = deepcopy(boards["agent-tools"])
    broken(board)
    assert list(RULES[name](board)) != []


def test_each_rule_is_shown_to_be_one() -> None:
    assert set(RULES) == {name for name, _ in BREAKS}


def test_links_set_what_can_be_chosen_where_they_lead(boards: dict[str, Json]) -> None:
    assert [found for board in boards.values() for found in link.set_there(board, boards)] == []
