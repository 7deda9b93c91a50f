"""An exposition's text: of a file, or of a URL, of bounded size and within a bounded time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct
from urllib3.exceptions import HTTPError

from generator.audit.errors import ExpositionError
from generator.live.errors import LiveError
from generator.live.transport import open_connection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from urllib3 import BaseHTTPResponse

#: Larger expositions than this are not what one target exposes.
MOST_BYTES = 64 * 1024 * 1024
_PIECE = 64 * 1024
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
_OK, _MULTIPLE = 200, 300
_SMALLER = "give the exposition of one instance"


class Fetched(Struct, frozen=True):
    """Text and, of a URL, its content type; ``place`` is where it came from, without a query."""

    place: str
    text: str
    content_type: str = ""


def fetch_file(path: Path) -> Fetched:
    """Read a file.

    Raises:
        OSError: it cannot be read.
        ExpositionError: it is too large, or no UTF-8.
    """
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _too_large(str(path))
    return Fetched(str(path), _decoded(body, str(path)))


def fetch_url(base: str, path: str, *, timeout: float, headers: Mapping[str, str]) -> Fetched:
    """Ask ``base + path`` for an exposition; ``path`` may hold a query, which no message repeats.

    Raises:
        ExpositionError: no answer within ``timeout`` seconds, or another one than an exposition.
    """
    try:
        connection = open_connection(base, timeout=timeout, retries=0, headers=headers)
    except LiveError as error:
        raise ExpositionError(str(error)) from error
    place = connection.url + path.partition("?")[0]
    deadline = time.monotonic() + timeout
    sent = {**connection.pool.headers, "Accept": _ACCEPT}
    try:
        answer = connection.pool.request("GET", connection.url + path, headers=sent, preload_content=False)
        body = _body(answer, place, deadline)
    except HTTPError as error:
        raise ExpositionError(f"{place} does not answer: {error_text(error)}", _AGAIN) from error
    finally:
        connection.pool.clear()
    if not _OK <= answer.status < _MULTIPLE:
        raise ExpositionError(f"{place} answers HTTP {answer.status}", _way(answer.status))
    return Fetched(place, _decoded(body, place), answer.headers.get("Content-Type", ""))


_AGAIN = "check the address, and that it is up; --timeout gives it longer"


def error_text(error: HTTPError) -> str:
    """Say briefly what went wrong, without the address, which may hold a query."""
    reason = getattr(error, "reason", None) or error
    root = getattr(reason, "__cause__", None)
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return type(reason).__name__.removesuffix("Error")


def _body(answer: BaseHTTPResponse, place: str, deadline: float) -> bytes:
    """Read piece by piece: what drips for ever, or never ends, is given up."""
    body = bytearray()
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise _too_large(place)
        if time.monotonic() > deadline:
            raise ExpositionError(f"{place} does not answer in time", _AGAIN)
    return bytes(body)


def _decoded(body: bytes, place: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExpositionError(f"{place} is not text in UTF-8", "is it compressed, or binary?") from error


def _too_large(place: str) -> ExpositionError:
    return ExpositionError(f"{place} is larger than {MOST_BYTES // 1024 // 1024} MiB", _SMALLER)


def _way(status: int) -> str:
    if status in {401, 403}:
        return "set AGENT_METRICS_EXPOSITION_TOKEN, or ..._USER and ..._PASSWORD, in the environment"
    if _MULTIPLE <= status < 400:  # noqa: PLR2004 - redirections
        return "redirections are not followed: give the address that it leads to"
    return "the address is the whole one, such as http://localhost:8000/metrics"
