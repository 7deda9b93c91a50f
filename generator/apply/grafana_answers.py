"""Answers of Grafana's HTTP API, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Raw, Struct, field

from generator.live.answers import decoded
from generator.live.errors import LiveError, UncertainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.response import Response

T = TypeVar("T")

#: A larger dashboard is not read; the generated ones take some hundred kilobytes.
_MOST_BYTES = 4 * 1024 * 1024


class GrafanaDashboard(Struct, frozen=True):
    """A dashboard as Grafana has it.

    Attributes:
        uid: Grafana's name for it.
        title: its title for people.
        json: the dashboard itself.
        version: the number of saves; a save with another number is refused.
        tags: its tags.
        folder: the uid of its folder, empty for the top level.
        folder_title: the folder's title for people.
        provisioned: whether it comes from files, the only way to change it.
        is_folder: whether it is a folder of that uid instead.
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


class _Meta(Struct):
    folder_uid: str | None = field(default=None, name="folderUid")
    folder_title: str | None = field(default=None, name="folderTitle")
    provisioned: bool | None = False
    is_folder: bool | None = field(default=False, name="isFolder")


class _Dashboard(Struct):
    """The parts of a dashboard that are read; the whole is compared unread."""

    uid: str
    title: str = ""
    version: int | None = 0
    tags: tuple[str, ...] | None = ()


class _Answer(Struct):
    dashboard: Raw
    meta: _Meta


class _Folder(Struct):
    title: str


class _Saved(Struct):
    version: int


class _Refusal(Struct):
    message: str


class _Hit(Struct):
    uid: str
    title: str = ""
    folder_uid: str | None = field(default=None, name="folderUid")


def parse_dashboard(response: Response) -> GrafanaDashboard:
    """Read ``GET /api/dashboards/uid/:uid``.

    Raises:
        UncertainError: the answer is not of the API's shape.
    """
    answer = _read(response.body, _Answer, "a dashboard")
    whole, meta = bytes(answer.dashboard), answer.meta
    if len(whole) > _MOST_BYTES:
        message = f"the dashboard that Grafana has is larger than {_MOST_BYTES // 1024 // 1024} MiB"
        raise UncertainError(message, "look at it in Grafana, and delete it if it is none of anybody's")
    dashboard = _read(whole, _Dashboard, "a dashboard")
    return GrafanaDashboard(
        uid=dashboard.uid,
        title=dashboard.title,
        json=_read(whole, dict[str, Any], "a dashboard"),
        version=dashboard.version or 0,
        tags=dashboard.tags or (),
        folder=meta.folder_uid or "",
        folder_title=meta.folder_title or "",
        provisioned=bool(meta.provisioned),
        is_folder=bool(meta.is_folder),
    )


def hits(response: Response) -> tuple[Hit, ...]:
    """Read ``GET /api/search``.

    Raises:
        UncertainError: the answer is not of the API's shape.
    """
    listed = _read(response.body, list[_Hit], "a list of dashboards")
    return tuple(Hit(one.uid, one.title, one.folder_uid or "") for one in listed)


def title(response: Response) -> str:
    """Read the title of a folder.

    Raises:
        UncertainError: the answer has none.
    """
    return _read(response.body, _Folder, "a folder").title


def check_saved(response: Response) -> None:
    """Check that the answer has the saved version.

    Raises:
        UncertainError: it has none.
    """
    _read(response.body, _Saved, "an object with version")


def is_of_grafana(response: Response) -> bool:
    """Whether Grafana itself refused: its refusals have a message, the pages of other servers have none."""
    try:
        return bool(_read(response.body, _Refusal, "a refusal").message)
    except UncertainError:
        return False


def _read(body: bytes, shape: type[T], noun: str) -> T:
    try:
        return decoded(body, shape, noun)
    except LiveError:
        raise _not_of(noun) from None


def _not_of(noun: str) -> UncertainError:
    message = f"the answer is not {noun} of Grafana's API"
    return UncertainError(message, "is this a Grafana? its address ends with its sub-path, if it has any")
