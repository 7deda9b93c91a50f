"""The start of a service within a span: found in a few queries, and nothing is queried before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.replay.history import histories
from generator.replay.jobs import WorkerPool
from generator.replay.replay import begins, covered
from generator.replay.subject import Needs, ReplayedRule

if TYPE_CHECKING:
    from tests.replay.scripted import Answer, Reply, Script

_T, _DAY = 6_000_000, 86_400
NEVER = float("-inf")


def _since(begin: int) -> Reply:
    """Answer with a series that exists from a time on."""

    def reply(fields: dict[str, str]) -> Answer:
        times = range(int(fields["start"]), int(fields["end"]) + 1, int(fields["step"]))
        values = [[time, "1"] for time in times if time >= begin]
        series = [{"metric": {}, "values": values}] if values else []
        return (
            200,
            json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}}).encode(),
            {},
        )

    return reply


def _needs(*measured: str, constants: tuple[str, ...] = ()) -> Needs:
    rules = (
        *(RecordingRule(name, "x", {}) for name in measured),
        *(RecordingRule(name, "vector(1)", {}) for name in constants),
    )
    return Needs(frozenset((*measured, *constants)), frozenset(measured), (RuleGroup("g", 60, rules),), (), 0)


def _begin(script: Script, need: Needs, end: int) -> float:
    look = covered(script.api, "s", need, _T, end)
    return begins(script.api, look, need, _T)


@pytest.mark.parametrize("begin", [_T + 1, _T + 7000, _T + 5 * _DAY, _T + 7 * _DAY - 30])
def test_a_begin_is_exact_to_the_minute(script: Script, begin: int) -> None:
    script.reply = _since(begin)
    found = _begin(script, _needs("a"), _T + 7 * _DAY)
    assert begin <= found < begin + 61
    assert len(script.asked) < 6


@pytest.mark.parametrize("before", [1, 30, 100, 5000])
def test_a_begin_just_before_a_look_is_exact_for_any_span(script: Script, before: int) -> None:
    span = 7 * _DAY + 1234
    look = _T + 3 * -(-span // 60)
    script.reply = _since(look - before)
    found = _begin(script, _needs("a"), _T + span)
    assert look - before <= found < look - before + 61


@pytest.mark.parametrize(
    ("begin", "records"), [(_T, ["a"]), (_T - 999, ["a"]), (_T + 8 * _DAY, ["a"]), (_T + 9, [])]
)
def test_where_it_was_there_before_or_never_nothing_begins(
    script: Script, begin: int, records: list[str]
) -> None:
    script.reply = _since(begin)
    assert _begin(script, _needs(*records), _T + 7 * _DAY) == NEVER


@pytest.mark.parametrize(("begun", "first"), [(NEVER, _T - 360), (_T + 90, _T + 120), (_T + 120, _T + 120)])
def test_an_alert_is_requested_from_the_begin_on(script: Script, begun: float, first: int) -> None:
    script.reply = _since(_T - _DAY)
    rule = ReplayedRule("s", AlertingRule("A", "x", 300, 0, {}, {}), 60, 0)
    crew = WorkerPool((script.api,), lambda *_: None)
    (found,) = histories(crew, [rule], (_T, _T + 600), 100, {"s": begun, "other": _T + 300})
    assert [episode.activity.active_at for episode in found.episodes] == [first]


def test_one_look_separates_constants_from_measurements(script: Script) -> None:
    need = _needs("a", constants=("b",))
    script.reply = lambda fields: _both(fields, _T + 5000)
    look = covered(script.api, "s", need, _T, _T + 7200)
    assert look
    assert (look.first, look.measured) == (_T, _T + 5040)
    assert len(script.asked) == 1
    assert _T + 5000 <= begins(script.api, look, need, _T) < _T + 5061


def test_constants_alone_are_covered_and_begin_nothing(script: Script) -> None:
    need = _needs("a", constants=("b",))
    script.reply = lambda fields: _both(fields, _T + _DAY)
    look = covered(script.api, "s", need, _T, _T + 7200)
    assert look
    assert begins(script.api, look, need, _T) == NEVER
    assert len(script.asked) == 1


def _both(fields: dict[str, str], begin: int) -> Answer:
    """Answer with a constant that always existed, and a record that begins."""
    times = range(int(fields["start"]), int(fields["end"]) + 1, int(fields["step"]))
    series = [{"metric": {"constant": "yes"}, "values": [[time, "1"] for time in times]}]
    if later := [[time, "1"] for time in times if time >= begin]:
        series.append({"metric": {}, "values": later})
    body = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    return 200, json.dumps(body).encode(), {}
