"""Requests to a busy, slow or overloaded server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError, RefusedError, TimedOutError
from generator.replay.history import Steps, evaluated

if TYPE_CHECKING:
    from generator.live.answers import RangeResult
    from tests.replay.scripted import Answer, Script

STEPS = Steps(60, 600, 60)


def good() -> Answer:
    """An answer without series."""
    body = {"status": "success", "data": {"resultType": "matrix", "result": []}}
    return 200, json.dumps(body).encode(), {}


def bad(status: int, kind: str = "execution", words: str = "no") -> Answer:
    """An answer with the server's error."""
    body = {"status": "error", "errorType": kind, "error": words}
    return status, json.dumps(body, separators=(",", ":")).encode(), {}


def span(fields: dict[str, str]) -> range:
    """The steps of a request."""
    start, end, step = (int(float(fields[name])) for name in ("start", "end", "step"))
    return range(start, end + 1, step)


def ask(script: Script) -> RangeResult:
    """Send a query."""
    return script.api.one_range("up", 0, 60, 60)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (bad(400, "bad_data", "parse error"), "bad_data: parse error"),
        (bad(401, "unauthorized", "who"), "HTTP 401: unauthorized: who"),
        ((404, b"<html>", {}), "HTTP 404: <html>"),
        ((302, b"", {"Location": "/login?token=x"}), "HTTP 302: a redirection to /login$"),
        ((500, b"oops\nmore", {}), "HTTP 500: oops$"),
        ((200, b"<html>", {}), "the answer is not JSON of Prometheus's API"),
        (
            (200, b'{"status":"success","data":{"resultType":"mat', {}),
            "the answer is not JSON of Prometheus's API",
        ),
        ((200, b'{"status":"success","data":{"resultType":"matrix","result":[{}]}}', {}), None),
    ],
)
def test_what_is_no_result_is_said_once_and_not_asked_again(
    script: Script, answer: Answer, message: str | None
) -> None:
    script.reply = lambda _: answer
    if message is None:
        assert ask(script).series == ()
        return
    with pytest.raises(LiveError, match=message):
        ask(script)
    assert len(script.asked) == 1


def test_a_query_that_fails_and_one_that_takes_too_long_are_told_apart(script: Script) -> None:
    script.reply = lambda _: bad(422, words="many-to-many matching not allowed")
    with pytest.raises(RefusedError, match="many-to-many matching not allowed") as failed:
        ask(script)
    assert failed.value.help == ""
    script.reply = lambda _: bad(422, words="query processing would load too many samples into memory")
    with pytest.raises(RefusedError) as failed:
        ask(script)
    assert "limits" in failed.value.help
    script.reply = lambda _: bad(503, "timeout")
    with pytest.raises(TimedOutError):
        ask(script)
    assert len(script.asked) == 3


def test_a_request_that_is_too_much_is_halved_until_it_is_not(script: Script) -> None:
    script.reply = lambda fields: bad(422, words="too many samples") if len(span(fields)) > 3 else good()
    found = evaluated(script.api, "up", STEPS)
    answered = [step for fields in script.asked for step in span(fields) if len(span(fields)) <= 3]
    assert answered == list(STEPS.instants)
    assert not found.failures


def test_a_step_that_fails_is_a_failed_evaluation_and_the_others_are_not(script: Script) -> None:
    script.reply = lambda fields: bad(422, words="many-to-many") if 300 in span(fields) else good()
    found = evaluated(script.api, "up", STEPS)
    assert list(found.failures) == [300]
    assert "many-to-many" in found.failures[300]


def test_a_query_that_always_fails_is_given_up(script: Script) -> None:
    script.reply = lambda _: bad(422, words="many-to-many")
    with pytest.raises(LiveError, match=r"it fails again and again: .*many-to-many"):
        evaluated(script.api, "up", Steps(60, 60 * 1000, 60))
    assert len(script.asked) < 100


def test_a_slow_query_is_halved_three_times_and_then_given_up(script: Script) -> None:
    script.reply = lambda _: bad(503, "timeout")
    with pytest.raises(LiveError, match="even for 125 steps of up"):
        evaluated(script.api, "up", Steps(60, 60 * 1000, 60))
    assert len(script.asked) == 4


def test_steps_are_cut_into_chunks_that_tile_them() -> None:
    chunks = list(STEPS.chunks(4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    assert [step for chunk in chunks for step in chunk.instants] == list(STEPS.instants)
