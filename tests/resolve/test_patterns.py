"""Patterns compared with regular expressions: whether two of them have a common value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.notation.patterns import overlap

_PATTERNS = st.text(alphabet="ab.", max_size=5).map(lambda text: text.replace("..", ".*"))
_VALUES = [
    "",
    *(a + b + c for a in ("", "a", "b") for b in ("", "a", "b") for c in ("", "a", "b")),
    "abab",
    "bbbb",
]


@pytest.mark.parametrize(
    ("one", "other"), [("2..", "200"), (".*Error", "Rate.+"), ("", ".*"), (".+", "x"), (r"a\.b", "a.b")]
)
def test_patterns_that_share_a_value(one: str, other: str) -> None:
    assert overlap(one, other)
    assert overlap(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2..", "4.."), ("", ".+"), ("GOAL", "MAX_TURNS"), (r"a\.b", "axb"), (".*Error", ".*Timeout")],
)
def test_patterns_that_share_none(one: str, other: str) -> None:
    assert not overlap(one, other)
    assert not overlap(other, one)


@given(_PATTERNS, _PATTERNS)
def test_a_value_of_both_is_an_overlap(one: str, other: str) -> None:
    if any(re.fullmatch(one, value) and re.fullmatch(other, value) for value in _VALUES):
        assert overlap(one, other)
