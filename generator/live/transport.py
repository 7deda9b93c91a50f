"""HTTP to one server: whatever fails becomes a LiveError."""

from __future__ import annotations

import re
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote

import urllib3
from msgspec import Struct, field
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError
from urllib3.util import make_headers, parse_url

from generator.live.errors import LiveError, UnreachedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONNECT_SECONDS = 5.0
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Response(Struct, frozen=True):
    """The status, the whole body and the headers (by name, in any case) of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def text(self) -> str:
        """The first line of the body, for messages."""
        lines = self.body.decode(errors="replace").strip().splitlines()
        return lines[0][:300] if lines else "no reason given"


class Connection(Struct, frozen=True):
    """A server at ``url`` (no credentials in it, no slash at its end) and a pool of connections to it."""

    url: str
    pool: urllib3.PoolManager

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Response:
        """Send one request and read its answer, whatever its status.

        Raises:
            LiveError: no connection (UnreachedError), no complete answer, or none in time.
        """
        sent = {**self.pool.headers, **headers}
        try:
            answer = self.pool.request(method, self.url + path, body=body, headers=sent)
        except HTTPError as error:
            message = f"{self.url} does not answer: {_reason(error)}"
            raise (UnreachedError if _is_unreached(error) else LiveError)(message) from error
        return Response(answer.status, answer.data, answer.headers)


def open_connection(url: str, *, timeout: float, retries: int, headers: Mapping[str, str]) -> Connection:
    """Prepare requests to ``url``, which may hold a path and credentials; nothing is sent yet.

    Args:
        url: such as ``http://localhost:9090`` or ``https://user:password@example.com/prometheus``.
        timeout: seconds to wait for an answer.
        retries: how often a connection that fails is tried again; an answer is never asked for twice.
        headers: sent with each request.

    Raises:
        LiveError: ``url`` is no http or https address.
    """
    base, auth = _split(url)
    sent = {**(make_headers(basic_auth=unquote(auth)) if auth else {}), **headers}
    policy = urllib3.Retry(
        connect=retries,
        read=0,
        redirect=False,
        status=0,
        other=0,
        backoff_factor=0.1,
        # Else an answer with this header would be an exception, and how long to wait is the caller's affair.
        respect_retry_after_header=False,
    )
    limits = urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), read=timeout)
    return Connection(base, urllib3.PoolManager(headers=sent, retries=policy, timeout=limits))


def _split(url: str) -> tuple[str, str | None]:
    try:
        parts = parse_url(url)
    except HTTPError as error:
        message = f"not an address of a server: {_shown(url)!r}"
        raise LiveError(message) from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        message = f"not an http or https address: {_shown(url)!r}"
        raise LiveError(message)
    plain = parts._replace(auth=None, path=(parts.path or "").rstrip("/"), query=None, fragment=None)
    return plain.url, parts.auth


def _shown(url: str) -> str:
    """Leave out of an address whatever could be a password."""
    return re.sub(r"^([a-z]+://)?.*@", r"\1***@", url, flags=re.DOTALL)


def _is_unreached(error: HTTPError) -> bool:
    return isinstance(error, MaxRetryError) and isinstance(
        error.reason, NewConnectionError | ConnectTimeoutError
    )


def _reason(error: HTTPError) -> str:
    """Say what the operating system said, where urllib3 wraps it in its own words."""
    cause: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    root = cause.__cause__
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return str(cause)
