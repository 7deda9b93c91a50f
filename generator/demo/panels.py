"""A panel of a generated dashboard as HTML, without Grafana: the results of its queries, in its colours and units.

Only the panel types of the generated dashboards are drawn; any other panel shows only its title.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from msgspec import Struct

from generator.demo.chart import Axes, ChartLine, chart, formatted_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Json = Mapping[str, Any]
    Labels = Mapping[str, str]

    #: Values by Unix time, for each series in a query's result; an instant query has one value, at the newest time.
    Answer = Sequence[tuple[Labels, Mapping[float, float]]]

_PALETTE = ("#3D8EE0", "#1F8A70", "#E6A117", "#8E5CD9", "#C2571A", "#2AA5B8", "#B5477D", "#6B7F2A", "#A0A7B0")
_PLAIN = "#3D8EE0"
_COLUMN, _ROW = 50, 34
_HEADER = 64


class Window(Struct, frozen=True):
    """The time that a page shows, in Unix seconds, and the seconds between two points."""

    start: float
    end: float
    step: float


class PanelSeries(Struct, frozen=True):
    """An answer to one target: its values by time, and its appearance."""

    name: str
    values: Mapping[float, float]
    look: Json

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[max(self.values)]


def drawn(panel: Json, ask: Callable[[Json], Answer], window: Window) -> Markup:
    """Draw a panel; ``ask`` queries a target."""
    kinds = {
        "timeseries": _timeseries,
        "state-timeline": _timeline,
        "stat": _stat,
        "bargauge": _bars,
        "table": _table,
    }
    draw = kinds.get(panel["type"])
    if draw is None:
        return Markup("<p>Grafana draws this panel.</p>")
    return draw(panel, ask, window)


def _series(panel: Json, ask: Callable[[Json], Answer]) -> Iterator[PanelSeries]:
    count = 0
    for target in panel.get("targets", ()):
        for labels, values in ask(target):
            if values:
                name = _legend(target.get("legendFormat", ""), labels)
                look = {"color": {"mode": "fixed", "fixedColor": _PALETTE[count % len(_PALETTE)]}}
                yield PanelSeries(name, values, look | _look(panel, name, target["refId"]))
                count += 1


def _legend(pattern: str, labels: Labels) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), pattern)


def _look(panel: Json, name: str, ref: str = "") -> dict[str, Any]:
    """Collect the properties of a series or a column: the panel's, then those that its overrides set."""
    defaults = dict(panel["fieldConfig"]["defaults"])
    custom = {f"custom.{key}": value for key, value in defaults.pop("custom", {}).items()}
    if defaults.get("color", {}).get("mode") == "palette-classic":
        del defaults["color"]
    look = defaults | custom
    for override in panel["fieldConfig"].get("overrides", ()):
        if _matches(override["matcher"], name, ref):
            look |= {each["id"]: each["value"] for each in override["properties"]}
    return look


def _matches(matcher: Json, name: str, ref: str) -> bool:
    wanted = matcher["options"]
    if matcher["id"] == "byRegexp":
        return re.search(str(wanted).strip("/"), name) is not None
    return bool(wanted == (ref if matcher["id"] == "byFrameRefID" else name))


def _colour(look: Json, value: str | float) -> str:
    if colour := _meaning(look, value).get("color"):
        return str(colour)
    colour = look.get("color", {})
    if isinstance(value, float) and colour.get("mode") == "thresholds":
        steps = look.get("thresholds", {}).get("steps", ())
        reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
        return str(reached[-1]) if reached else _PLAIN
    return str(colour.get("fixedColor", _PLAIN))


def _text(look: Json, value: str | float) -> str:
    if (text := _meaning(look, value).get("text")) is not None:
        return str(text)
    return (
        value
        if isinstance(value, str)
        else formatted_amount(value, look.get("unit", "none"), look.get("decimals"))
    )


def _meaning(look: Json, value: str | float) -> Json:
    """Find the mapping of a value: the text and the colour, as far as they are given."""
    key = value if isinstance(value, str) else f"{value:g}"
    for mapping in look.get("mappings", ()):
        options = mapping["options"]
        if mapping["type"] != "regex":
            if meant := options.get(key):
                return dict(meant)
        elif match := re.search(options["pattern"].strip("/"), key):
            text = re.sub(r"\$(\d)", lambda group: match[int(group[1])], options["result"]["text"])
            return {**options["result"], "text": text}
    return {}


def _timeseries(panel: Json, ask: Callable[[Json], Answer], window: Window) -> Markup:
    series = list(_series(panel, ask))
    if not series:
        return _nothing(panel)
    lines = [_line(each) for each in series]
    size = panel["gridPos"]
    svg = chart(lines, _axes(series[0].look, window), size["w"] * _COLUMN, size["h"] * _ROW - _HEADER)
    return svg + _names(series)


def _line(each: PanelSeries) -> ChartLine:
    return ChartLine(
        each.name,
        each.values,
        _colour(each.look, each.last),
        dashed=each.look.get("custom.lineStyle", {}).get("fill") == "dash",
        stacked=each.look.get("custom.stacking", {}).get("mode") == "normal",
    )


def _axes(look: Json, window: Window) -> Axes:
    return Axes(
        start=window.start,
        end=window.end,
        step=window.step,
        unit=look.get("unit", "none"),
        decimals=look.get("decimals"),
        least=look.get("min"),
        most=look.get("max"),
        soft_least=look.get("custom.axisSoftMin"),
        soft_most=look.get("custom.axisSoftMax"),
    )


def _names(series: Iterable[PanelSeries]) -> Markup:
    item = Markup('<li><i style="background:{}"></i>{} <b>{}</b></li>')
    items = (
        item.format(_colour(each.look, each.last), each.name, _text(each.look, each.last)) for each in series
    )
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))


def _timeline(panel: Json, ask: Callable[[Json], Answer], window: Window) -> Markup:
    series = list(_series(panel, ask))
    if not series:
        return _nothing(panel)
    row = Markup('<div class="course"><span>{}</span><b>{}</b></div>')
    return Markup("").join(row.format(each.name, Markup("").join(_course(each, window))) for each in series)


def _course(each: PanelSeries, window: Window) -> Iterator[Markup]:
    """Draw a bar for each value, from its time to the next point, in the colour of the value."""
    bar = Markup('<i style="left:{}%;width:{}%;background:{}" title="{}"></i>')
    whole = window.end - window.start
    for at, value in sorted(each.values.items()):
        left, width = 100 * (at - window.start) / whole, 100 * window.step / whole
        yield bar.format(f"{left:.2f}", f"{width:.2f}", _colour(each.look, value), _text(each.look, value))


def _stat(panel: Json, ask: Callable[[Json], Answer], _window: Window) -> Markup:
    series = list(_series(panel, ask))
    if not series:
        return _nothing(panel)
    item = Markup('<div><span style="color:{}">{}</span><small>{}</small></div>')
    items = (
        item.format(_colour(each.look, each.last), _text(each.look, each.last), each.name) for each in series
    )
    return Markup('<div class="stats">{}</div>').format(Markup("").join(items))


def _bars(panel: Json, ask: Callable[[Json], Answer], _window: Window) -> Markup:
    series = sorted(_series(panel, ask), key=lambda each: -each.last)
    if not series:
        return _nothing(panel)
    most = series[0].look.get("max") or max(each.last for each in series) or 1
    item = Markup('<div class="bar"><span>{}</span><b>{}</b><i style="width:{}%;background:{}"></i></div>')
    items = (
        item.format(
            each.name,
            _text(each.look, each.last),
            f"{100 * max(0.0, min(1.0, each.last / most)):.1f}",
            _colour(each.look, each.last),
        )
        for each in series
    )
    return Markup("").join(items)


def _table(panel: Json, ask: Callable[[Json], Answer], _window: Window) -> Markup:
    rows = _rows(panel, ask)
    if not rows:
        return _nothing(panel)
    rows = _sorted(rows, panel)
    columns = _columns(rows, panel)
    looks = {column: _look(panel, column) for column in columns}
    head = Markup("").join(
        Markup('<th class="{}">{}</th>').format(
            _align(looks[column], next(row[column] for row in rows if column in row)),
            looks[column].get("displayName", column),
        )
        for column in columns
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(_cell(row.get(column, ""), looks[column], row) for column in columns)
        )
        for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


def _rows(panel: Json, ask: Callable[[Json], Answer]) -> list[dict[str, str | float]]:
    """Query the targets; where there are several, rows with equal shared labels are merged."""
    targets = panel.get("targets", ())
    kept = (_option(panel, "filterFieldsByName") or [{}])[0].get("include", {}).get("names")
    rows: list[dict[str, str | float]] = []
    for target in targets:
        value = "Value" if len(targets) == 1 else f"Value #{target['refId']}"
        for labels, values in ask(target):
            if values:
                shown = {name: text for name, text in labels.items() if kept is None or name in kept}
                row = next((one for one in rows if value not in one and _is_one(one, shown)), None)
                if row is None:
                    rows.append(row := {})
                row |= {**shown, value: values[max(values)]}
    return rows


def _is_one(row: Mapping[str, str | float], labels: Labels) -> bool:
    shared = row.keys() & labels.keys()
    return all(row[name] == labels[name] for name in shared) and bool(shared or not labels)


def _sorted(rows: list[dict[str, str | float]], panel: Json) -> list[dict[str, str | float]]:
    for by in (one for sort in _option(panel, "sortBy") for one in sort["sort"]):
        there = [row for row in rows if by["field"] in row]
        lacking = [row for row in rows if by["field"] not in row]
        there.sort(key=lambda row: _order(row[by["field"]]), reverse=by.get("desc", False))
        rows = there + lacking
    return rows


def _order(value: str | float) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, str(value)


def _columns(rows: Sequence[Mapping[str, object]], panel: Json) -> list[str]:
    every = list(dict.fromkeys(name for row in rows for name in row))
    for kept in _option(panel, "filterFieldsByName"):
        every = [name for name in every if name in kept["include"]["names"]]
    order = {name: place for one in _option(panel, "organize") for name, place in one["indexByName"].items()}
    return sorted(every, key=lambda name: (order.get(name, len(order)), every.index(name)))


def _option(panel: Json, transformation: str) -> list[dict[str, Any]]:
    return [each["options"] for each in panel.get("transformations", ()) if each["id"] == transformation]


def _cell(value: str | float, look: Json, row: Mapping[str, str | float]) -> Markup:
    text = _text(look, value) or str(look.get("noValue", ""))
    style = ""
    if isinstance(value, float) or "color" in _meaning(look, value):
        kind = look.get("custom.cellOptions", {}).get("type")
        colour = _colour(look, value)
        style = {"color-background": f"background:{colour};color:#fff", "color-text": f"color:{colour}"}.get(
            kind, ""
        )
    align = _align(look, value)
    shown = _linked(text, look, row)
    return Markup('<td class="{}" style="{}">{}</td>').format(align, style, shown)


def _align(look: Json, value: str | float) -> str:
    align = str(look.get("custom.align", "auto"))
    return align if align != "auto" else "right" if isinstance(value, float) else "left"


def _linked(text: str, look: Json, row: Mapping[str, str | float]) -> Markup:
    """Write the link to the dashboard of a column's first link."""
    url = next((str(link["url"]) for link in look.get("links", ())), "").partition("?")[0]
    place = re.sub(r"\$\{__data\.fields\.(\w+)\}", lambda match: str(row.get(match[1], "")), url)
    return (
        Markup('<a href="{}">{}</a>').format(place, text)
        if re.fullmatch(r"/d/[a-z-]+", place)
        else Markup("{}").format(text)
    )


def _nothing(panel: Json) -> Markup:
    return Markup('<p class="nothing">{}</p>').format(
        panel["fieldConfig"]["defaults"].get("noValue", "No data")
    )
