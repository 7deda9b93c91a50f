"""Requests that are worth repeating, and how long.

What only reads is repeated when no whole answer came. Everything is repeated when the server says that it did not
take the request: 429, and 503. Nothing else is, for it may have been carried out.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.transport import Connection, Response

_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PASSING = _BUSY | {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
_READS = "GET"


class Patience(Struct, frozen=True):
    """How often a request is sent at most, and for how many seconds, in all, it is held back between."""

    tries: int = 4
    seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep


def send(connection: Connection, method: str, path: str, body: bytes | None, patience: Patience) -> Response:
    """Send a request until it is answered for good, or patience ends; return the last answer.

    Raises:
        LiveError: there was no whole answer.
    """
    left = patience.seconds
    answer = _attempt(connection, method, path, body)
    for done in range(1, patience.tries):
        pause = _pause(answer, done)
        if pause > left or not _worth_repeating(method, answer):
            break
        left -= pause
        patience.sleep(pause)
        answer = _attempt(connection, method, path, body)
    if isinstance(answer, LiveError):
        raise answer
    return answer


def _attempt(connection: Connection, method: str, path: str, body: bytes | None) -> Response | LiveError:
    headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    try:
        return connection.send(method, path, body, headers)
    except LiveError as error:
        return error


def _worth_repeating(method: str, answer: Response | LiveError) -> bool:
    if isinstance(answer, LiveError):
        return method == _READS
    return answer.status in (_PASSING if method == _READS else _BUSY)


def _pause(answer: Response | LiveError, done: int) -> float:
    """Wait as long as the server asks, else half a second, then twice as long each time."""
    asked = None if isinstance(answer, LiveError) else retry_after(answer)
    return 0.5 * 2.0 ** (done - 1) if asked is None else asked


def retry_after(response: Response) -> float | None:
    """Return the seconds that an answer asks to wait, whether it says so in seconds or as a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
