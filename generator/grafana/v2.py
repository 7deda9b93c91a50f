"""A dashboard in Grafana 13's own format, made of the same parts as the classic one.

Panels, queries, variables, links and events are those of the classic JSON under their new names. New is the layout:
sections are rows, or tabs, and those about signals that not every service measures hide for the others.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.grafana.build import SOURCE
from generator.grafana.modernise import Json, without
from generator.grafana.queries import replaced, within_a_day
from generator.model.names import GRAFANA_FOLDER_UID
from generator.promql.expr import Series, aggregate, binary, vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.grafana.panels import Dashboard, Section


_API = "dashboard.grafana.app/v2"
#: The tab of the section without a title.
_FIRST_TAB = "Now"
#: The value of a hidden variable for a section that hides; it has none otherwise, or if its query fails.
_FOLDED = "yes"
#: Grafana's own choice of intervals, which the classic format does not write.
_REFRESHES = ("5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d")
_CURSORS = ("Off", "Crosshair", "Tooltip")
_HIDDEN = ("dontHide", "hideLabel", "hideVariable")
_REFRESHED = ("never", "onDashboardLoad", "onTimeRangeChanged")
_SORTS: Mapping[int, str] = MappingProxyType({0: "disabled", 7: "naturalAsc", 8: "naturalDesc"})
#: The keys of classic variables and events that have another place or spelling in the new format.
_OF_VARIABLE = ("type", "query", "datasource", "hide", "refresh", "sort")
_OF_EVENT = ("datasource", "enable", "expr", "iconColor", "name", "step")
#: The keys of a classic panel that say how it is queried.
_OPTIONS = ("interval", "timeFrom")


def resource(dashboard: Dashboard, classic: Json) -> Json:
    """Write a dashboard, whose ``classic`` JSON is for schema version 42, as an object of Grafana's API."""
    groups = list(zip(dashboard.sections, _groups(classic["panels"]), strict=True))
    spec = {
        **{key: classic[key] for key in ("title", "description", "tags", "editable", "links")},
        "cursorSync": _CURSORS[classic["graphTooltip"]],
        "preload": False,
        "timeSettings": _times(classic),
        "annotations": [_event(one) for one in classic["annotations"]["list"]],
        "variables": [
            *(_variable(one) for one in classic["templating"]["list"]),
            *(_folding(name, of) for name, of in _folds(dashboard.sections).items()),
        ],
        "elements": {_name(one): _panel(one) for _, panels in groups for one in panels},
        "layout": _tabs(dashboard, groups) if dashboard.tabs else _rows(dashboard, groups),
    }
    metadata = {"name": classic["uid"], "annotations": {"grafana.app/folder": GRAFANA_FOLDER_UID}}
    return {"apiVersion": _API, "kind": "Dashboard", "metadata": metadata, "spec": spec}


def _groups(panels: Iterable[Json]) -> list[list[Json]]:
    """Divide the panels at the rows, each of which begins a section."""
    groups: list[list[Json]] = []
    for panel in panels:
        is_row = panel["type"] == "row"
        if is_row or not groups:
            groups.append([])
        if not is_row:
            groups[-1].append(panel)
    return groups


def _kind(kind: str, **spec: object) -> Json:
    return {"kind": kind, "spec": spec}


def _times(classic: Json) -> Json:
    return {
        **classic["time"],
        "timezone": classic["timezone"],
        "autoRefresh": classic["refresh"],
        "autoRefreshIntervals": list(_REFRESHES),
        "hideTimepicker": False,
        "fiscalYearStartMonth": classic["fiscalYearStartMonth"],
    }


def _query(**spec: object) -> Json:
    """Write a query of Prometheus; Grafana looks up the name of its data source by uid as well."""
    return {
        "kind": "DataQuery",
        "group": SOURCE["type"],
        "version": "v0",
        "datasource": {"name": SOURCE["uid"]},
        "spec": spec,
    }


def _event(classic: Json) -> Json:
    return _kind(
        "AnnotationQuery",
        name=classic["name"],
        enable=classic["enable"],
        hide=False,
        iconColor=classic["iconColor"],
        query=_query(expr=classic["expr"], interval=classic["step"], refId="Anno"),
        legacyOptions=without(_OF_EVENT, classic),
    )


def _variable(classic: Json) -> Json:
    """Write a variable; with several choices all are chosen at first."""
    several = classic["multi"]
    kept = without(_OF_VARIABLE, classic)
    common = {
        **kept,
        "current": {"text": ["All"], "value": ["$__all"]} if several else {"text": "", "value": ""},
        "hide": _HIDDEN[classic["hide"]],
        "skipUrlSync": False,
    }
    if classic["type"] == "textbox":
        common = without(("includeAll", "multi", "options", "regex"), common)
        return _kind("TextVariable", **common, query=classic["query"])
    common |= {"refresh": _REFRESHED[classic["refresh"]], "allowCustomValue": True}
    if classic["type"] == "datasource":
        return _kind("DatasourceVariable", **common, pluginId=classic["query"], regex="")
    return _query_variable(classic["query"], _SORTS[classic["sort"]], common)


def _query_variable(query: str, sort: str, common: Json) -> Json:
    """Write a variable whose values are the answer to a query in text, as in the classic format."""
    return _kind(
        "QueryVariable", **common, query=_query(__legacyStringValue=query), definition=query, sort=sort
    )


def _folds(sections: Iterable[Section]) -> Mapping[str, Series]:
    """Name a hidden variable for each section that may hide; a dashboard never hides all of its panels."""
    return {
        _fold(place): one.measured for place, one in enumerate(sections) if place and one.measured is not None
    }


def _fold(place: int) -> str:
    return f"folded_{place}"


def _folding(name: str, measured: Series) -> Json:
    """Write the variable with a value where the chosen service had none of the series ``measured`` for a day.

    Without an answer it has no value, and so the section is shown.
    """
    none = binary("unless", vector(), aggregate("group", within_a_day(measured)), on=())
    query = f"query_result({replaced(none, name, _FOLDED, '', '')})"
    common = {
        "name": name,
        "label": name,
        "hide": _HIDDEN[2],
        "skipUrlSync": True,
        "current": {"text": "", "value": ""},
        "options": [],
        "multi": False,
        "includeAll": False,
        "allowCustomValue": False,
        "regex": f'/{name}="([^"]+)"/',
        "refresh": _REFRESHED[2],
    }
    return _query_variable(query, _SORTS[0], common)


def _name(panel: Json) -> str:
    """Name a panel as Grafana does, so that links by the number of a panel lead to it."""
    return f"panel-{panel['id']}"


def _panel(classic: Json) -> Json:
    data = _kind(
        "QueryGroup",
        queries=[_panel_query(one) for one in classic.get("targets", ())],
        transformations=[_transformation(one) for one in classic.get("transformations", ())],
        queryOptions={key: classic[key] for key in _OPTIONS if key in classic},
    )
    shown = _kind(
        "VizConfig",
        options=classic["options"],
        fieldConfig=classic.get("fieldConfig", {"defaults": {}, "overrides": []}),
    )
    return _kind(
        "Panel",
        id=classic["id"],
        title=classic["title"],
        description=classic["description"],
        transparent=classic["transparent"],
        links=[{key: one[key] for key in ("title", "url", "targetBlank")} for one in classic["links"]],
        data=data,
        vizConfig={**shown, "group": classic["type"], "version": ""},
    )


def _panel_query(target: Json) -> Json:
    query = _query(**without(("datasource", "refId"), target))
    return _kind("PanelQuery", query=query, refId=target["refId"], hidden=False)


def _transformation(classic: Json) -> Json:
    return {"kind": "Transformation", "group": classic["id"], "spec": {"options": classic["options"]}}


def _rows(dashboard: Dashboard, groups: Iterable[tuple[Section, list[Json]]]) -> Json:
    rows = [
        _kind(
            "RowsLayoutRow",
            title=section.title,
            hideHeader=not section.title,
            collapse=False,
            layout=_grid(panels),
            **condition,
        )
        for (section, panels), condition in zip(groups, _conditions(dashboard.sections), strict=True)
    ]
    return _kind("RowsLayout", rows=rows)


def _tabs(dashboard: Dashboard, groups: Iterable[tuple[Section, list[Json]]]) -> Json:
    tabs = [
        _kind("TabsLayoutTab", title=section.title or _FIRST_TAB, layout=_grid(panels), **condition)
        for (section, panels), condition in zip(groups, _conditions(dashboard.sections), strict=True)
    ]
    return _kind("TabsLayout", tabs=tabs)


def _conditions(sections: Iterable[Section]) -> Iterator[Json]:
    """Yield for each section the condition under which it hides."""
    folds = _folds(sections)
    for place, _ in enumerate(sections):
        name = _fold(place)
        yield {"conditionalRendering": _hidden_by(name)} if name in folds else {}


def _hidden_by(variable: str) -> Json:
    folded = _kind("ConditionalRenderingVariable", variable=variable, operator="equals", value=_FOLDED)
    return _kind("ConditionalRenderingGroup", visibility="hide", condition="and", items=[folded])


def _grid(panels: list[Json]) -> Json:
    """Place panels as in the classic format, counted from the top of their section."""
    top = min((one["gridPos"]["y"] for one in panels), default=0)
    return _kind("GridLayout", items=[_item(one, top) for one in panels])


def _item(panel: Json, top: int) -> Json:
    at = panel["gridPos"]
    spec: Json = {
        "x": at["x"],
        "y": at["y"] - top,
        "width": at["w"],
        "height": at["h"],
        "element": {"kind": "ElementReference", "name": _name(panel)},
    }
    if "repeat" in panel:
        spec["repeat"] = {
            "mode": "variable",
            "value": panel["repeat"],
            "direction": panel["repeatDirection"],
            "maxPerRow": panel["maxPerRow"],
        }
    return _kind("GridLayoutItem", **spec)
