"""No regular expression of the product backtracks exponentially, for any text."""

from __future__ import annotations

import pytest

from tests.spec.patterns import ambiguous, product


def test_no_loop_of_a_pattern_can_read_the_same_in_two_ways() -> None:
    assert list(filter(ambiguous, product())) == []


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|ab?)*c", "([a-z]+-?)*x", r"(\w+\s*)+:", "(a?)*b", "(?:[0-9]+,?)*$", "(a?a)*b"],
)
def test_a_loop_that_can_is_found(pattern: str) -> None:
    assert ambiguous(pattern)


@pytest.mark.parametrize(
    "pattern", ["[a-z]+(-[a-z0-9]+)*", "a*b", "(?:ab|cd)*x", r"(?:[0-9]+[a-z])+", "a{1,40}b"]
)
def test_a_loop_that_cannot_is_left_alone(pattern: str) -> None:
    assert not ambiguous(pattern)


def test_the_patterns_of_schemas_and_modules_are_found() -> None:
    assert "^[a-z][a-z0-9]*(-[a-z0-9]+)*$" in product()
    assert len(product()) > 60
