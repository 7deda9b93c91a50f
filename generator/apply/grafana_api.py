"""Grafana's HTTP API, as far as dashboards need it: folders, dashboards by uid, search.

Nothing is ever saved with ``overwrite``: with it Grafana replaces whatever was saved meanwhile, and older ones even
another dashboard of the same title. Without it a save names the version that it replaces, and fails on any other.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from generator.apply.errors import ApplyError, UncertainError
from generator.apply.grafana_answers import found, hits, member
from generator.apply.grafana_refusals import refusal
from generator.apply.patience import Patience, send
from generator.diagnostics.printable import printable
from generator.live.errors import LiveError, UnreachedError
from generator.live.transport import open_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.apply.credentials import Credentials
    from generator.apply.grafana_answers import Found, Hit
    from generator.live.transport import Connection, Response

_TIMEOUT = 20.0
_PAGE = 1000
_GONE = HTTPStatus.NOT_FOUND


class GrafanaApi(Struct, frozen=True):
    """A Grafana, by its HTTP API. Every method raises ApplyError when it fails."""

    connection: Connection
    credentials: Credentials
    patience: Patience

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    def folder(self, uid: str) -> str | None:
        """Return the title of a folder, or None where there is none."""
        response = self._ask(
            "GET", f"/api/folders/{quote(uid, safe='')}", f'show the folder "{uid}"', absent=True
        )
        return None if self._is_absent(response) else member(response, "title")

    def create_folder(self, uid: str, title: str) -> None:
        """Create a folder at the top level; one of that uid that somebody creates meanwhile is taken."""
        try:
            self._ask("POST", "/api/folders", f'create the folder "{title}"', {"uid": uid, "title": title})
        except UncertainError:
            if self.folder(uid) is None:
                raise

    def dashboard(self, uid: str) -> Found | None:
        """Return the dashboard, or folder, of a uid, or None where there is none."""
        response = self._ask("GET", _path(uid), f'show "{uid}"', absent=True)
        return None if self._is_absent(response) else found(response)

    def tagged(self, tag: str) -> tuple[Hit, ...]:
        """Find the dashboards that carry a tag."""
        return tuple(self._tagged(tag))

    def save(self, dashboard: Mapping[str, Any], folder: str, message: str) -> None:
        """Save a dashboard into a folder; its ``version`` is the one that it replaces, 0 for none."""
        sent = {"dashboard": dashboard, "folderUid": folder, "message": message, "overwrite": False}
        response = self._ask("POST", "/api/dashboards/db", f'save "{dashboard["uid"]}"', sent)
        member(response, "version")

    def delete(self, uid: str) -> None:
        """Delete a dashboard; one that is gone already is no failure."""
        self._ask("DELETE", _path(uid), f'delete "{uid}"', absent=True)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.connection.pool.clear()

    def _tagged(self, tag: str) -> Iterator[Hit]:
        page, more = 1, True
        while more:
            query = urlencode({"type": "dash-db", "tag": tag, "limit": _PAGE, "page": page})
            listed = hits(self._ask("GET", f"/api/search?{query}", "search for dashboards"))
            yield from listed
            page, more = page + 1, len(listed) >= _PAGE

    def _ask(
        self, method: str, path: str, doing: str, sent: object = None, *, absent: bool = False
    ) -> Response:
        """Return the answer to a request; ``absent`` lets 404 pass, which must be Grafana's own."""
        body = None if sent is None else json.dumps(sent, ensure_ascii=False).encode()
        try:
            response = send(self.connection, method, path, body, self.patience)
        except UnreachedError as error:
            help_ = "check the address, and that Grafana runs; then run again"
            raise ApplyError(self._shown(f"Grafana at {error}"), help_) from None
        except LiveError as error:
            raise UncertainError(self._shown(f"Grafana at {error}"), _help(str(error))) from None
        if response.ok or (absent and self._is_absent(response)):
            return response
        refused = refusal(self.credentials.without(response), doing)
        raise type(refused)(self._shown(refused.message), self._shown(refused.help))

    @staticmethod
    def _is_absent(response: Response) -> bool:
        """Whether Grafana has no such thing; another server, asked by mistake, has nothing either."""
        if response.status != _GONE:
            return False
        try:
            return bool(member(response, "message"))
        except ApplyError:
            return False

    def _shown(self, text: str) -> str:
        return printable(self.credentials.hide(text))


def connect_grafana(
    url: str, credentials: Credentials, *, timeout: float = _TIMEOUT, patience: Patience | None = None
) -> GrafanaApi:
    """Address the Grafana at ``url``, which has been checked; nothing is sent yet.

    Raises:
        ApplyError: ``url`` is no address.
    """
    try:
        connection = open_connection(url, timeout=timeout, retries=0, headers=credentials.headers)
    except LiveError as error:
        raise ApplyError(str(error)) from None
    return GrafanaApi(connection, credentials, patience or Patience())


def _path(uid: str) -> str:
    return f"/api/dashboards/uid/{quote(uid, safe='')}"


def _help(said: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "the system trusts no authority that vouches for it; SSL_CERT_FILE names a file of authorities to trust"
    return "run again"
