"""An answer of a server, and its status in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct, field

from generator.diagnostics.wording import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 300
_LOGIN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED})
_OF_THE_SERVER = HTTPStatus.INTERNAL_SERVER_ERROR
_ELSEWHERE = (
    "redirections are not followed: give the address that answers itself, and see that no login is before it"
)
_BUSY = "the server has too much to do: try again later"
_WRONG_PLACE = (
    "is this a {called}? the address ends where its own paths begin, with the prefix that a proxy or"
    " --web.external-url gives them"
)
_REFUSED = "see that this is a {called}, and that no proxy before it refuses what is asked"
_HELP: dict[int, str] = {
    HTTPStatus.NOT_FOUND: _WRONG_PLACE,
    HTTPStatus.METHOD_NOT_ALLOWED: _WRONG_PLACE,
    HTTPStatus.GONE: _WRONG_PLACE,
    HTTPStatus.REQUEST_TIMEOUT: _BUSY,
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
    HTTPStatus.BAD_GATEWAY: f"{_BUSY}; if it stays so, see that it runs",
    HTTPStatus.SERVICE_UNAVAILABLE: f"{_BUSY}; if it stays so, see that it runs",
    HTTPStatus.GATEWAY_TIMEOUT: f"{_BUSY}; if it stays so, see that it runs",
}


class Response(Struct, frozen=True):
    """The status, the whole body and the headers (by name, in any case) of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def text(self) -> str:
        """The first line of the body, for messages."""
        lines = self.body[: 4 * _SHOWN].decode(errors="replace").strip().splitlines()
        return printable(shortened(lines[0], _SHOWN)) if lines else "no reason given"

    @property
    def leads_to(self) -> str:
        """The target of a redirection, without possible secrets; empty where there is none."""
        if not HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            return ""
        return _plain(self.headers.get("Location", ""))

    @property
    def reason(self) -> str:
        """The status and the server's message, on one line."""
        elsewhere = f"a redirection to {self.leads_to}" if self.leads_to else self.text
        return f"HTTP {self.status}: {elsewhere}"


def help_for(status: int, login: str, called: str) -> str:
    """Return the help for a status other than success.

    Args:
        status: of an answer.
        login: the help where credentials are wanted.
        called: the expected server, such as ``Prometheus``.
    """
    if status in _LOGIN:
        return login
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _ELSEWHERE
    general = "look into the server's log, or try again later" if status >= _OF_THE_SERVER else _REFUSED
    return _HELP.get(status, general).format(called=called)


def _plain(location: str) -> str:
    """Remove everything from an address that may contain a credential: a login, a query, a fragment."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an address that is none"
    host = parts.netloc.rpartition("@")[2]
    text = parts._replace(netloc=host, query="", fragment="").geturl()
    return printable(shortened(text, _SHOWN))
