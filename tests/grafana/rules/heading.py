"""The head of a dashboard, above its panels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import Json

_UID = re.compile(r"agent-[a-z-]{1,34}")
_DURATION = re.compile(r"[1-9]\d*[smhd]")
_NOW = re.compile(r"now(-[1-9]\d*[mhdw])?")


def uid(board: Json) -> Iterator[str]:
    """The uid is the fixed one, short enough for Grafana; there is no id, which another Grafana gave away."""
    if board["uid"] not in names.DASHBOARDS.values() or not _UID.fullmatch(board["uid"]):
        yield f"{board['uid']} is no uid of ours"
    if "id" in board:
        yield f"{board['uid']} has an id"


def words(board: Json) -> Iterator[str]:
    """A title, a description, and the common tag."""
    for key in ("title", "description"):
        if not str(board.get(key, "")).strip():
            yield f"{board['uid']} has no {key}"
    if board.get("tags") != ["agent-metrics"]:
        yield f"{board['uid']} has other tags"


def version(board: Json) -> Iterator[str]:
    """The current schema, which no migration touches."""
    if board.get("schemaVersion") != 42:
        yield f"{board['uid']} is of schema {board.get('schemaVersion')}"


def read_only(board: Json) -> Iterator[str]:
    """Generated dashboards are not editable in Grafana, where the next apply would overwrite the change."""
    if board.get("editable") is not False:
        yield f"{board['uid']} can be edited"


def times(board: Json) -> Iterator[str]:
    """A time range and a pace of refresh that Grafana reads."""
    found = board.get("time", {})
    if not all(_NOW.fullmatch(str(found.get(end))) for end in ("from", "to")):
        yield f"{board['uid']} has no time range: {found}"
    if not _DURATION.fullmatch(str(board.get("refresh"))):
        yield f"{board['uid']} is not refreshed: {board.get('refresh')}"
