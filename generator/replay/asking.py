"""Requests that a big server can bear: repeated when it is busy, given up when it says that they are too much."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct, field
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from generator.live.answers import range_result, read_answer
from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.live.answers import RangeResult
    from generator.live.api import PrometheusApi
    from generator.live.transport import Response

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# Prometheus's own word is enough where the query is what it does not like.
_OF_THE_QUERY = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_LONGEST_PAUSE = 30.0


class RefusedError(LiveError):
    """The server cannot evaluate one query; it may be able to evaluate a part of it."""


class TimedOutError(LiveError):
    """There was no answer in time; a part of the query may have one."""


class Patience(Struct, frozen=True):
    """How often a request is sent to a busy server at most; pauses grow from one second."""

    tries: int = 4
    pause: Callable[[float], None] = field(default=time.sleep)


def ask(api: PrometheusApi, path: str, fields: Mapping[str, str], patience: Patience) -> RangeResult:
    """Send a query that yields a matrix.

    Raises:
        RefusedError: the query is well-formed and fails, as by many-to-many matching or too many samples.
        TimedOutError: neither the server nor we want to wait any longer.
        LiveError: the server cannot be reached, or says anything else that is no result.
    """
    response = _send(api, path, urlencode(fields).encode(), patience)
    try:
        return range_result(read_answer(response.body))
    except LiveError as error:
        raise _refusal(api, response, error) from error


def _send(api: PrometheusApi, path: str, body: bytes, patience: Patience) -> Response:
    for attempt in range(1, patience.tries + 1):
        last = attempt == patience.tries
        try:
            response = api.connection.send("POST", path, body, _FORM)
        except LiveError as error:
            if _timed_out(error):
                raise TimedOutError(str(error)) from error
            if last:
                raise
            patience.pause(2.0 ** (attempt - 1))
            continue
        if last or response.status not in _BUSY or _gave_up(response):
            return response
        patience.pause(_pause(response, attempt))
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _pause(response: Response, attempt: int) -> float:
    asked = response.headers.get("Retry-After", "").strip()
    return min(float(asked) if asked.isdecimal() else 2.0 ** (attempt - 1), _LONGEST_PAUSE)


def _gave_up(response: Response) -> bool:
    """Whether the server itself ended the query because it took too long."""
    return response.status == HTTPStatus.SERVICE_UNAVAILABLE and b'"errorType":"timeout"' in response.body


def _refusal(api: PrometheusApi, response: Response, error: LiveError) -> LiveError:
    # What a proxy says is no JSON: its status and first line tell more than that.
    foreign = not response.ok and error.__cause__ is not None
    status = "" if response.ok or response.status in _OF_THE_QUERY else f"HTTP {response.status}: "
    message = f"{api.url}: {status}{response.text if foreign else error}"
    if _gave_up(response):
        return TimedOutError(message)
    # Prometheus says 422 for what fails while it is evaluated, whatever the reason.
    return (RefusedError if response.status == HTTPStatus.UNPROCESSABLE_ENTITY else LiveError)(message)


def _timed_out(error: LiveError) -> bool:
    cause = error.__cause__
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, ReadTimeoutError)
