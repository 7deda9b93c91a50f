"""The report of quietness: a week is enough to show that it counts, and that a missed goal fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tests.quietness import scenarios
from tests.quietness.__main__ import main
from tests.quietness.scenarios import AlertResult, Goal

if TYPE_CHECKING:
    import pytest


def test_a_week_keeps_to_the_goals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weeks", "1", "--seed", "3"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("1 simulated weeks each, seed 3.\n")
    assert len(shown.splitlines()) > 2 + len(scenarios.SCENARIOS)
    assert "**no**" not in shown


def test_a_missed_goal_fails_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    dead = next(one for one in scenarios.SCENARIOS if "is dead" in one.happens)
    monkeypatch.setattr(scenarios, "SCENARIOS", (replace(dead, goal=Goal(0)),))
    assert main(["--weeks", "1"]) == 1
    assert "**no**" in capsys.readouterr().out


def test_goals_are_of_days_or_of_all_and_of_the_first() -> None:
    often = AlertResult("what", "A", days=14, times=4, first=30, on=0.1, goal=Goal(2, days=7))
    assert often.reached
    assert not replace(often, times=5).reached
    assert not replace(often, goal=Goal(3)).reached
    assert not replace(often, goal=Goal(4, within=29)).reached
    assert not replace(often, first=None, goal=Goal(4, within=29)).reached
    assert replace(often, goal=None).reached
