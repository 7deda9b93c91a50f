"""Panels with queries as grafanalib's objects, with the overrides and value mappings of single series and columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from grafanalib import core

from generator.grafana import colours
from generator.grafana.panels import Cell, Column, Draw, Legend, Panel, PanelType, Query, Scale, Table, refs
from generator.model import names
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.grafana.modernise import Json

_LAST = "lastNotNull"
#: Pixels: otherwise each panel would choose by the length of its numbers.
_SINGLE = {"valueSize": 30}
_SEVERAL = {"titleSize": 12, "valueSize": 20}
_MARKED = {"titleSize": 12, "valueSize": 30}
#: Text that looks like a variable of Grafana.
_LIKE_A_VARIABLE = re.compile(r"\$|\[\[")
_RELEASE = f"{{{{{names.RELEASE}}}}}"


def of(panel: Panel, common: Mapping[str, Any], points: Sequence[Json] = ()) -> Any:  # noqa: ANN401  (grafanalib has no types)
    """Build ``panel``; ``common`` are the arguments that all panels have, ``points`` the links from a line's points."""
    match panel.kind:
        case PanelType.TIMESERIES:
            return _timeseries(panel, common, points)
        case PanelType.STAT:
            return _stat(panel, common)
        case PanelType.BARGAUGE:
            return _bargauge(panel, common)
        case PanelType.TIMELINE:
            return _timeline(panel, common)
        case PanelType.TEXT:
            return core.Text(**common, mode="markdown", content=panel.empty)
        case PanelType.TABLE:
            return _table(panel, panel.table or Table(()), common)


def _timeseries(panel: Panel, common: Mapping[str, Any], points: Sequence[Json]) -> Any:  # noqa: ANN401
    scale, stack, table = _scale_of(panel), panel.draw is not Draw.LINES, panel.legend is Legend.TABLE
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
        overrides=_of_series(panel, points),
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
        mappings=_status_words(),
        fillOpacity=80,
        showValue="never",
        legendDisplayMode="hidden",
        extraJson={"fieldConfig": {"defaults": {"unit": _scale_of(panel).unit, "noValue": panel.nothing}}},
    )


def _stat(panel: Panel, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    scale, named = _scale_of(panel), any(query.legend for query in panel.queries)
    # A mark may be missing: only beside it does a number need a name.
    marked = any(query.mark for query in panel.queries)
    return core.Stat(
        **common,
        format=scale.unit,
        decimals=scale.decimals,
        color=_colour(panel),
        thresholds=_steps(panel),
        reduceCalc=_LAST,
        noValue=panel.nothing,
        mappings=[_no_value(panel.nothing)],
        alignment="center",
        graphMode="none",
        textMode="auto" if marked else "value_and_name" if named else "value",
        overrides=_of_series(panel),
        extraJson={"options": {"text": _MARKED if marked else _SEVERAL if named else _SINGLE}},
    )


def _bargauge(panel: Panel, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    scale = _scale_of(panel)
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
                "overrides": _of_series(panel),
            }
        },
    )


def _table(panel: Panel, table: Table, common: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return core.Table(
        **common,
        unit="none",
        overrides=_of_columns(table),
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


def _scale_of(panel: Panel) -> Scale:
    return panel.scale or Scale("short")


def _colour(panel: Panel) -> Json:
    """Colour a number by its steps, where it has some; else it means neither good nor bad."""
    return {"mode": "thresholds"} if panel.steps else _fixed(colours.BLUE)


def _steps(panel: Panel) -> list[Any]:
    steps = panel.steps or ((None, colours.BLUE),)
    return [core.Threshold(colour, place, float(least or 0)) for place, (least, colour) in enumerate(steps)]


def _status_words() -> list[Json]:
    """Map the numbers of statuses to their words and colours."""
    options = {
        f"{status.code:g}": {"text": status.text, "color": status.colour, "index": place}
        for place, status in enumerate(colours.STATUSES)
    }
    return [{"type": "value", "options": options}]


def _no_value(text: str) -> Json:
    """Show ``text`` in place of a missing value, in grey: the colour of the first step may be red."""
    result = {"text": text, "color": colours.GREY, "index": 0}
    return {"type": "special", "options": {"match": "null", "result": result}}


def _severities() -> list[Json]:
    """Map the severities of alerts to their words and colours."""
    shown = ((colours.CRITICAL, "critical"), (colours.WARNING, "warning"), (colours.INFO, "info"))
    options = {
        name: {"text": status.text, "color": status.colour, "index": place}
        for place, (status, name) in enumerate(shown)
    }
    return [{"type": "value", "options": options}]


def _trends() -> list[Json]:
    """Colour a trend for better or worse by the word before it, and remove that word."""
    shown = (("worse", colours.AMBER), ("better", colours.GREEN))
    return [
        {
            "type": "regex",
            "options": {
                "pattern": f"/^{word} (.+)$/",
                "result": {"text": "$1", "color": colour, "index": place},
            },
        }
        for place, (word, colour) in enumerate(shown)
    ]


def _of_series(panel: Panel, points: Sequence[Json] = ()) -> list[Json]:
    """Assign names their colours, queries their own style, and each release's points the links ``points``."""
    return [*_named(panel.colours), *_begun(panel.beginnings), *_queried(panel, points)]


def _of_columns(table: Table) -> list[Json]:
    """Assign each column its header, unit, look and link."""
    return [
        _override("byName", name, dict(_column(column)))
        for name, column in zip(table.fields(), table.columns, strict=True)
    ]


def _fixed(colour: str) -> Json:
    """Use one colour."""
    return {"mode": "fixed", "fixedColor": colour}


def thresholds(steps: tuple[tuple[float | None, str], ...]) -> Json:
    """Change the colour at each step."""
    found = [
        {"color": colour, "value": least if place else None} for place, (least, colour) in enumerate(steps)
    ]
    return {"mode": "absolute", "steps": found}


def _named(by_name: Mapping[str, str]) -> Iterator[Json]:
    for colour, found in _by_colour(by_name):
        if len(found) == 1 and not _LIKE_A_VARIABLE.search(found[0]):
            yield _override("byName", found[0], {"color": _fixed(colour)})
        else:
            yield _override("byRegexp", f"/^({_any_of(found)})$/", {"color": _fixed(colour)})


def _begun(by_beginning: Mapping[str, str]) -> Iterator[Json]:
    for colour, found in _by_colour(by_beginning):
        yield _override("byRegexp", f"/^({_any_of(found)})/", {"color": _fixed(colour)})


def _by_colour(by_name: Mapping[str, str]) -> Iterable[tuple[str, list[str]]]:
    """Name all series of a colour at once: a panel has no more overrides of these than there are colours."""
    of_colour: dict[str, list[str]] = {}
    for name, colour in by_name.items():
        of_colour.setdefault(colour, []).append(name)
    return of_colour.items()


def _any_of(texts: Iterable[str]) -> str:
    """Match each of them literally; a line break would end the regular expression."""
    return "|".join(escape_regex(text).replace("\n", r"\n") for text in texts)


def _queried(panel: Panel, points: Sequence[Json]) -> Iterator[Json]:
    for ref, query in zip(refs(len(panel.queries)), panel.queries, strict=True):
        links = {"links": list(points)} if points and _RELEASE in query.legend else {}
        drawn = dict(_query(query)) if panel.kind is PanelType.TIMESERIES else dict(_look(query))
        if properties := drawn | _axis(panel, query) | links:
            yield _override("byFrameRefID", ref, properties)


def _axis(panel: Panel, query: Query) -> Json:
    """Extend the axis of a query's own scale as far as a panel with this scale would."""
    reach = query.scale.soft_high if query.scale and panel.kind is PanelType.TIMESERIES else None
    return {} if reach is None else {"custom.axisSoftMax": reach}


def _query(query: Query) -> Iterator[tuple[str, object]]:
    """Style a line: its look, and whether it is dotted, dashed or drawn over the others."""
    yield from _look(query)
    if query.dotted:
        yield "custom.lineStyle", {"fill": "dot", "dash": [0, 6]}
    if query.promise:
        yield "color", _fixed(query.colour or colours.OBJECTIVE)
        yield from _dashed()
    elif query.mark:
        yield from _over_all()


def _look(query: Query) -> Iterator[tuple[str, object]]:
    """Set the scale and the colour of a query's values, as numbers and as lines."""
    if query.scale:
        yield from _scale(query.scale)
    if query.steps:
        yield "color", {"mode": "thresholds"}
        yield "thresholds", thresholds(query.steps)
    elif query.colour:
        yield "color", _fixed(query.colour) | ({"mode": "shades"} if query.shades else {})


def _dashed() -> Iterator[tuple[str, object]]:
    yield "custom.lineStyle", {"fill": "dash", "dash": [8, 6]}
    yield from _over_all()


def _over_all() -> Iterator[tuple[str, object]]:
    """Draw lines over all other series, without stacking."""
    yield "custom.lineWidth", 2
    yield "custom.fillOpacity", 0
    yield "custom.stacking", {"mode": "none", "group": "promise"}
    yield "custom.showPoints", "never"


def _scale(scale: Scale) -> Iterator[tuple[str, object]]:
    yield "unit", scale.unit
    if scale.decimals is not None:
        yield "decimals", scale.decimals
    if scale.high is not None:
        yield "max", scale.high


def _column(column: Column) -> Iterator[tuple[str, object]]:
    yield "displayName", column.title
    # A cell without a value, in a table that has some.
    yield "noValue", "-"
    # Text stays text even if it looks like a number: a release "1.10" would become "1.1".
    yield "unit", column.scale.unit if column.scale else "string"
    if column.scale and column.scale.decimals is not None:
        yield "decimals", column.scale.decimals
    if column.width:
        yield "custom.width", column.width
    if column.right:
        yield "custom.align", "right"
    if column.link:
        title, url = column.link
        yield "links", [{"title": title, "url": url, "targetBlank": False}]
    if column.steps:
        yield "thresholds", thresholds(column.steps)
        yield "color", {"mode": "thresholds"}
        yield "custom.cellOptions", {"type": "color-text"}
    if column.cell is not Cell.PLAIN:
        yield from _cell(column.cell)


def _cell(cell: Cell) -> Iterator[tuple[str, object]]:
    if cell is Cell.LINK:
        yield "mappings", [{"type": "regex", "options": {"pattern": "/.+/", "result": {"text": "→"}}}]
        yield "custom.align", "center"
        return
    if cell is Cell.TREND:
        yield "mappings", _trends()
        yield "thresholds", thresholds(((None, colours.TEXT),))
        yield "custom.cellOptions", {"type": "color-text"}
        return
    yield "mappings", _status_words() if cell is Cell.STATUS else _severities()
    yield "custom.cellOptions", {"type": "color-background", "mode": "basic"}
    yield "custom.align", "center"


def _override(matcher: str, options: str, properties: Mapping[str, object]) -> Json:
    return {
        "matcher": {"id": matcher, "options": options},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }
