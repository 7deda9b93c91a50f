"""The proposal for a misspelt amount is the same amount, and is valid."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generator.model.units import parse_quantity
from generator.notation.quantities import suggested_amount, suggested_bound, unit_help, whole_duration

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("written", "kind", "meant"),
    [
        ("5 %", "share", "5%"),
        ("5 percent", "share", "5%"),
        ("5 pp", "points", "5pp"),
        ("1500 ms", "duration", "1500ms"),
        ("2S", "duration", "2s"),
        ("200 USD", "money", "$200"),
        ("USD 200", "money", "$200"),
        ("200$", "money", "$200"),
        ("$1,000,000", "money", "$1000000"),
        ("1,000", "number", "1000"),
        ("1,5", "number", ""),
        ("much", "share", ""),
        ("5%", "points", ""),
    ],
)
def test_an_amount_is_spelled_right(written: str, kind: str, meant: str) -> None:
    assert suggested_amount(written, kind) == meant


@pytest.mark.parametrize(
    ("written", "kind", "meant"),
    [
        ("2 x objective", "duration", "2x objective"),
        ("2objective", "duration", "2x objective"),
        ("objective-10pp", "points", "objective - 10pp"),
        ("2X Objective+1 s", "duration", "2x objective + 1s"),
        ("objective - 10%", "points", ""),
        ("1.2.3x objective", "points", ""),
        ("40", "number", ""),
    ],
)
def test_a_bound_on_the_objective_is_spelled_right(written: str, kind: str, meant: str) -> None:
    assert suggested_bound(written, kind) == meant


@given(st.integers(0, 999), st.integers(1, 999), st.sampled_from("wdhms"))
def test_a_fraction_of_a_unit_is_as_long_in_whole_numbers(number: int, thousandths: int, unit: str) -> None:
    written = f"{number}.{thousandths:03}{unit}"
    meant = parse_quantity(whole_duration(written))
    assume(meant is not None)
    assert meant is not None
    assert meant.value == pytest.approx(float(Fraction(written[:-1]) * _SECONDS[unit]))


@pytest.mark.parametrize(
    ("written", "meant"), [("1.5m", "90s"), ("1.5h", "90m"), ("0.5s", "500ms"), ("0.1ms", ""), ("2m", "")]
)
def test_a_fraction_is_told_in_the_next_finer_unit(written: str, meant: str) -> None:
    assert whole_duration(written) == meant


@pytest.mark.parametrize(
    ("written", "exposed", "told"),
    [
        ("2000", "ms", "write the unit, such as 2000ms or 2s"),
        ("2500", "ms", "write the unit, such as 2500ms"),
        ("2000", "s", "write the unit, such as 2000s"),
        ("2", "ms", "write the unit, such as 2s"),
        ("0.7", "ms", "write the unit, such as 700ms"),
    ],
)
def test_a_number_without_a_unit_is_one_of_the_metrics_unit_where_it_is_large(
    written: str, exposed: str, told: str
) -> None:
    assert unit_help(written, "duration", "2s", exposed) == told
