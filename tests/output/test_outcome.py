"""The summaries that a command prints."""

from __future__ import annotations

import pytest

from generator.output.outcome import OutputDifference, WriteResult


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (WriteResult(unchanged=("a",)), "up to date, 1 file"),
        (WriteResult(unchanged=("a", "b")), "up to date, 2 files"),
        (WriteResult(created=("a", "b")), "2 created"),
        (
            WriteResult(created=("a",), changed=("b",), deleted=("c", "d"), unchanged=("e",)),
            "1 created, 1 changed, 2 deleted, 1 unchanged",
        ),
        (
            WriteResult(changed=("manifest.json",), edited=("a", "b")),
            "3 changed\n  edited by hand, replaced: a, b",
        ),
        (
            WriteResult(changed=("manifest.json",), kept=("a\x1b[2J",)),
            "1 changed\n  no longer generated, but edited by hand, kept: a\\x1b[2J",
        ),
    ],
)
def test_an_outcome_counts_and_names_what_somebody_should_look_at(outcome: WriteResult, text: str) -> None:
    assert outcome.summary() == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (OutputDifference(), "up to date"),
        (OutputDifference(missing=("a",)), "out of date: 1 missing\n  missing: a"),
        (
            OutputDifference(missing=("a",), changed=("b", "c\u202e"), stale=("d",)),
            "out of date: 1 missing, 2 changed, 1 stale\n  missing: a\n  changed: b, c\\u202e\n  stale: d",
        ),
    ],
)
def test_a_difference_counts_and_names_each_path(difference: OutputDifference, text: str) -> None:
    assert difference.summary() == text


def test_a_long_list_is_cut() -> None:
    text = OutputDifference(missing=tuple(f"{number:03}" for number in range(100))).summary()
    assert text.startswith("out of date: 100 missing\n  missing: 000, 001")
    assert len(text) < 1000
