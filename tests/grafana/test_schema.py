"""Every part of every dashboard is valid by Grafana's own published schemas."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.grafana.documents import Json, panels
from tests.grafana.published import findings

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_grafanas_schemas_allow_every_dashboard(boards: dict[str, Json]) -> None:
    assert [found for board in boards.values() for found in findings(board)] == []


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("table", ("fontSize",), "100%"),
        ("table", ("gridPos", "w"), 25),
        ("table", ("options", "columns"), []),
        ("table", ("options", "cellHeight"), "tiny"),
        ("table", ("fieldConfig", "defaults", "custom", "fontSize"), "100%"),
        ("table", ("fieldConfig", "defaults", "custom", "cellOptions"), {"type": "auto", "mode": "basic"}),
        ("table", ("fieldConfig", "defaults", "mappings"), {}),
        ("table", ("targets", 0, "refId"), 1),
        ("table", ("targets", 0, "format"), "graph"),
        ("timeseries", ("options", "legend", "showLegend"), "yes"),
        ("timeseries", ("options", "tooltip"), "multi"),
        ("timeseries", ("fieldConfig", "defaults", "custom", "lineStyle"), "dash"),
        ("timeseries", ("fieldConfig", "defaults", "thresholds", "steps"), ""),
        ("timeseries", ("datasource",), "prometheus"),
    ],
)
def test_the_schemas_are_strict(
    kind: str, path: tuple[str | int, ...], value: object, boards: dict[str, Json]
) -> None:
    board = deepcopy(boards["agent-tools"])
    inside: Any = next(panel for panel in panels(board) if panel.type == kind).json
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    assert list(findings(board)) != []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unit", 1),
        ("custom.cellOptions", {"type": "colored"}),
        ("custom.fontSize", "100%"),
        ("decimal", 1),
        ("links", [{"url": 1}]),
    ],
)
def test_overrides_are_held_against_what_they_override(
    name: str, value: object, boards: dict[str, Json]
) -> None:
    board = deepcopy(boards["agent-tools"])
    _overrides(board).append({"matcher": {"id": "byName"}, "properties": [{"id": name, "value": value}]})
    assert list(findings(board)) != []


def test_a_row_is_no_panel(boards: dict[str, Json]) -> None:
    board = deepcopy(boards["agent-tools"])
    for row in _rows(board):
        row["targets"] = []
    assert len(list(findings(board))) == len(list(_rows(board)))


def _overrides(board: Json) -> list[Json]:
    found: list[Json] = next(panels(board)).json["fieldConfig"]["overrides"]
    return found


def _rows(board: Json) -> Iterator[Json]:
    return (panel for panel in board["panels"] if panel["type"] == "row")
