"""What Grafana's HTTP API answers, as values."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.apply.errors import UncertainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.transport import Response


class Found(Struct, frozen=True):
    """A dashboard as Grafana has it.

    Attributes:
        uid: Grafana's name for it.
        title: what people see.
        json: the dashboard itself.
        version: how often it was saved; a save that names another one is refused.
        tags: its tags.
        folder: the uid of its folder, empty for the top level.
        folder_title: what people see of the folder.
        provisioned: whether it comes from files, which alone can change it.
        is_folder: whether it is none, but a folder of that uid.
    """

    uid: str
    title: str
    json: Mapping[str, Any]
    version: int
    tags: tuple[str, ...]
    folder: str
    folder_title: str
    provisioned: bool
    is_folder: bool


class Hit(Struct, frozen=True):
    """A dashboard that a search found; ``folder`` is its folder's uid, empty for the top level."""

    uid: str
    title: str
    folder: str


def found(response: Response) -> Found:
    """Read ``GET /api/dashboards/uid/:uid``.

    Raises:
        UncertainError: the answer is not of the API's shape.
    """
    with expecting("a dashboard"):
        document = json.loads(response.body)
        dashboard, meta = document["dashboard"], document["meta"]
        return Found(
            uid=str(dashboard["uid"]),
            title=str(dashboard.get("title", "")),
            json=dict(dashboard),
            version=int(dashboard.get("version") or 0),
            tags=tuple(map(str, dashboard.get("tags") or ())),
            folder=str(meta.get("folderUid") or ""),
            folder_title=str(meta.get("folderTitle") or ""),
            provisioned=bool(meta.get("provisioned")),
            is_folder=bool(meta.get("isFolder")),
        )


def hits(response: Response) -> tuple[Hit, ...]:
    """Read ``GET /api/search``.

    Raises:
        UncertainError: the answer is not of the API's shape.
    """
    with expecting("a list of dashboards"):
        return tuple(
            Hit(str(one["uid"]), str(one.get("title", "")), str(one.get("folderUid") or ""))
            for one in json.loads(response.body)
        )


def member(response: Response, key: str) -> str:
    """Read one text of an answer that is an object.

    Raises:
        UncertainError: there is none.
    """
    with expecting(f"an object with {key}"):
        return str(json.loads(response.body)[key])


@contextmanager
def expecting(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while an answer is taken apart into an UncertainError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        message = f"the answer is not {what} of Grafana's API"
        raise UncertainError(
            message, "is this a Grafana? its address ends with its sub-path, if it has any"
        ) from None
