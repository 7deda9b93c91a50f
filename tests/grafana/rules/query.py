"""Conditions on every query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.grafana.documents import events, panels, targets, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import Json

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COUNTING = re.compile(r"\b(i?rate|increase|histogram_quantile)\(|_bucket\b|_total\b")


def references(board: Json) -> Iterator[str]:
    """The queries of a panel have unique names, in order: overrides and columns refer to them."""
    for panel in panels(board):
        found = [target.get("refId") for target in panel.targets]
        if found != [chr(ord("A") + place) for place in range(len(found))]:
            yield f"{panel.where} has the queries {found}"
        if not found and panel.type != "text":
            yield f"{panel.where} has no query"


def sources(board: Json) -> Iterator[str]:
    """All queries use the chosen data source."""
    asked = [
        *((panel.where, panel.json) for panel in panels(board) if panel.type != "text"),
        *((target.where, target.json) for target in targets(board)),
        *events(board),
        *((name, one) for name, one in variables(board).items() if one["type"] == "query"),
    ]
    yield from (
        f"{where}: {one.get('datasource')}" for where, one in asked if one.get("datasource") != _SOURCE
    )


def shapes(board: Json) -> Iterator[str]:
    """A time series is queried as a range; rows, bars and single numbers at an instant: old numbers are not current."""
    for target in targets(board):
        now, table = target.panel.type in {"table", "bargauge", "stat"}, target.panel.type == "table"
        found = (target.json.get("instant"), target.json.get("range"), target.json.get("format"))
        if found != (now, not now, "table" if table else "time_series"):
            yield f"{target.where}: instant, range and format are {found}"


def legends(board: Json) -> Iterator[str]:
    """Lines of a panel have names."""
    for target in targets(board):
        if target.panel.type in {"timeseries", "bargauge"} and not target.json.get("legendFormat"):
            yield f"{target.where} has no legend"


def recorded(board: Json) -> Iterator[str]:
    """No panel computes what belongs in recording rules: rates, quantiles."""
    for target in targets(board):
        if found := _COUNTING.search(target.expr):
            yield f"{target.where} has {found[0]}"
