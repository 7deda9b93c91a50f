"""Requests to a server that is busy, slow or overtaxed."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from generator.replay.asking import Patience, RefusedError, TimedOutError, ask
from generator.replay.evaluations import evaluated
from generator.replay.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.replay.scripted import Answer, Script

STEPS = Steps(60, 600, 60)


def good() -> Answer:
    """An answer without series."""
    body = {"status": "success", "data": {"resultType": "matrix", "result": []}}
    return 200, json.dumps(body).encode(), {}


def bad(
    status: int, kind: str = "execution", words: str = "no", headers: dict[str, str] | None = None
) -> Answer:
    """An answer in which the server says what is wrong."""
    body = {"status": "error", "errorType": kind, "error": words}
    return status, json.dumps(body, separators=(",", ":")).encode(), headers or {}


def after(times: int, first: Answer) -> Callable[[object], Answer]:
    """Answer ``first`` so often, then well."""
    turns = count(1)
    return lambda _: first if next(turns) <= times else good()


def span(fields: dict[str, str]) -> range:
    """The steps that a request asked for."""
    return range(int(fields["start"]), int(fields["end"]) + 1, int(fields["step"]))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_pauses(script: Script, status: int) -> None:
    pauses: list[float] = []
    script.reply = after(3, (status, b"busy", {}))
    ask(script.api, "/x", {}, Patience(pause=pauses.append))
    assert pauses == [1, 2, 4]


def test_a_server_that_says_how_long_to_wait_is_obeyed_within_reason(script: Script) -> None:
    pauses: list[float] = []
    script.reply = after(1, (429, b"", {"Retry-After": "7"}))
    ask(script.api, "/x", {}, Patience(pause=pauses.append))
    script.reply = after(1, (429, b"", {"Retry-After": "86400"}))
    ask(script.api, "/x", {}, Patience(pause=pauses.append))
    assert pauses == [7, 30]


def test_patience_ends(script: Script) -> None:
    script.reply = after(99, (502, b"Bad Gateway", {}))
    with pytest.raises(LiveError, match="HTTP 502: Bad Gateway"):
        ask(script.api, "/x", {}, Patience(tries=2, pause=lambda _: None))
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (bad(400, "bad_data", "parse error"), "bad_data: parse error"),
        (bad(401, "unauthorized", "who"), "HTTP 401: unauthorized: who"),
        ((404, b"<html>", {}), "HTTP 404: <html>"),
        ((302, b"", {"Location": "/login"}), "HTTP 302: no reason given"),
        ((500, b"oops\nmore", {}), "HTTP 500: oops$"),
        ((200, b"<html>", {}), "is this a Prometheus"),
        ((200, b'{"status":"success","data":{"resultType":"mat', {}), "is this a Prometheus"),
        ((200, b'{"status":"success","data":{"resultType":"matrix","result":[{}]}}', {}), None),
    ],
)
def test_what_is_no_result_is_said_once_and_not_asked_again(
    script: Script, answer: Answer, message: str | None
) -> None:
    script.reply = lambda _: answer
    if message is None:
        assert ask(script.api, "/x", {}, Patience()).series == ()
        return
    with pytest.raises(LiveError, match=message):
        ask(script.api, "/x", {}, Patience())
    assert len(script.asked) == 1


def test_a_query_that_fails_and_one_that_takes_too_long_are_told_apart(script: Script) -> None:
    script.reply = lambda _: bad(422)
    with pytest.raises(RefusedError):
        ask(script.api, "/x", {}, Patience())
    script.reply = lambda _: bad(503, "timeout")
    with pytest.raises(TimedOutError):
        ask(script.api, "/x", {}, Patience())
    assert len(script.asked) == 2


def test_a_request_that_is_too_much_is_halved_until_it_is_not(script: Script) -> None:
    script.reply = lambda fields: bad(422, words="too many samples") if len(span(fields)) > 3 else good()
    found = evaluated(script.api, "up", STEPS, Patience())
    answered = [step for fields in script.asked for step in span(fields) if len(span(fields)) <= 3]
    assert answered == list(STEPS.instants)
    assert not found.failures


def test_a_step_that_fails_is_a_failed_evaluation_and_the_others_are_not(script: Script) -> None:
    script.reply = lambda fields: bad(422, words="many-to-many") if 300 in span(fields) else good()
    found = evaluated(script.api, "up", STEPS, Patience())
    assert list(found.failures) == [300]
    assert "many-to-many" in found.failures[300]


def test_a_query_that_always_fails_is_given_up(script: Script) -> None:
    script.reply = lambda _: bad(422, words="many-to-many")
    with pytest.raises(LiveError, match=r"it fails again and again: .*many-to-many"):
        evaluated(script.api, "up", Steps(60, 60 * 1000, 60), Patience())
    assert len(script.asked) < 100


def test_a_slow_query_is_halved_three_times_and_then_given_up(script: Script) -> None:
    script.reply = lambda _: bad(503, "timeout")
    with pytest.raises(LiveError, match="even for 125 steps of up"):
        evaluated(script.api, "up", Steps(60, 60 * 1000, 60), Patience())
    assert len(script.asked) == 4


def test_steps_are_cut_into_chunks_that_tile_them() -> None:
    chunks = list(STEPS.chunks(4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    assert [step for chunk in chunks for step in chunk.instants] == list(STEPS.instants)
