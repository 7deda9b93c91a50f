"""An exposition's text, from a file or a URL, limited in size and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError
from generator.live.transport import MOST_BYTES, open_connection

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.credentials import Credentials

_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class Fetched(Struct, frozen=True):
    """Text and, for a URL, its content type; ``place`` is its origin, without a query."""

    place: str
    text: str
    content_type: str = ""


def fetch_file(path: Path) -> Fetched:
    """Read a file.

    Raises:
        OSError: it cannot be read.
        LiveError: it is too large, or not UTF-8.
    """
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        message = f"{path} is larger than {MOST_BYTES // 1024 // 1024} MiB"
        raise LiveError(message, "give the exposition of one instance")
    return Fetched(str(path), _decoded(body, str(path)))


def fetch_url(address: str, query: str, *, timeout: float, credentials: Credentials) -> Fetched:
    """Get the exposition at ``address + query``; no message repeats the query.

    Raises:
        LiveError: no answer within ``timeout`` seconds, or one that is not an exposition.
    """
    connection = open_connection(address, timeout=timeout, called="target", credentials=credentials)
    try:
        response = connection.send("GET", query, headers={"Accept": _ACCEPT})
    finally:
        connection.close()
    if not response.ok:
        raise connection.refusal(response)
    text = _decoded(response.body, connection.url)
    return Fetched(connection.url, text, response.headers.get("Content-Type", ""))


def _decoded(body: bytes, place: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LiveError(f"{place} is not text in UTF-8", "is it compressed, or binary?") from error
