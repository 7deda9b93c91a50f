"""For every rule, changes to the dashboard of tools that it has to notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.grafana.documents import BoardPanel, panels

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.grafana.documents import Json

    Break = Callable[[Json], object]


def _first(board: Json, kind: str) -> BoardPanel:
    return next(panel for panel in panels(board) if panel.type == kind)


def _board(**keys: Any) -> Break:  # noqa: ANN401  (any JSON)
    return lambda board: board.update(keys)


def _panel(kind: str, **keys: Any) -> Break:  # noqa: ANN401
    return lambda board: _first(board, kind).json.update(keys)


def _target(kind: str, **keys: Any) -> Break:  # noqa: ANN401
    return lambda board: _first(board, kind).json["targets"][0].update(keys)


def _place(**keys: int) -> Break:
    return lambda board: _first(board, "timeseries").json["gridPos"].update(keys)


def _row(**keys: Any) -> Break:  # noqa: ANN401
    def change(board: Json) -> None:
        next(panel for panel in board["panels"] if panel["type"] == "row").update(keys)

    return change


def _variable(place: int, **keys: Any) -> Break:  # noqa: ANN401
    return lambda board: board["templating"]["list"][place].update(keys)


def _defaults(**keys: Any) -> Break:  # noqa: ANN401
    return lambda board: _first(board, "timeseries").json["fieldConfig"]["defaults"].update(keys)


def _steps(*values: float | None, **keys: int) -> Break:
    steps = [{"color": "red", "value": value, **keys} for value in values]
    return _defaults(thresholds={"mode": "absolute", "steps": steps})


def _link(url: str) -> Break:
    return _panel("timeseries", links=[{"url": url}])


def _without_override(kind: str, name: str) -> Break:
    def change(board: Json) -> None:
        for override in _first(board, kind).json["fieldConfig"]["overrides"]:
            override["properties"] = [one for one in override["properties"] if one["id"] != name]

    return change


def _drop_columns(board: Json) -> None:
    for one in _first(board, "table").json["transformations"]:
        if one["id"] == "filterFieldsByName":
            one["options"]["include"]["names"] = []


def _same_title(board: Json) -> None:
    for panel in panels(board):
        panel.json["title"] = "Calls"


BREAKS: list[tuple[str, Break]] = [
    ("heading.uid", _board(uid="tools")),
    ("heading.uid", _board(id=7)),
    ("heading.words", _board(title="")),
    ("heading.words", _board(description=" ")),
    ("heading.words", _board(tags=[])),
    ("heading.version", _board(schemaVersion=41)),
    ("heading.read_only", _board(editable=True)),
    ("heading.times", _board(refresh="often")),
    ("heading.times", _board(time={"from": "now-6h"})),
    ("layout.ids", _panel("table", id=2)),
    ("layout.ids", _panel("table", id=None)),
    ("layout.grid", _place(w=1)),
    ("layout.grid", _place(x=0, y=0)),
    ("layout.grid", _place(x=23)),
    ("layout.rows", _row(title="")),
    ("layout.rows", _row(collapsed=True)),
    ("panel.types", _panel("table", type="graph")),
    ("panel.words", _panel("table", title="")),
    ("panel.words", _panel("table", description="Without a full stop")),
    ("panel.titles", _same_title),
    ("panel.units", _defaults(unit="seconds")),
    ("panel.units", _defaults(unit=None)),
    ("panel.units", _without_override("table", "unit")),
    ("panel.thresholds", _steps(None, 2, 1)),
    ("panel.thresholds", _steps(0, 1)),
    ("panel.thresholds", _steps(None, 1, None)),
    ("panel.bounds", _defaults(min=1, max=1)),
    ("query.references", _target("table", refId="B")),
    ("query.references", _panel("timeseries", targets=[])),
    ("query.sources", _panel("table", datasource="prometheus")),
    ("query.sources", _target("table", datasource={"type": "prometheus", "uid": "prometheus"})),
    ("query.sources", _variable(1, datasource=None)),
    ("query.shapes", _target("table", format="time_series")),
    ("query.shapes", _target("timeseries", instant=True)),
    ("query.legends", _target("timeseries", legendFormat="")),
    ("query.recorded", _target("timeseries", expr="sum(rate(agent_run_total[5m]))")),
    ("query.recorded", _target("timeseries", expr="service:agent_run_total")),
    ("variable.first", _variable(0, name="source")),
    ("variable.first", _variable(0, label="Prometheus")),
    ("variable.offers", _variable(1, refresh=1)),
    ("variable.offers", _variable(1, label="")),
    ("variable.offers", _variable(2, allValue=".*")),
    ("variable.offers", _variable(2, includeAll=False)),
    ("variable.matched", _target("timeseries", expr='a:b:c{tool="$tool"}')),
    ("variable.matched", _target("timeseries", expr='a:b:c{service=~"$service"}')),
    ("variable.matched", _target("timeseries", expr="a:b:c > $service")),
    ("variable.defined", _target("timeseries", expr='a:b:c{team="$team"}')),
    ("variable.defined", _panel("timeseries", description="What ${team} did.")),
    ("variable.defined", _variable(1, query="label_values(a:b:c{tool=~'$tool'}, service)")),
    ("variable.used", lambda board: board["templating"]["list"].append({"name": "team", "query": "x"})),
    ("link.to_all", lambda board: board["links"].pop(0)),
    ("link.to_all", lambda board: board["links"][0].update(keepTime=False)),
    ("link.closer", _link("/d/agent-nowhere?${__all_variables}&${__url_time_range}")),
    ("link.closer", _link("/d/agent-runs?${__all_variables}")),
    ("link.closer", _link("/d/agent-runs?${__url_time_range}")),
    ("link.closer", _link("/explore")),
    ("link.fields", _drop_columns),
    ("age.board", _board(rows=[])),
    ("age.panels", _panel("table", styles=[])),
    ("age.panels", lambda board: _first(board, "table").json["options"].update(fieldOptions={})),
    ("age.panels", _defaults(custom={"displayMode": "auto"})),
    ("age.queries", _target("table", step=10)),
    ("age.limits", _steps(None, 1, index=0)),
    ("age.choices", _variable(1, useTags=False)),
    ("age.nulls", _board(gnetId=None)),
]
