"""The places of panels."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from tests.grafana.documents import everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.grafana.documents import Json

_WIDTH = 24


def ids(board: Json) -> Iterator[str]:
    """Each panel has a unique number; links to single panels use it."""
    found = [panel.get("id") for panel in everything(board)]
    if not all(isinstance(one, int) and one > 0 for one in found) or len(set(found)) < len(found):
        yield f"{board['uid']} has the panel ids {found}"


def grid(board: Json) -> Iterator[str]:
    """Panels cover the 24 columns once: none overlaps another, and there are no holes."""
    folded = (panel["panels"] for panel in board["panels"] if panel.get("panels"))
    for siblings in (board["panels"], *folded):
        yield from (f"{board['uid']}: {found}" for found in _covered(siblings))


def rows(board: Json) -> Iterator[str]:
    """A row has a title and the width of the dashboard; only a closed one contains its panels."""
    for row in (panel for panel in board["panels"] if panel["type"] == "row"):
        if not row["title"].strip() or (row["gridPos"]["w"], row["gridPos"]["h"]) != (_WIDTH, 1):
            yield f"{board['uid']} has a row {row['title']!r} at {row['gridPos']}"
        if bool(row["panels"]) != row["collapsed"]:
            yield f"{board['uid']}: row {row['title']!r} holds panels and is open, or holds none and is closed"


def _covered(siblings: Sequence[Json]) -> Iterator[str]:
    cells = Counter(cell for panel in siblings for cell in _cells(panel["gridPos"]))
    top, bottom = min(y for _, y in cells), max(y for _, y in cells)
    for cell in product(range(_WIDTH), range(top, bottom + 1)):
        if cells[cell] != 1:
            yield f"{cells[cell]} panels at column {cell[0]}, line {cell[1]}"
    if any(x >= _WIDTH for x, _ in cells):
        yield "a panel reaches beyond the last column"


def _cells(at: Json) -> Iterator[tuple[int, int]]:
    yield from product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
