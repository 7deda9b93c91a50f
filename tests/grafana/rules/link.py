"""Links from one dashboard to another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import names
from tests.grafana.documents import overridden, panels, variables, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import BoardPanel, Json

_OURS = re.compile(r"/d/([^?/]+)\?(.+)")
_TIMES = "${__url_time_range}"
_ALL = "${__all_variables}"
_SOURCE = "${datasource:queryparam}"
_FIELD = re.compile(r"\$\{__data\.fields\.(\w+)(?::\w+)?\}")


def to_all(board: Json) -> Iterator[str]:
    """From each dashboard to all others, with the chosen values and the time range; logs and traces are elsewhere."""
    ours = [link for link in board["links"] if not link["url"].startswith("https://")]
    found = [link["url"].removeprefix("/d/") for link in ours]
    wanted = [uid for uid in names.DASHBOARDS.values() if uid != board["uid"]]
    if sorted(found) != sorted(wanted):
        yield f"{board['uid']} leads to {found}"
    for link in ours:
        if not (link["includeVars"] and link["keepTime"] and link["title"]):
            yield f"{board['uid']}: the way to {link['url']} loses what was chosen"


def closer(board: Json) -> Iterator[str]:
    """A link of a panel goes to an existing dashboard, and keeps the time range and the chosen values."""
    for panel, url in _urls(board):
        if match := _OURS.fullmatch(url):
            yield from (f"{panel.where}: {found}" for found in _lost(match[1], match[2]))
        elif url.startswith("/"):
            yield f"{panel.where}: {url} is no dashboard"


def fields(board: Json) -> Iterator[str]:
    """A link of a table reads only columns that the table keeps."""
    for panel in panels(board):
        kept = set(_columns(panel))
        for link in (link for links in overridden(panel, "links") for link in links):
            if missing := set(_FIELD.findall(link["url"])) - kept:
                yield f"{panel.where}: a link reads {sorted(missing)}, which the table drops"


def set_there(board: Json, boards: dict[str, Json]) -> Iterator[str]:
    """A link sets only variables that its target has."""
    for panel, url in _urls(board):
        for uid in re.findall(r"^/d/([\w-]+)\?", url):
            asked = set(re.findall(r"[?&]var-(\w+)=", url))
            if missing := asked - set(variables(boards[uid])):
                yield f"{panel.where}: {uid} has no {sorted(missing)}"


def _urls(board: Json) -> Iterator[tuple[BoardPanel, str]]:
    for panel in panels(board):
        for path, value in walk(panel.json):
            if path.endswith("/url"):
                yield panel, str(value)


def _lost(uid: str, query: str) -> Iterator[str]:
    if uid not in names.DASHBOARDS.values() and not _FIELD.fullmatch(uid):
        yield f"there is no dashboard {uid}"
    parts = query.split("&")
    if _TIMES not in parts:
        yield "a link loses the time range"
    if _ALL not in parts and not (_SOURCE in parts and any(part.startswith("var-") for part in parts)):
        yield "a link loses what was chosen"


def _columns(panel: BoardPanel) -> Iterator[str]:
    for one in panel.json.get("transformations", ()):
        if one["id"] == "filterFieldsByName":
            yield from one["options"]["include"]["names"]
