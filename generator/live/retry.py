"""The repetition of requests: one policy for all servers.

A request that only reads, or may be carried out twice, is repeated when the server or the network fails for a moment.
Every request is repeated when the server was not reached, or reports that it did not accept the request (429, 503). A
request is never repeated after its time is over, and never waits for longer than that.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError, TimedOutError, TooLargeError, UnreachedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.transport import Response

_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PASSING = _BUSY | {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
#: Seconds before the second try, which double each time: after an answer, and without one.
_FIRST_PAUSE, _FIRST_PAUSE_UNANSWERED = 1.0, 0.1


class Patience(Struct, frozen=True):
    """The largest number of times that a request is sent, and the clock for waiting (seconds)."""

    tries: int = 4
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


#: For servers that may not be ready yet.
ONCE = Patience(tries=1)


def repeated(
    attempt: Callable[[float], Response], patience: Patience, seconds: float, *, safe: bool
) -> Response:
    """Send a request until it is answered for good, or patience or ``seconds`` end; return the last answer.

    Args:
        attempt: sends it once, and waits for that many seconds at most.
        patience: the largest number of tries.
        seconds: for all attempts and the pauses between them.
        safe: whether it may be carried out twice.

    Raises:
        LiveError: there was no whole answer.
    """
    deadline = patience.now() + seconds
    answer = _attempted(attempt, seconds)
    for done in range(1, patience.tries):
        if not _worth_repeating(answer, safe=safe):
            break
        pause = _pause(answer, done)
        if patience.now() + pause >= deadline:
            break
        patience.sleep(pause)
        answer = _attempted(attempt, deadline - patience.now())
    if isinstance(answer, LiveError):
        raise answer
    return answer


def _attempted(attempt: Callable[[float], Response], seconds: float) -> Response | LiveError:
    try:
        return attempt(seconds)
    except LiveError as error:
        return error


def _worth_repeating(answer: Response | LiveError, *, safe: bool) -> bool:
    if isinstance(answer, LiveError):
        final = isinstance(answer, TimedOutError | TooLargeError)
        return isinstance(answer, UnreachedError) or (safe and not final)
    return answer.status in (_PASSING if safe else _BUSY) and not gave_up(answer)


def gave_up(response: Response) -> bool:
    """Whether a Prometheus itself ended a query because it took too long: a repetition would as well."""
    return response.status == HTTPStatus.SERVICE_UNAVAILABLE and b'"errorType":"timeout"' in response.body


def _pause(answer: Response | LiveError, done: int) -> float:
    """Return the pause that the server asks for, else a moment, which doubles each time."""
    doubled = 2.0 ** (done - 1)
    if isinstance(answer, LiveError):
        return _FIRST_PAUSE_UNANSWERED * doubled
    requested = retry_after(answer)
    return _FIRST_PAUSE * doubled if requested is None else requested


def retry_after(response: Response) -> float | None:
    """Return the seconds that an answer asks to wait, given in seconds or as a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:10])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
