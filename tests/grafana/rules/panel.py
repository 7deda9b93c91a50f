"""Conditions on every panel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.grafana.documents import columns, overridden, panels, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import BoardPanel, Json

TYPES = {"bargauge", "stat", "state-timeline", "table", "text", "timeseries"}
#: Units of signals, by the names of Grafana's own list.
_UNITS = {"currencyUSD", "dateTimeAsIso", "dateTimeFromNow", "none", "percentunit", "s", "short", "string"}
#: Of columns of text, where Grafana would shorten what looks like a number.
_TEXT = "string"
_OWN_UNITS = ("prefix:", "suffix:")


def types(board: Json) -> Iterator[str]:
    """Only types that Grafana still has, and whose look is known."""
    yield from (f"{one.where} is a {one.type}" for one in panels(board) if one.type not in TYPES)


def words(board: Json) -> Iterator[str]:
    """A title, and a description with more than the title."""
    for panel in panels(board):
        title, said = (str(panel.json.get(key, "")).strip() for key in ("title", "description"))
        if not title or not said or said.rstrip(".") == title or not said.endswith("."):
            yield f"{panel.where}: {said!r}"


def titles(board: Json) -> Iterator[str]:
    """No two panels of a type have the same title; a number and its time series may."""
    found = [f"{panel.where} ({panel.type})" for panel in panels(board)]
    yield from sorted({one for one in found if found.count(one) > 1})


def units(board: Json) -> Iterator[str]:
    """Numbers have a unit, in tables each column of them."""
    for panel in panels(board):
        if panel.type != "text":
            yield from (f"{panel.where}: the unit {unit}" for unit in _units(panel) if not _known(unit))
        numbers = sum(name.startswith("Value") for name in columns(panel))
        with_unit = [unit for unit in overridden(panel, "unit") if unit != _TEXT]
        if panel.type == "table" and len(with_unit) < numbers:
            yield f"{panel.where}: a column of numbers has no unit"


def thresholds(board: Json) -> Iterator[str]:
    """The first step begins at minus infinity, which JSON writes as null; the others ascend."""
    for panel in panels(board):
        for found in steps(panel):
            values = [step["value"] for step in found]
            numbers = [-math.inf, *values[1:]]
            if values[:1] != [None] or None in numbers or numbers != sorted(set(numbers)):
                yield f"{panel.where}: thresholds at {values}"


def bounds(board: Json) -> Iterator[str]:
    """An axis ends above its start."""
    for panel in panels(board):
        found = panel.json.get("fieldConfig", {}).get("defaults", {})
        if found.get("min", -math.inf) >= found.get("max", math.inf):
            yield f"{panel.where}: from {found['min']} to {found['max']}"


def _units(panel: BoardPanel) -> list[object]:
    return [panel.json.get("fieldConfig", {}).get("defaults", {}).get("unit"), *overridden(panel, "unit")]


def _known(unit: object) -> bool:
    return isinstance(unit, str) and (unit in _UNITS or unit.startswith(_OWN_UNITS))
