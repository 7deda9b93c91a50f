"""A model without a price is matched with a listed one only where it is a misspelling of that one."""

from __future__ import annotations

import pytest

from generator.resolve.prices import meant_model

LISTED = ("gpt-4o", "gpt-4o-mini", "claude-opus-4", "claude-sonnet-4", "llama-3.1-8b", "gemini-2.5-pro")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt4o", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt_4o_mini", "gpt-4o-mini"),
        ("gpt-4o-mnii", "gpt-4o-mini"),
        ("claude-sonet-4", "claude-sonnet-4"),
        ("claude-opus4", "claude-opus-4"),
    ],
)
def test_a_misspelt_model_is_the_listed_one(name: str, meant: str) -> None:
    assert meant_model(name, LISTED) == meant


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-7",
        "claude-opus-4.1",
        "claude-haiku-4",
        "gpt-4",
        "gpt-4.1",
        "gpt-4o-nano",
        "gpt-5",
        "gpt-4o-2024-08-06",
        "llama-3.1-70b",
        "llama-3",
        "gemini-2.5-flash",
        "my-model",
        "",
        "gpt-4o" * 100,
    ],
)
def test_another_model_is_none_of_them(name: str) -> None:
    assert meant_model(name, LISTED) is None


def test_no_model_is_its_own_misspelling() -> None:
    assert meant_model("gpt-4o", ["gpt-4o"]) is None
    assert meant_model("gpt-4o", []) is None
