"""Grafana's HTTP API, as far as dashboards need it: folders, dashboards by uid, search.

No dashboard is ever saved with ``overwrite``: Grafana would replace a version saved meanwhile, and older releases even
another dashboard of the same title. Without it a save names the replaced version, and fails for any other.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Raw, Struct, field

from generator.diagnostics.wording import printable, shortened
from generator.live.answers import decoded
from generator.live.errors import LiveError, UncertainError
from generator.live.transport import Connection, Response, open_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.credentials import Credentials
    from generator.live.retry import Patience

T = TypeVar("T")
#: A larger dashboard is not read; the generated ones take some hundred kilobytes.
_MOST_BYTES = 4 * 1024 * 1024
_TIMEOUT = 20.0
_PAGE, _MOST_PAGES = 1000, 20
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_WHERE = "is this a Grafana? its address ends with its sub-path, if it has any"
_PERMISSIONS = (
    "its account needs the role Editor, or these permissions: folders:read, folders:create, dashboards:read,"
    " dashboards:create, dashboards:write, and dashboards:delete for --prune"
)
_HELP: dict[int, str] = {
    HTTPStatus.FORBIDDEN: _PERMISSIONS,
    HTTPStatus.CONFLICT: "a folder of that title has another uid: give that with --folder; it is the part after"
    " /dashboards/f/ in the folder's address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "a proxy before Grafana takes no larger requests: raise its limit",
}
_HELP_OF_412 = {
    "version-mismatch": "somebody saved it meanwhile: look at it with --dry-run, then run again",
    "name-exists": "another dashboard of the folder has its title: rename that one, then run again",
    "plugin-dashboard": "it belongs to a plugin: delete it there, then run again",
}


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


class _Message(Struct):
    message: str


class _Hit(Struct):
    uid: str
    title: str = ""
    folder_uid: str | None = field(default=None, name="folderUid")


def _parse_dashboard(response: Response) -> GrafanaDashboard:
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


def _hits(response: Response) -> tuple[Hit, ...]:
    """Read ``GET /api/search``.

    Raises:
        UncertainError: the answer is not of the API's shape.
    """
    listed = _read(response.body, list[_Hit], "a list of dashboards")
    return tuple(Hit(one.uid, one.title, one.folder_uid or "") for one in listed)


def _is_of_grafana(response: Response) -> bool:
    """Whether the refusal is from Grafana: it has a message, and the page of another server has none."""
    try:
        return bool(_read(response.body, _Message, "a refusal").message)
    except UncertainError:
        return False


def _read(body: bytes, shape: type[T], noun: str) -> T:
    try:
        return decoded(body, shape, noun)
    except LiveError:
        raise UncertainError(f"the answer is not {noun} of Grafana's API", _WHERE) from None


class GrafanaApi(Struct, frozen=True):
    """A Grafana, by its HTTP API. Every method raises LiveError when it fails."""

    connection: Connection

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    def folder(self, uid: str) -> str | None:
        """Return the title of a folder, or None where it does not exist."""
        response = self._ask(
            "GET", f"/api/folders/{quote(uid, safe='')}", f'show the folder "{uid}"', absent=True
        )
        return None if self._is_absent(response) else _read(response.body, _Folder, "a folder").title

    def create_folder(self, uid: str, title: str) -> None:
        """Create a folder at the top level; one of that uid created meanwhile is accepted."""
        try:
            self._ask("POST", "/api/folders", f'create the folder "{title}"', {"uid": uid, "title": title})
        except UncertainError:
            if self.folder(uid) is None:
                raise

    def dashboard(self, uid: str) -> GrafanaDashboard | None:
        """Return the dashboard, or folder, of a uid, or None where it does not exist."""
        response = self._ask("GET", _path(uid), f'show "{uid}"', absent=True)
        return None if self._is_absent(response) else _parse_dashboard(response)

    def save(self, dashboard: Mapping[str, Any], folder: str, message: str) -> None:
        """Save a dashboard into a folder; its ``version`` is the one that it replaces, 0 for none."""
        sent = {"dashboard": dashboard, "folderUid": folder, "message": message, "overwrite": False}
        response = self._ask("POST", "/api/dashboards/db", f'save "{dashboard["uid"]}"', sent)
        _read(response.body, _Saved, "an object with version")

    def delete(self, uid: str) -> None:
        """Delete a dashboard; one that no longer exists is no failure."""
        self._ask("DELETE", _path(uid), f'delete "{uid}"', absent=True)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.connection.close()

    def tagged(self, tag: str) -> Iterator[Hit]:
        """List the dashboards with a tag."""
        for page in range(1, _MOST_PAGES + 1):
            query = urlencode({"type": "dash-db", "tag": tag, "limit": _PAGE, "page": page})
            listed = _hits(self._ask("GET", f"/api/search?{query}", "search for dashboards"))
            yield from listed
            if len(listed) < _PAGE:
                return
        message = f"Grafana finds more than {_MOST_PAGES * _PAGE} dashboards with the tag {tag}"
        raise UncertainError(message, _WHERE)

    def _ask(
        self, method: str, path: str, doing: str, sent: object = None, *, absent: bool = False
    ) -> Response:
        """Return the answer to a request; ``absent`` accepts a 404, which must be Grafana's own."""
        body = None if sent is None else json.dumps(sent, ensure_ascii=False).encode()
        try:
            response = self.connection.send(method, path, body, _JSON)
        except LiveError as error:
            raise error.adding("then run again") from None
        if response.ok or (absent and self._is_absent(response)):
            return response
        refused = _refusal(response, doing, self.connection.help_for(response.status))
        raise type(refused)(self.connection.credentials.hide(refused.message), refused.help)

    @staticmethod
    def _is_absent(response: Response) -> bool:
        """Whether Grafana reports the object as absent; a 404 of any other server does not count."""
        return response.status == HTTPStatus.NOT_FOUND and _is_of_grafana(response)


class _Refusal(Struct):
    """Grafana's message and its kind of refusal; a proxy's page has neither."""

    message: str = ""
    status: str = ""


def connect_grafana(
    url: str, credentials: Credentials, *, timeout: float = _TIMEOUT, patience: Patience | None = None
) -> GrafanaApi:
    """Prepare requests to the Grafana at ``url``, which has been checked; nothing is sent yet.

    Raises:
        LiveError: ``url`` is not an address.
    """
    return GrafanaApi(
        open_connection(url, timeout=timeout, called="Grafana", credentials=credentials, patience=patience)
    )


def _path(uid: str) -> str:
    return f"/api/dashboards/uid/{quote(uid, safe='')}"


def _refusal(response: Response, doing: str, general: str) -> LiveError:
    """Describe a status other than success.

    Args:
        response: the answer.
        doing: the request, such as ``save "x"``.
        general: the help for its status with any server.

    Returns:
        An UncertainError where the request may have been carried out nevertheless.
    """
    refusal = _refused(response)
    reason = f"HTTP {response.status}: {refusal.message}" if refusal.message else response.reason
    message = printable(f"Grafana does not {doing}: {reason}")
    help_ = _HELP.get(response.status) or general
    if response.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
        return UncertainError(message, _HELP_OF_412.get(refusal.status, help_))
    uncertain = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return (UncertainError if uncertain else LiveError)(message, help_)


def _refused(response: Response) -> _Refusal:
    if response.leads_to:
        return _Refusal()
    try:
        refusal = decoded(response.body, _Refusal, "a refusal")
    except LiveError:
        return _Refusal()
    return _Refusal(shortened(refusal.message, 300), refusal.status)
