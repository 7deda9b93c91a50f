"""Each row of bad input exists, and so does each of its cases; other tests prove that each code has one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ROWS: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests/rows.yaml").read_text("utf-8"))["rows"]
FOLDERS = ("tests/bad", "tests/spec/bad", "tests/spec/unreadable", "tests/noted")
COUNT = 34


@cache
def _tests(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def _exists(case: str) -> bool:
    path, _, test = case.partition("::")
    if test:
        return (ROOT / path).is_file() and test.startswith("test_") and test in _tests(path)
    return path.rpartition("/")[0] in FOLDERS and (ROOT / path / "expected.txt").is_file()


def test_the_rows_are_numbered_without_a_gap() -> None:
    assert [row["number"] for row in ROWS] == list(range(1, COUNT + 1))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["number"]))
def test_a_row_says_what_is_done_and_each_of_its_cases_exists(row: dict[str, Any]) -> None:
    assert row.keys() == {"number", "input", "we", "cases"}
    assert row["input"]
    assert row["we"]
    assert row["cases"]
    assert [case for case in row["cases"] if not _exists(case)] == []


@pytest.mark.parametrize(
    "case",
    [
        "tests/bad/nothing",
        "tests/commands",
        "tests/test_rows.py::test_nothing",
        "tests/nothing.py::test_nothing",
    ],
)
def test_a_case_that_does_not_exist_is_found_out(case: str) -> None:
    assert not _exists(case)
