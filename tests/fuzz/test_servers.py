"""A short hunt among the answers of servers in each run of the tests, and proof that it detects failures."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NoReturn

from generator.audit import server
from tests.fuzz.servers import ServerHunt

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STEPS = 40


def test_no_answer_of_a_server_breaks_a_command(tmp_path: Path) -> None:
    hunt = ServerHunt(tmp_path, Random(1))  # noqa: S311 - to try things, no secret
    for _ in range(STEPS):
        hunt.step()
    assert len(hunt.tried) == 6
    assert not hunt.failures, [path.read_text() for path in tmp_path.rglob("told.txt")]


def test_what_breaks_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(_value: float) -> NoReturn:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(server, "whole_number", trusting)
    hunt = ServerHunt(tmp_path, Random(1))  # noqa: S311 - to try things, no secret
    while not hunt.failures and hunt.tried.total() < STEPS:
        hunt.step()
    assert hunt.failures
    assert "cannot convert float" in next(tmp_path.rglob("told.txt")).read_text()
    assert next(tmp_path.rglob("answer-0")).is_file()
