"""The values of plain scalars."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.spec.yaml_restrictions import MAX_INTEGER, Refusal, resolve_plain
from tests.spec.front import unhurried


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-7", -7),
        ("1.10", 1.1),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("1.5E-7", 1.5e-7),
        ("0.0", 0.0),
        ("0e5", 0.0),
        (str(MAX_INTEGER), MAX_INTEGER),
        (str(-MAX_INTEGER), -MAX_INTEGER),
    ],
)
def test_constants_and_plain_numbers_are_values(text: str, value: object) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes", "no", "NO", "on", "off", "y", "n", "tRUE", "nUll", "none", "nan", "inf", "Infinity"),
        *("2s", "5%", "5pp", "$200", "-5m", "1h30m", "v1.2", "1.2.3", "10.0.0.1:9090", "localhost:9090"),
        *(
            "gpt-4o-2024-08-06",
            "2024-08",
            "a1b2c3",
            "0x",
            "0b2",
            "1e",
            "e5",
            "_1",
            "-",
            "+",
            ".",
            "--5",
            "5-5",
        ),
        *("=", "<<", "1,5", "½", "٣", "1 000", "10:99", "x:30"),
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0755", "755"),
        ("007", "7"),
        ("-010", "-10"),
        ("00", "0"),
        ("10_000", "10000"),
        ("1_0.5_0", "10.50"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("00.5", "0.5"),
        ("5:30", ""),
        ("1:30:00", ""),
        ("1:30.5", ""),
        ("0x1F", ""),
        ("0o17", ""),
        ("0b101", ""),
        ("2024-08-06", ""),
        ("2024-8-6", ""),
        ("2024-08-06T10:00:00Z", ""),
        ("2024-08-06 10:00:00.5 +02:00", ""),
    ],
)
def test_what_readers_understand_differently_is_refused_and_the_plain_number_shown(
    text: str, plain: str
) -> None:
    refused = resolve_plain(text)
    assert isinstance(refused, Refusal)
    assert refused.code == "yaml/ambiguous-scalar"
    assert f'"{text}"' in refused.help
    assert (f"write {plain} if" in refused.help) == bool(plain)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.Inf", "+.INF"])
def test_numbers_that_are_not_finite_are_refused(text: str) -> None:
    refused = resolve_plain(text)
    assert isinstance(refused, Refusal)
    assert refused.code == "yaml/not-finite"


@pytest.mark.parametrize(
    "text", [str(MAX_INTEGER + 1), "9" * 5000, "-" + "9" * 5000, "1e999", "-1e999", "1e-999"]
)
def test_numbers_that_cannot_be_held_are_refused(text: str) -> None:
    refused = resolve_plain(text)
    assert isinstance(refused, Refusal)
    assert refused.code == "yaml/number-range"
    assert len(refused.message) < 200


@unhurried
@given(st.integers(-MAX_INTEGER, MAX_INTEGER))
def test_every_integer_is_itself(number: int) -> None:
    assert resolve_plain(str(number)) == number


@unhurried
@given(st.text("0123456789+-._:eExXobTZ aF", max_size=12))
def test_a_text_that_yaml_1_1_reads_as_no_text_is_never_text_here(text: str) -> None:
    loader: Any = yaml.SafeLoader("")
    implicit = loader.resolve(yaml.ScalarNode, text, (True, False))
    if implicit in {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}:
        assert not isinstance(resolve_plain(text), str)


@unhurried
@given(st.text(st.characters(codec="utf-8")))
def test_any_text_has_a_value_or_a_refusal_and_no_value_is_infinite(text: str) -> None:
    value = resolve_plain(text)
    assert value is None or isinstance(value, str | int | float | Refusal)
    assert not isinstance(value, float) or math.isfinite(value)
