"""The arithmetic of the table: ratios, goals, how figures are written."""

from __future__ import annotations

import json

import pytest

from tests.bench.line import Figure, Goal, Line, Unit
from tests.bench.table import document, markdown


def _line(ours: float, against: float, goal: Goal | None = None, *, inverse: bool = False) -> Line:
    measured, other = (Figure(value, Unit.SECONDS, "") for value in (ours, against))
    return Line("part", "item", measured, other, goal, inverse)


def test_a_ratio_is_ours_over_the_other() -> None:
    assert _line(3, 2).ratio == 1.5


def test_a_ratio_of_what_should_be_less_is_the_other_over_ours() -> None:
    assert _line(2, 3, inverse=True).ratio == 1.5


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal(1.5), True),
        (Goal(1.49), False),
        (Goal(1.5, at_least=True), True),
        (Goal(1.51, at_least=True), False),
        (None, None),
    ],
)
def test_a_goal_is_reached_at_its_bound(goal: Goal | None, reached: bool | None) -> None:  # noqa: FBT001
    assert _line(3, 2, goal).reached is reached


def test_nothing_at_all_is_infinitely_less_and_still_json() -> None:
    (line,) = json.loads(document([_line(0, 3, Goal(2, at_least=True), inverse=True)], ()))["lines"]
    assert (line["ratio"], line["reached"]) == (None, True)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01234, Unit.SECONDS, "12.3 ms"),
        (0.0000789, Unit.SECONDS, "0.0789 ms"),
        (1.234, Unit.SECONDS, "1.23 s"),
        (1234, Unit.SECONDS, "1,234 s"),
        (50.6, Unit.MIB, "51 MiB"),
        (1234567, Unit.SAMPLES, "1,234,567 samples"),
        (41, Unit.COUNT, "41"),
    ],
)
def test_figures_are_short(value: float, unit: Unit, text: str) -> None:
    assert Figure(value, unit, "").text() == text
    assert Figure(value, unit, "a fleet").text() == f"{text} (a fleet)"


def test_a_table_names_its_goal_and_says_what_is_not_reached() -> None:
    text = markdown([_line(30, 2, Goal(2.5)), _line(2, 2)], ["rjsonnet is missing"])
    first, second = (line for line in text.splitlines() if line.startswith("| item"))
    assert [cell.strip() for cell in first.split("|")[4:-1]] == ["15.0x", "≤ 2.50x", "**no**"]
    assert [cell.strip() for cell in second.split("|")[4:-1]] == ["1.00x", "", ""]
    assert "- rjsonnet is missing" in text
