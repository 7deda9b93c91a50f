"""How single series and columns differ from the rest of their panel: Grafana's overrides and value mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.grafana import colours
from generator.grafana.panels import Cell, refs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.grafana.panels import Column, Panel, Table

Json = dict[str, Any]


def statuses() -> list[Json]:
    """Map the numbers of statuses to their words and colours."""
    options = {
        f"{status.code:g}": {"text": status.text, "color": status.colour, "index": place}
        for place, status in enumerate(colours.STATUSES)
    }
    return [{"type": "value", "options": options}]


def of_series(panel: Panel) -> list[Json]:
    """Give names their colours, and promises their dashes."""
    return [
        *(_override("byName", name, color=fixed(colour)) for name, colour in panel.colours.items()),
        *_promises(panel),
    ]


def of_columns(table: Table) -> list[Json]:
    """Give each column its header, unit, look and link."""
    return [
        _override("byName", name, **dict(_column(column)))
        for name, column in zip(table.fields(), table.columns, strict=True)
    ]


def fixed(colour: str) -> Json:
    """Use one colour."""
    return {"mode": "fixed", "fixedColor": colour}


def _promises(panel: Panel) -> Iterator[Json]:
    for ref, query in zip(refs(len(panel.queries)), panel.queries, strict=True):
        if query.promise:
            yield _override(
                "byFrameRefID",
                ref,
                color=fixed(colours.OBJECTIVE),
                **{
                    "custom.lineStyle": {"fill": "dash", "dash": [8, 6]},
                    "custom.lineWidth": 2,
                    "custom.fillOpacity": 0,
                    "custom.stacking": {"mode": "none", "group": "promise"},
                    "custom.showPoints": "never",
                },
            )


def _column(column: Column) -> Iterator[tuple[str, object]]:
    yield "displayName", column.title
    if column.scale:
        yield "unit", column.scale.unit
        if column.scale.decimals is not None:
            yield "decimals", column.scale.decimals
    if column.width:
        yield "custom.width", column.width
    if column.right:
        yield "custom.align", "right"
    if column.link:
        title, url = column.link
        yield "links", [{"title": title, "url": url, "targetBlank": False}]
    if column.cell is Cell.HIDDEN:
        yield "custom.width", 1
    if column.cell is Cell.STATUS:
        yield "mappings", statuses()
        yield "custom.cellOptions", {"type": "color-background", "mode": "basic"}
        yield "custom.align", "center"


def _override(matcher: str, options: str, **properties: object) -> Json:
    return {
        "matcher": {"id": matcher, "options": options},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }
