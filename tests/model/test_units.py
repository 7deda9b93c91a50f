"""Amounts as people write them, and numbers as Prometheus and people read them."""

from __future__ import annotations

import math
import re

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.model.units import (
    LONGEST_DURATION,
    WRITTEN_AS,
    Unit,
    duration,
    human,
    human_seconds,
    parse_duration,
    parse_quantity,
    plain,
    points,
)

unhurried = settings(deadline=None)
SECONDS = st.integers(1, LONGEST_DURATION)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2s", "duration", 2),
        ("500ms", "duration", 0.5),
        ("1h30m", "duration", 5400),
        ("5%", "share", 0.05),
        ("0%", "share", 0),
        ("97.5%", "share", 0.975),
        ("100%", "share", 1),
        ("5pp", "points", 0.05),
        ("0.5pp", "points", 0.005),
        ("$200", "money", 200),
        ("$0.25", "money", 0.25),
        ("2x", "factor", 2),
        ("14.4x", "factor", 14.4),
        ("40", "number", 40),
        ("0.2", "number", 0.2),
    ],
)
def test_an_amount_is_read_in_base_units(text: str, kind: str, value: float) -> None:
    found = parse_quantity(text)
    assert found is not None
    assert found.kind == kind
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "%",
            "pp",
            "$",
            "x",
            "s",
            "ms",
            "-5%",
            "+5%",
            "-2s",
            "5 %",
            "5% ",
            " 5%",
            "5%%",
            "5 pp",
            "% 5",
        ),
        *(
            "5percent",
            "$ 200",
            "200$",
            "$1,000",
            "1_000",
            "1e3",
            "1e3%",
            ".5",
            "5.",
            "5.%",
            "0x10",
            "inf",
            "nan",
            ">5%",
        ),
        *("1h 30m", "30m1h", "1h1h", "1.5h", "5M", "5min", "2 s", "1y", "0s", "5\n", "5%\n", "2s\n"),
        *("\u0665%", "\u0665s", "$\u0663", "\uff15x", "\u00b2"),
        "9" * 19,
        "9" * 18 + "%",
    ],
)
def test_what_is_no_amount_is_not_read(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001),
        ("1500ms", 1.5),
        ("1s", 1),
        ("30s", 30),
        ("5m", 300),
        ("90m", 5400),
        ("1h", 3600),
        ("1d", 86_400),
        ("1w", 604_800),
        ("1w2d3h4m5s6ms", 788_645.006),
        ("1m1ms", 60.001),
        ("05m", 300),
        ("3650d", LONGEST_DURATION),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "5", "0s", "0m0s", "0ms", "1s1m", "1ms1s", "1y", "-5m", "5 m", "1.5h", "3650d1s", "99999999w", "m"],
)
def test_a_duration_that_prometheus_refuses_or_that_never_ends_is_none(text: str) -> None:
    assert parse_duration(text) is None


@unhurried
@given(SECONDS)
def test_a_duration_that_is_written_is_read_as_the_same_seconds(seconds: int) -> None:
    assert parse_duration(duration(seconds)) == seconds


@unhurried
@given(SECONDS)
def test_a_duration_that_is_written_is_one_to_prometheus(seconds: int) -> None:
    tree = promql_parser.parse(f"x[{duration(seconds)}]")
    assert isinstance(tree, promql_parser.MatrixSelector)
    assert tree.range.total_seconds() == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (59, "59s"),
        (60, "1m"),
        (75, "1m15s"),
        (899, "14m59s"),
        (3600, "1h"),
        (86_399, "23h59m59s"),
        (90_061, "1d1h1m1s"),
        (2_592_000, "30d"),
    ],
)
def test_a_duration_is_written_as_prometheus_writes_it(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (100, "100"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.3"),
        (0.00001, "0.00001"),
        (1e-12, "0.000000000001"),
        (2.5 / 1_000_000, "0.0000025"),
        (1e15, "1000000000000000"),
        (0.9 - 0.95, "-0.05"),
    ],
)
def test_a_number_is_written_without_an_exponent(value: float, text: str) -> None:
    assert plain(value) == text


@unhurried
@given(st.floats(-1e9, 1e9))
def test_a_number_that_is_written_is_a_plain_one_and_the_same_to_twelve_decimals(value: float) -> None:
    text = plain(value)
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)
    assert math.isclose(float(text), value, rel_tol=1e-15, abs_tol=5e-13)


@unhurried
@given(st.decimals(0, 1_000_000, places=6))
def test_a_price_that_is_written_is_exact(value: object) -> None:
    assert float(plain(float(str(value)))) == float(str(value))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.97, Unit.RATIO, "97%"),
        (0.9999, Unit.RATIO, "99.99%"),
        (0.999999, Unit.RATIO, "99.9999%"),
        (1 - 0.97, Unit.RATIO, "3%"),
        (0, Unit.RATIO, "0%"),
        (2, Unit.SECONDS, "2s"),
        (2.4, Unit.SECONDS, "2.4s"),
        (0.25, Unit.SECONDS, "250ms"),
        (0.0005, Unit.SECONDS, "0.5ms"),
        (0, Unit.SECONDS, "0ms"),
        (60, Unit.SECONDS, "1m"),
        (90.5, Unit.SECONDS, "90.5s"),
        (5400, Unit.SECONDS, "1h30m"),
        (200, Unit.USD, "$200"),
        (0.05, Unit.USD, "$0.05"),
        (0.1 + 0.2, Unit.USD, "$0.3"),
        (40, Unit.COUNT, "40"),
        (0.2, Unit.COUNT, "0.2"),
    ],
)
def test_an_amount_is_written_for_people_in_its_unit(value: float, unit: Unit, text: str) -> None:
    assert human(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.05, "5pp"), (0.005, "0.5pp"), (0.1 + 0.2, "30pp"), (1, "100pp")]
)
def test_a_difference_of_shares_is_written_in_percentage_points(value: float, text: str) -> None:
    assert points(value) == text


@pytest.mark.parametrize("unit", Unit)
def test_the_example_of_each_unit_is_of_the_kind_that_it_stands_for(unit: Unit) -> None:
    kind, example = WRITTEN_AS[unit]
    found = parse_quantity(example)
    assert found is not None
    assert found.kind == kind
    assert human(found.value, unit) == example


@pytest.mark.parametrize("written", ["99.9%", "98.9%", "97.9%", "33.3pp", "0.07%"])
def test_a_share_has_no_more_digits_than_it_is_written_with(written: str) -> None:
    read = parse_quantity(written)
    assert read is not None
    assert repr(read.value) == plain(read.value)


@unhurried
@given(st.integers(0, 10_000_000))
def test_a_share_and_its_points_are_read_as_they_are_written(parts: int) -> None:
    share = parts / 10_000_000
    read, shifted = parse_quantity(human(share, Unit.RATIO)), parse_quantity(points(share))
    assert read is not None
    assert shifted is not None
    assert (read.kind, shifted.kind) == ("share", "points")
    # People get four decimals of a percentage.
    assert read.value == pytest.approx(share, abs=1e-6)
    assert shifted.value == pytest.approx(share, abs=1e-6)


@unhurried
@given(st.integers(1, 59_999) | st.integers(60, LONGEST_DURATION // 1000).map(lambda seconds: seconds * 1000))
def test_seconds_for_people_are_exact_to_the_millisecond(milliseconds: int) -> None:
    text = human_seconds(milliseconds / 1000)
    seconds = parse_duration(text)
    assert (float(text.removesuffix("s")) if seconds is None else seconds) == pytest.approx(
        milliseconds / 1000
    )
