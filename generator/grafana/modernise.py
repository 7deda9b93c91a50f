"""From the JSON that grafanalib 0.7 writes to the JSON that Grafana 13 reads (schema version 42).

The only module that depends on grafanalib's age. Grafana does not migrate a dashboard of version 42, so each pass does
the work of a migration, and keeps only keys that exist today. The passes run in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]

_SCHEMA_VERSION = 42

_DASHBOARD_KEYS = (
    *("annotations", "description", "editable", "graphTooltip", "links", "panels", "refresh"),
    *("schemaVersion", "tags", "templating", "time", "timepicker", "timezone", "title", "uid", "version"),
)
_PANEL_KEYS = (
    *(
        "datasource",
        "description",
        "fieldConfig",
        "gridPos",
        "id",
        "interval",
        "links",
        "maxPerRow",
        "options",
    ),
    *("repeat", "repeatDirection", "targets", "timeFrom", "title", "transformations", "transparent", "type"),
)
_ROW_KEYS = ("collapsed", "gridPos", "id", "panels", "title", "type")
_TARGET_KEYS = ("datasource", "expr", "format", "instant", "legendFormat", "refId")
_VARIABLE_KEYS = (
    *(
        "allValue",
        "datasource",
        "description",
        "hide",
        "includeAll",
        "label",
        "multi",
        "name",
        "options",
        "query",
    ),
    *("refresh", "sort", "type"),
)


def modernise(dashboard: Json) -> Json:
    """Update a dashboard that grafanalib wrote; the argument stays unchanged."""
    for one in _PASSES:
        dashboard = one(dashboard)
    return dashboard


def _shell(dashboard: Json) -> Json:
    """``{"rows": [], "schemaVersion": 12, "timepicker": {...}}`` to ``{"schemaVersion": 42, "timepicker": {}}``."""
    current = {"schemaVersion": _SCHEMA_VERSION, "version": 1, "timepicker": {}, "fiscalYearStartMonth": 0}
    return _only(_DASHBOARD_KEYS, dashboard) | current


def _variables(dashboard: Json) -> Json:
    """Queries as text, data source variables without the keys of query variables."""
    variables = [_variable(variable) for variable in dashboard["templating"]["list"]]
    return dashboard | {"templating": {"list": variables}}


def _panels(dashboard: Json) -> Json:
    """Each panel by the passes of its type."""
    return dashboard | {"panels": [_panel(panel) for panel in dashboard["panels"]]}


def _nulls(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """``{"a": null, "b": 1}`` to ``{"b": 1}``, but a first threshold keeps its value: null is minus infinity."""
    if isinstance(value, dict):
        return {
            key: _nulls(one)
            for key, one in value.items()
            if one is not None or (key == "value" and "color" in value)
        }
    return [_nulls(one) for one in value] if isinstance(value, list) else value


def _variable(variable: Json) -> Json:
    kept = _only(_VARIABLE_KEYS, variable)
    if variable["type"] != "query":
        return without(("allValue", "datasource", "sort"), kept)
    return kept | {"query": variable["query"], "regex": variable["regex"] or ""}


def _panel(panel: Json) -> Json:
    if panel["type"] == "row":
        return _only(_ROW_KEYS, panel)
    modern = _OF_TYPE[panel["type"]](panel)
    if not panel["targets"]:
        return without(
            ("datasource", "fieldConfig", "interval", "targets", "transformations"),
            _only(_PANEL_KEYS, modern),
        )
    config = modern["fieldConfig"]
    config = {"defaults": _thresholds(config["defaults"]), "overrides": config.get("overrides", [])}
    targets = [_target(target) for target in panel["targets"]]
    return _only(_PANEL_KEYS, modern) | {"fieldConfig": config, "targets": targets}


def _target(target: Json) -> Json:
    """``{"query": ..., "step": 10, "metric": "", "instant": true}`` to ``{"instant": true, "range": false}``."""
    return _only(_TARGET_KEYS, target) | {"range": not target["instant"], "editorMode": "code"}


def _thresholds(defaults: Json) -> Json:
    """``{"index": 0, "value": "null", "color": "red", ...}`` to ``{"value": null, "color": "red"}``."""
    steps = defaults["thresholds"]["steps"]
    modern = [
        {"color": step["color"], "value": step["value"] if place else None}
        for place, step in enumerate(steps)
    ]
    return defaults | {
        "thresholds": {"mode": "absolute", "steps": modern or [{"color": "text", "value": None}]}
    }


def _timeseries(panel: Json) -> Json:
    """``legend: {displayMode: hidden}`` to ``legend: {showLegend: false, ...}``; a linear scale has no base."""
    legend = panel["options"]["legend"]
    shown = legend["displayMode"] != "hidden"
    options = {
        "legend": legend | {"showLegend": shown, "displayMode": legend["displayMode"] if shown else "list"},
        "tooltip": {"hideZeros": False} | panel["options"]["tooltip"],
    }
    custom = panel["fieldConfig"]["defaults"]["custom"]
    current = {
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "insertNulls": False,
        "scaleDistribution": {"type": custom["scaleDistribution"]["type"]},
    }
    return panel | {"options": options} | _defaults(panel, custom=custom | current)


def _timeline(panel: Json) -> Json:
    """``legend: {displayMode: hidden}`` to ``legend: {showLegend: false, ...}``; no series is hidden."""
    hidden = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False}
    tooltip = {"mode": panel["options"]["tooltip"]["mode"], "sort": "none", "hideZeros": False}
    custom = panel["fieldConfig"]["defaults"]["custom"]
    drawn = {"legend": False, "tooltip": False, "viz": False}
    current = {"hideFrom": drawn}
    thresholds = {"mode": "absolute", "steps": []}
    options = panel["options"] | {"legend": hidden, "tooltip": tooltip}
    return panel | {"options": options} | _defaults(panel, custom=custom | current, thresholds=thresholds)


def _stat(panel: Json) -> Json:
    """Options added later, at their defaults."""
    current = {"percentChangeColorMode": "standard", "showPercentChange": False, "wideLayout": True}
    defaults = without(("custom",), panel["fieldConfig"]["defaults"])
    return panel | {
        "options": panel["options"] | current,
        "fieldConfig": panel["fieldConfig"] | {"defaults": defaults},
    }


def _bargauge(panel: Json) -> Json:
    """``options.fieldOptions`` to ``fieldConfig.defaults`` and ``options.reduceOptions``."""
    old = panel["options"]["fieldOptions"]
    options = {
        "displayMode": panel["options"]["displayMode"],
        "orientation": panel["options"]["orientation"],
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "reduceOptions": {"calcs": old["calcs"], "fields": "", "values": old["values"]},
        "namePlacement": "top",
        "valueMode": "color",
        "showUnfilled": True,
        "sizing": "manual",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 26,
    }
    kept = {key: old["defaults"][key] for key in ("decimals", "max", "min", "unit")}
    # It never copies thresholds to the place that all panels use.
    thresholds = {"mode": "absolute", "steps": old["thresholds"]}
    return panel | {"options": options} | _defaults(panel, thresholds=thresholds, **kept)


def _table(panel: Json) -> Json:
    """``custom.displayMode: "auto"`` to ``custom.cellOptions: {"type": "auto"}``."""
    custom = panel["fieldConfig"]["defaults"]["custom"]
    current = {"align": custom["align"], "cellOptions": {"type": custom["displayMode"]}, "inspect": False}
    options = {"cellHeight": "sm", "frameIndex": 0, "showHeader": panel["options"]["showHeader"]}
    return panel | {"options": options} | _defaults(panel, custom=current)


def _text(panel: Json) -> Json:
    return panel


def _defaults(panel: Json, **changed: object) -> Json:
    config = panel["fieldConfig"]
    return {"fieldConfig": config | {"defaults": config["defaults"] | changed}}


def _only(keys: Iterable[str], value: Json) -> Json:
    return {key: value[key] for key in keys if key in value}


def without(keys: Iterable[str], value: Json) -> Json:
    """Leave keys out."""
    return {key: one for key, one in value.items() if key not in keys}


_OF_TYPE: dict[str, Callable[[Json], Json]] = {
    "timeseries": _timeseries,
    "state-timeline": _timeline,
    "stat": _stat,
    "bargauge": _bargauge,
    "table": _table,
    "text": _text,
}

_PASSES: tuple[Callable[[Json], Json], ...] = (_shell, _variables, _panels, _nulls)
