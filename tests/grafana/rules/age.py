"""Keys of an old Grafana: a current one no longer reads them, or migrates them in unchecked ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.grafana.documents import everything, steps, targets, variables, walk
from tests.grafana.documents import panels as shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import Json

_BOARD = {"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"}
_PANEL = {
    *(
        "aliasColors",
        "cacheTimeout",
        "cards",
        "color",
        "columns",
        "dataFormat",
        "editable",
        "error",
        "fontSize",
    ),
    *("heatmap", "height", "hideTimeOverride", "mappings", "minSpan", "nullPointMode", "renderer", "span"),
    *(
        "styles",
        "xAxis",
        "xaxis",
        "yAxis",
        "yaxes",
        "xaxes",
        "displayMode",
        "legend",
        "tooltip",
        "thresholds",
    ),
}
_TARGET = {"intervalFactor", "metric", "query", "step", "target"}
_THRESHOLD = {"index", "line", "op", "yaxis"}
_VARIABLE = {"auto", "auto_count", "auto_min", "tagValuesQuery", "tagsQuery", "useTags"}
_OPTIONS = {"fieldOptions"}
_CUSTOM = {"displayMode"}


def board(document: Json) -> Iterator[str]:
    """No key of old dashboards."""
    yield from _old(str(document["uid"]), document, _BOARD)


def panels(document: Json) -> Iterator[str]:
    """No key of old panels; current ones keep it all in ``options`` and ``fieldConfig``."""
    for panel in everything(document):
        where, config = f"{document['uid']} / {panel['title']}", panel.get("fieldConfig", {})
        yield from _old(where, panel, _PANEL)
        yield from _old(where, panel.get("options", {}), _OPTIONS)
        yield from _old(where, config.get("defaults", {}).get("custom", {}), _CUSTOM)


def queries(document: Json) -> Iterator[str]:
    """No key of old queries, and no frame of Grafana's removed query editor."""
    for target in targets(document):
        yield from _old(target.where, target.json, _TARGET)


def limits(document: Json) -> Iterator[str]:
    """No key of the thresholds of the removed graph panel."""
    for panel in shown(document):
        for found in steps(panel):
            for step in found:
                yield from _old(panel.where, step, _THRESHOLD)


def choices(document: Json) -> Iterator[str]:
    """No key of old variables."""
    for name, one in variables(document).items():
        yield from _old(name, one, _VARIABLE)


def nulls(document: Json) -> Iterator[str]:
    """A key without a value is left out; but the first threshold is null, and an open end of a range."""
    for path, value in walk(document):
        if value is None and not path.endswith(("/steps/0/value", "/options/from", "/options/to")):
            yield f"{document['uid']}{path} is null"


def _old(where: str, found: Json, keys: set[str]) -> Iterator[str]:
    yield from (f"{where} has {key}" for key in sorted(keys & found.keys()))
