"""Panels with queries as grafanalib's objects: time series, numbers, bars and tables.

Options without an argument in grafanalib use its ``extraJson``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafanalib import core

from generator.grafana import colours, fields
from generator.grafana.panels import Draw, Kind, Legend, Panel, Scale, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


Json = dict[str, Any]

_LAST = "lastNotNull"
#: Pixels: otherwise each panel would choose by the length of its numbers.
_SINGLE = {"valueSize": 30}
_SEVERAL = {"titleSize": 12, "valueSize": 20}


def of(panel: Panel, common: Mapping[str, Any], points: Sequence[Json] = ()) -> Any:  # noqa: ANN401  (grafanalib has no types)
    """Build ``panel``; ``common`` are the arguments that all panels have, ``points`` the links from a line's points."""
    match panel.kind:
        case Kind.TIMESERIES:
            return _timeseries(panel, common, points)
        case Kind.STAT:
            return _stat(panel, common)
        case Kind.BARGAUGE:
            return _bargauge(panel, common)
        case Kind.TIMELINE:
            return _timeline(panel, common)
        case Kind.TEXT:
            return core.Text(**common, mode="markdown", content=panel.empty)
        case _:
            return _table(panel, panel.table or Table(()), common)


def _timeseries(panel: Panel, common: Mapping[str, Any], points: Sequence[Json]) -> Any:  # noqa: ANN401
    scale, stack, table = _scale(panel), panel.draw is not Draw.LINES, panel.legend is Legend.TABLE
    bounds: Json = {"min": scale.low, "max": scale.high, "noValue": panel.nothing}
    custom: Json = {"axisSoftMin": scale.soft_low, "axisSoftMax": scale.soft_high}
    if panel.draw is Draw.BARS:
        custom |= {"drawStyle": "bars", "barAlignment": 1, "barWidthFactor": 0.8}
    # A part that did not occur is no news; a success rate of 0 is.
    tooltip = {"hideZeros": not scale.falls}
    sort = {"sortBy": "Last *", "sortDesc": True} if table else {}
    return core.TimeSeries(
        **common,
        unit=scale.unit,
        # The axis has lines at whole numbers if there are no decimals: for shares, only at 0 % and 100 %.
        valueDecimals=None if scale.unit == "percentunit" else scale.decimals,
        colorMode="palette-classic",
        overrides=fields.of_series(panel, points),
        lineWidth=1 if stack else 2,
        fillOpacity=60 if stack else 0,
        stacking={"mode": "normal" if stack else "none", "group": "A"},
        legendDisplayMode="table" if table else "list",
        legendPlacement="right" if table else "bottom",
        legendCalcs=[_LAST, "max"] if table else [],
        tooltipMode="multi",
        tooltipSort="desc",
        # grafanalib refuses bounds that are not integers.
        extraJson={
            "fieldConfig": {"defaults": bounds | {"custom": custom}},
            "options": {"legend": sort, "tooltip": tooltip},
            "timeFrom": f"{panel.days}d" if panel.days else None,
        },
    )


def _timeline(panel: Panel, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Draw a bar for each series, in the colours of its statuses over time."""
    return core.StateTimeline(
        **common,
        mappings=fields.statuses(),
        fillOpacity=80,
        showValue="never",
        legendDisplayMode="hidden",
        extraJson={"fieldConfig": {"defaults": {"unit": _scale(panel).unit, "noValue": panel.nothing}}},
    )


def _stat(panel: Panel, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    scale, named = _scale(panel), any(query.legend for query in panel.queries)
    return core.Stat(
        **common,
        format=scale.unit,
        decimals=scale.decimals,
        color=_colour(panel),
        thresholds=_steps(panel),
        reduceCalc=_LAST,
        noValue=panel.nothing,
        mappings=[fields.nothing(panel.nothing)],
        alignment="center",
        graphMode="none",
        textMode="value_and_name" if named else "value",
        overrides=fields.of_series(panel),
        extraJson={"options": {"text": _SEVERAL if named else _SINGLE}},
    )


def _bargauge(panel: Panel, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    scale = _scale(panel)
    return core.BarGauge(
        **common,
        format=scale.unit,
        decimals=scale.decimals,
        min=scale.low,
        max=scale.high,
        calc=_LAST,
        displayMode=core.GAUGE_DISPLAY_MODE_BASIC,
        thresholds=_steps(panel),
        extraJson={
            "fieldConfig": {
                "defaults": {"color": _colour(panel), "noValue": panel.nothing},
                "overrides": fields.of_series(panel),
            }
        },
    )


def _table(panel: Panel, table: Table, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return core.Table(
        **common,
        unit="none",
        overrides=fields.of_columns(table),
        transformations=list(_transformations(table)),
        thresholds=_steps(panel),
        extraJson={"fieldConfig": {"defaults": {"noValue": panel.nothing}}},
    )


def _transformations(table: Table) -> Iterator[Json]:
    """Merge all queries into one table, sort it, and keep the columns in their order."""
    names = table.fields()
    by_title = {column.title: name for name, column in zip(names, table.columns, strict=True)}
    sort, down = table.sort or ("", False)
    hidden = [name for name in (sort if sort not in by_title else "", table.key) if name]
    # Before the merge: it joins rows that agree in all shared fields, including the name of the series.
    yield _only([*names, *hidden])
    if len(table.queries) > 1:
        yield {"id": "merge", "options": {}}
    if sort:
        yield {"id": "sortBy", "options": {"sort": [{"field": by_title.get(sort, sort), "desc": down}]}}
    if hidden:
        yield _only(names)
    order = {name: place for place, name in enumerate(names)}
    yield {"id": "organize", "options": {"indexByName": order, "excludeByName": {}, "renameByName": {}}}


def _only(names: Iterable[str]) -> Json:
    return {"id": "filterFieldsByName", "options": {"include": {"names": list(names)}}}


def _scale(panel: Panel) -> Scale:
    return panel.scale or Scale("short")


def _colour(panel: Panel) -> Json:
    """Colour a number by its steps, where it has some; else it means neither good nor bad."""
    return {"mode": "thresholds"} if panel.steps else fields.fixed(colours.BLUE)


def _steps(panel: Panel) -> list[Any]:
    steps = panel.steps or ((None, colours.BLUE),)
    return [core.Threshold(colour, place, float(least or 0)) for place, (least, colour) in enumerate(steps)]
