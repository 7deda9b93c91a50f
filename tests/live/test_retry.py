"""The repetition of requests: one policy for all."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct, field

from generator.live.errors import LiveError, TimedOutError, TooLargeError, UncertainError, UnreachedError
from generator.live.retry import Patience, repeated, retry_after
from generator.live.transport import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD = Response(200, b"")
GAVE_UP = Response(503, b'{"status":"error","errorType":"timeout","error":"query timed out"}')


class Clock(Struct):
    """A clock that only pauses move, and the pauses."""

    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return sum(self.pauses)


def sent(
    answers: Sequence[Response | LiveError], *, safe: bool = True, seconds: float = 60
) -> tuple[Response | LiveError, list[float]]:
    """Send a request to a server with these answers, the last one repeated; return the last answer and the pauses."""
    clock, left = Clock(), list(answers)

    def attempt(_seconds: float) -> Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, LiveError):
            raise answer
        return answer

    try:
        answer: Response | LiveError = repeated(
            attempt, Patience(now=clock.now, sleep=clock.pauses.append), seconds, safe=safe
        )
    except LiveError as error:
        answer = error
    return answer, clock.pauses


def busy(status: int, wait: str | None = None) -> Response:
    """An answer of a server that is unavailable."""
    return Response(status, b"busy", {} if wait is None else {"Retry-After": wait})


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_pauses(status: int) -> None:
    assert sent([*[busy(status)] * 3, GOOD]) == (GOOD, [1, 2, 4])


@pytest.mark.parametrize("error", [UnreachedError("no"), UncertainError("cut short")])
def test_a_way_that_fails_for_a_moment_is_tried_again_soon(error: LiveError) -> None:
    assert sent([error, error, GOOD]) == (GOOD, [0.1, 0.2])


def test_patience_ends() -> None:
    assert sent([busy(502)]) == (busy(502), [1, 2, 4])


@pytest.mark.parametrize("answer", [Response(500, b""), Response(302, b""), Response(404, b""), GAVE_UP])
def test_what_would_be_the_same_again_is_an_answer(answer: Response) -> None:
    assert sent([answer]) == (answer, [])


@pytest.mark.parametrize("error", [TimedOutError("slow"), TooLargeError("large")])
def test_what_took_all_its_time_or_space_is_not_repeated(error: LiveError) -> None:
    assert sent([error]) == (error, [])


@pytest.mark.parametrize("answer", [busy(502), busy(504), UncertainError("cut short")])
def test_what_may_have_been_carried_out_is_not_repeated(answer: Response | LiveError) -> None:
    assert sent([answer, GOOD], safe=False) == (answer, [])


@pytest.mark.parametrize("answer", [busy(429), busy(503), UnreachedError("no")])
def test_what_was_not_taken_is_repeated_even_if_it_changes_something(answer: Response | LiveError) -> None:
    assert sent([answer, GOOD], safe=False)[0] is GOOD


def test_a_server_that_says_how_long_to_wait_is_obeyed_within_the_time_there_is() -> None:
    assert sent([busy(429, "7"), GOOD]) == (GOOD, [7])
    assert sent([busy(429, "7"), busy(429, "7"), GOOD], seconds=10) == (busy(429, "7"), [7])
    assert sent([busy(503, "86400"), GOOD]) == (busy(503, "86400"), [])


def test_how_long_to_wait_is_read_in_both_forms_and_never_below_zero() -> None:
    assert retry_after(busy(429, " 7 ")) == 7
    soon = retry_after(busy(429, formatdate(4e9, usegmt=True)))
    assert soon is not None
    assert soon > 1e9
    assert retry_after(busy(429, formatdate(0, usegmt=True))) == 0


@pytest.mark.parametrize(
    "wait", ["", "soon", "-1", "1.5", "\u0667", "9" * 400, "Wed, 99 Oct 2015 07:28:00 GMT"]
)
def test_what_is_neither_form_is_as_good_as_nothing_or_as_for_ever(wait: str) -> None:
    asked = retry_after(busy(429, wait))
    assert asked is None or asked > 1e8
