"""When a service begins within a span: found in a few looks, and nothing is asked before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.prometheus.rules import AlertingRule
from generator.replay.asking import Patience
from generator.replay.coverage import begins
from generator.replay.history import histories
from generator.replay.jobs import Crew
from generator.replay.resume import Forgetful
from generator.replay.subject import ReplayedRule

if TYPE_CHECKING:
    from tests.replay.scripted import Answer, Reply, Script

_T, _DAY = 6_000_000, 86_400
NEVER = float("-inf")


def _since(begin: int) -> Reply:
    """Answer with a series that is there from a time on."""

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


@pytest.mark.parametrize("begin", [_T + 1, _T + 7000, _T + 5 * _DAY, _T + 7 * _DAY - 30])
def test_a_begin_is_found_to_the_minute(script: Script, begin: int) -> None:
    script.reply = _since(begin)
    found = begins(script.api, "s", ["a"], _T, _T + 7 * _DAY, Patience())
    assert begin <= found < begin + 61
    assert len(script.asked) < 6


@pytest.mark.parametrize("before", [1, 30, 100, 5000])
def test_a_begin_just_before_a_look_is_found_whatever_the_span(script: Script, before: int) -> None:
    span = 7 * _DAY + 1234
    look = _T + 3 * -(-span // 60)
    script.reply = _since(look - before)
    found = begins(script.api, "s", ["a"], _T, _T + span, Patience())
    assert look - before <= found < look - before + 61


@pytest.mark.parametrize(
    ("begin", "records"), [(_T, ["a"]), (_T - 999, ["a"]), (_T + 8 * _DAY, ["a"]), (_T + 9, [])]
)
def test_where_it_was_there_before_or_never_nothing_begins(
    script: Script, begin: int, records: list[str]
) -> None:
    script.reply = _since(begin)
    assert begins(script.api, "s", records, _T, _T + 7 * _DAY, Patience()) == NEVER


@pytest.mark.parametrize(("begun", "first"), [(NEVER, _T - 360), (_T + 90, _T + 120), (_T + 120, _T + 120)])
def test_an_alert_is_asked_for_from_the_begin_on(script: Script, begun: float, first: int) -> None:
    script.reply = _since(_T - _DAY)
    rule = ReplayedRule("s", AlertingRule("A", "x", 300, 0, {}, {}), 60, 0)
    crew = Crew((script.api,), Forgetful(), lambda *_: None)
    (found,) = histories(crew, [rule], (_T, _T + 600), 100, {"s": begun, "other": _T + 300})
    assert [episode.activity.active_at for episode in found.episodes] == [first]
