"""The arithmetic of the table: ratios, goals, how figures are written."""

from __future__ import annotations

import json
import os

import pytest
from msgspec.structs import replace

from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.table import document, machine, markdown, short, today


def _line(ours: float, against: float, goal: Goal | None = None, *, inverse: bool = False) -> RatioLine:
    measured, other = (Figure(value, FigureUnit.SECONDS, "") for value in (ours, against))
    return RatioLine("part", "item", measured, other, goal, inverse)


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
    contents = json.loads(document([_line(0, 3, Goal(2, at_least=True), inverse=True)], ()))
    assert (contents["date"], contents["machine"]) == (today(), machine())
    (line,) = contents["lines"]
    assert (line["ratio"], line["reached"]) == (None, True)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01234, FigureUnit.SECONDS, "12.3 ms"),
        (0.0000789, FigureUnit.SECONDS, "78.9 us"),
        (1.234, FigureUnit.SECONDS, "1.23 s"),
        (1234, FigureUnit.SECONDS, "1,234 s"),
        (50.6, FigureUnit.MIB, "51 MiB"),
        (1234567, FigureUnit.SAMPLES, "1,234,567 samples"),
        (0.1234, FigureUnit.PERCENT, "0.12 %"),
        (41, FigureUnit.COUNT, "41"),
    ],
)
def test_figures_are_short(value: float, unit: FigureUnit, text: str) -> None:
    assert Figure(value, unit, "").text() == text
    assert Figure(value, unit, "a fleet").text() == f"{text} (a fleet)"


def test_a_table_names_its_goal_and_says_what_is_not_reached() -> None:
    text = markdown([_line(30, 2, Goal(2.5)), _line(2, 2)], ["rjsonnet is missing"])
    first, second = (line for line in text.splitlines() if line.startswith("| item"))
    assert [cell.strip() for cell in first.split("|")[4:-1]] == ["15.0x", "≤ 2.50x", "**no**"]
    assert [cell.strip() for cell in second.split("|")[4:-1]] == ["1.00x", "", ""]
    assert "- rjsonnet is missing" in text
    assert text.startswith(f"# Benchmarks\n\n{today()}, {os.cpu_count()} cores, Python ")


def test_the_table_of_the_readme_has_headlines_only() -> None:
    lines = [_line(2, 3), replace(_line(5, 4, Goal(1)), item="first", headline=True)]
    head, rule, row, empty, when = short(lines).rstrip("\n").split("\n")
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["what", "ours", "against", "ratio"]
    assert [cell.strip() for cell in row.strip("|").split("|")] == ["first", "5 s", "4 s", "1.25x"]
    assert (set(rule), empty, len({len(head), len(rule), len(row)})) == ({"|", "-"}, "", 1)
    assert when == f"Measured {today()} on {machine()}."
