"""HTTP to one server: every exchange is limited in time and size, and any failure becomes a LiveError.

An answer is a value, whatever its status. One limit of time is for all of an exchange: the name look-up, the handshake,
and headers and a body that arrive slowly.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, RemoteDisconnected
from io import BytesIO
from queue import SimpleQueue
from threading import Event, Thread, local
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit

import urllib3
from msgspec import Struct, field
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
)
from urllib3.util import parse_url

from generator.diagnostics.wording import printable, shortened
from generator.live.credentials import Credentials, basic
from generator.live.errors import (
    LiveError,
    NotFoundError,
    TimedOutError,
    TooLargeError,
    UncertainError,
    UnreachedError,
)
from generator.live.retry import Patience, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Larger bodies are not read, compressed or not.
MOST_BYTES = 32 * 1024 * 1024
_PIECE = 64 * 1024
_CONNECT_SECONDS = 5.0
#: Our own code repeats requests (see ``retry``) and handles statuses.
_ONCE = urllib3.Retry(connect=0, read=0, redirect=False, status=0, other=0, respect_retry_after_header=False)
#: Also the errors for bytes that are not HTTP.
_FAILURES = (HTTPError, HTTPException, OSError, ValueError)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_UNTRUSTED = (
    "the system trusts no authority that vouches for it; SSL_CERT_FILE names a file of authorities to trust"
)
_AN_ADDRESS = "give it as in http://localhost:9090; ports end at 65535"
T = TypeVar("T")
#: In the thread of an exchange: the connections that it uses.
_THREAD = local()
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


def _help_for(status: int, login: str, called: str) -> str:
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


class Connection(Struct, frozen=True):
    """A server and a pool of connections to it.

    Attributes:
        url: its address, without credentials.
        pool: made by ``_watched_pool``.
        timeout: seconds from the start of a request to the end of its answer, with all repetitions.
        called: the expected server, such as ``Prometheus``.
        credentials: our credentials for it.
        patience: how often a request is sent.
    """

    url: str
    pool: urllib3.PoolManager
    timeout: float
    called: str = "server"
    credentials: Credentials = field(default_factory=Credentials)
    patience: Patience = field(default_factory=Patience)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        safe: bool = False,
    ) -> Response:
        """Send a request and read its answer, of any status; only our credentials are removed from it.

        Args:
            method: of HTTP.
            path: after the address, may contain a query, which no message repeats.
            body: the request's body.
            headers: sent besides the credentials.
            safe: whether the request may be carried out twice, as every GET may.

        Raises:
            UnreachedError: no connection.
            TimedOutError: no whole answer in time.
            TooLargeError: the answer is larger than MOST_BYTES.
            UncertainError: no complete answer.
        """
        sent = {**self.credentials.headers, **headers}
        attempt = partial(self._attempt, method, path, body, sent)
        return repeated(attempt, self.patience, self.timeout, safe=safe or method == "GET")

    def refusal(self, response: Response) -> LiveError:
        """Describe an answer that is not a success."""
        kind = NotFoundError if response.status == HTTPStatus.NOT_FOUND else LiveError
        return self.error(response.reason, self.help_for(response.status), kind)

    def help_for(self, status: int) -> str:
        """Return the help for a status that is not a success."""
        return _help_for(status, self.credentials.login, self.called)

    def error(self, message: str, help_: str = "", kind: type[LiveError] = LiveError) -> LiveError:
        """Make an error about this server, without credentials and on one line."""
        return kind(printable(self.credentials.hide(f"{self.url}: {message}")), help_)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.pool.clear()

    def _attempt(
        self, method: str, path: str, body: bytes | None, sent: Mapping[str, str], seconds: float
    ) -> Response:
        work = partial(_exchange, self.pool, method, self.url + path, body, sent)
        try:
            response = within(seconds, work)
        except TimeoutError as error:
            message = f"{self._place} does not answer within {seconds:.3g}s"
            raise TimedOutError(message, f"{self._check}; --timeout gives it longer") from error
        except _FAILURES as error:
            raise self._failure(error) from None
        if response is None:
            message = f"{self._place} answers with more than {MOST_BYTES // 1024 // 1024} MiB"
            raise TooLargeError(message, "see that this is the right address")
        return self._without_secrets(response)

    def _failure(self, error: Exception) -> LiveError:
        reason = printable(shortened(self.credentials.hide(_reason(error)), _SHOWN))
        message = f"{self._place} does not answer: {reason}"
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return UnreachedError(message, _UNTRUSTED)
        return (UnreachedError if _is_unreached(error) else UncertainError)(message, self._check)

    @property
    def _check(self) -> str:
        return f"check the address, and that {self.called if self._is_named else 'the server'} runs"

    @property
    def _place(self) -> str:
        return f"{self.called} at {self.url}" if self._is_named else self.url

    @property
    def _is_named(self) -> bool:
        return self.called[0].isupper()

    def _without_secrets(self, response: Response) -> Response:
        known = self.credentials
        if not known.secrets:
            return response
        headers = {name: known.hide(text) for name, text in response.headers.items()}
        return Response(
            response.status,
            known.hide_in(response.body, good=response.ok),
            urllib3.HTTPHeaderDict(headers),
        )


def open_connection(
    url: str,
    *,
    timeout: float,
    called: str = "server",
    credentials: Credentials | None = None,
    patience: Patience | None = None,
) -> Connection:
    """Prepare requests to ``url``, which may contain a path and credentials; nothing is sent yet.

    Args:
        url: such as ``http://localhost:9090`` or ``https://user:password@example.com/prometheus``.
        timeout: seconds to wait for a whole answer.
        called: the expected server, such as ``Prometheus``.
        credentials: sent with each request, in place of those in the address.
        patience: how often a request is sent.

    Raises:
        LiveError: ``url`` is not an http or https address.
    """
    base, auth = _split(url)
    known = credentials or Credentials()
    if auth and not known.headers:
        user, _, password = unquote(auth).partition(":")
        known = basic(user, password, known.login)
    # A waiting caller gives up by itself; this limit ends a thread that no caller waits for any more.
    limits = urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), read=timeout + 1)
    pool = _watched_pool(timeout=limits, retries=_ONCE)
    return Connection(base, pool, timeout, called, known, patience or Patience())


def _exchange(
    pool: urllib3.PoolManager, method: str, url: str, body: bytes | None, sent: Mapping[str, str]
) -> Response | None:
    """Send one request and read its answer; None where it is too large."""
    answer = pool.request(
        method, url, body=body, headers=sent, preload_content=False, redirect=False, decode_content=True
    )
    try:
        read = _body(answer)
    finally:
        # After the end of the body the connection is in the pool again.
        answer.close()
    return None if read is None else Response(answer.status, read, answer.headers)


def _body(answer: urllib3.BaseHTTPResponse) -> bytes | None:
    body = BytesIO()
    while piece := answer.read(_PIECE):
        if body.tell() + len(piece) > MOST_BYTES:
            return None
        body.write(piece)
    return body.getvalue()


def _split(url: str) -> tuple[str, str | None]:
    try:
        parts = parse_url(url)
    except HTTPError as error:
        message = f"not an address of a server: {_shown(url)!r}"
        raise LiveError(message, _AN_ADDRESS) from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        message = f"not an http or https address: {_shown(url)!r}"
        raise LiveError(message, _AN_ADDRESS)
    plain = parts._replace(auth=None, query=None, fragment=None)
    return plain.url, parts.auth


def _shown(url: str) -> str:
    """Remove everything from an address that could be a password."""
    return re.sub(r"^([a-z]+://)?.*@", r"\1***@", url, flags=re.DOTALL)


def _is_unreached(error: Exception) -> bool:
    return isinstance(error, MaxRetryError) and isinstance(
        error.reason, NewConnectionError | ConnectTimeoutError
    )


def _reason(error: Exception) -> str:
    """Return the operating system's message, where urllib3 wraps it in its own."""
    cause: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    root = cause.__cause__
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    if isinstance(cause, ConnectTimeoutError):
        return "no connection in time"
    wrapped = cause.args[-1] if isinstance(cause, ProtocolError) and cause.args else None
    if isinstance(wrapped, RemoteDisconnected):
        return "it closed the connection"
    if isinstance(wrapped, IncompleteRead):
        return "the connection ended within the answer"
    return str(cause)


class _Exchange(Generic[T]):
    """Work in another thread, and its connections: closing them ends it.

    The timeouts of a socket are not enough: they begin again with each byte, and name look-ups have none.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._used: list[HTTPConnection] = []
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self.ended = Event()

    def result(self, seconds: float) -> T:
        _idle_worker().give(self)
        try:
            if not self.ended.wait(seconds):
                raise TimeoutError
        finally:
            if not self.ended.is_set():
                self._hang_up()
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def run(self) -> None:
        _THREAD.used = self._used
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            self._errors.append(error)

    def _hang_up(self) -> None:
        for connection in list(self._used):
            # Reading ends at once; the thread then closes the connection itself.
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _Worker:
    """A thread for one exchange after another: to start one takes a third of the time of a short request."""

    def __init__(self) -> None:
        self._given: SimpleQueue[_Exchange[Any]] = SimpleQueue()
        Thread(target=self._run, daemon=True).start()

    def give(self, exchange: _Exchange[Any]) -> None:
        self._given.put(exchange)

    def _run(self) -> None:
        while True:
            exchange = self._given.get()
            exchange.run()
            # Before the end is told, so that the next exchange finds this thread.
            _IDLE.append(self)
            exchange.ended.set()
            # It has an answer, which may be large.
            del exchange


#: The threads without an exchange; there are as many as there were exchanges at once.
_IDLE: list[_Worker] = []
# A child process has none of its parent's threads.
if hasattr(os, "register_at_fork"):  # as on every system that forks
    os.register_at_fork(after_in_child=_IDLE.clear)


def _idle_worker() -> _Worker:
    try:
        return _IDLE.pop()
    except IndexError:
        return _Worker()


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return the result of ``work``, which sends requests only by a ``_watched_pool``.

    Raises:
        TimeoutError: it takes longer; its connections are closed.
    """
    return _Exchange(work).result(seconds)


class _Plain(HTTPConnection):
    """A connection that registers with its exchange."""

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        _THREAD.used.append(self)
        super().request(*args, **options)


class _Encrypted(HTTPSConnection):
    """A connection that registers with its exchange."""

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        _THREAD.used.append(self)
        super().request(*args, **options)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


def _watched_pool(**options: Any) -> PoolManager:  # noqa: ANN401 - passed on
    """Make a pool of connections for ``within``; ``options`` are PoolManager's."""
    pool = PoolManager(**options)
    pool.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
    return pool
