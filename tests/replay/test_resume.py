"""A replay that stopped and goes on."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from generator.replay import ReplayError
from generator.replay.jobs import Job, WorkerPool, answer_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replay.scripted import Script


def quiet(*_: object) -> None:
    """Show no progress."""


def say(number: int, _: object) -> str:
    """Answer with the job's own number."""
    return str(number)


def test_what_was_put_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with answer_file(path, "one") as parts:
        parts.put("key", "text")
    with answer_file(path, "one") as parts:
        assert parts.get("key") == "text"
        assert parts.get("other") is None


def test_another_replays_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with answer_file(path, "one") as parts:
        parts.put("key", "text")
    with pytest.raises(ReplayError, match="belongs to another replay"), answer_file(path, "two"):
        pass
    with answer_file(path, "one") as parts:
        assert parts.get("key") == "text"


def test_a_file_that_is_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("remember the milk\n" * 100, encoding="utf-8")
    with pytest.raises(ReplayError, match="is no file of a replay"), answer_file(path, "one"):
        pass
    assert path.read_text(encoding="utf-8").startswith("remember")


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ReplayError, match="is no file of a replay"), answer_file(path, "one"):
        pass
    assert path.read_bytes() == before


def test_a_place_that_takes_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be used"), answer_file(tmp_path / "no" / "x", "one"):
        pass


def test_a_damaged_part_is_said(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with answer_file(path, "one") as parts:
        parts.connection.execute("INSERT INTO part VALUES ('key', 'x')")
        parts.connection.commit()
        with pytest.raises(ReplayError, match="damaged"):
            parts.get("key")


def test_after_a_failure_only_what_is_missing_is_asked_for(script: Script, tmp_path: Path) -> None:
    done: list[int] = []

    def job(number: int) -> Job:
        def work(_: object) -> str:
            if number == 3 and len(done) < 10:
                message = "gone"
                raise LiveError(message)
            done.append(number)
            return f"answer {number}"

        return Job(f"job {number}", "work", work)

    jobs = [job(number) for number in range(10)]
    with answer_file(tmp_path / "state", "one") as parts:
        crew = WorkerPool((script.api,), quiet, parts)
        with pytest.raises(LiveError, match="gone"):
            list(crew.answers(jobs))
        kept = set(range(3))
        assert {number for number in range(10) if parts.get(f"job {number}")} == kept
        done[:] = [-1] * 10
        assert [text for _, text in crew.answers(jobs)] == [f"answer {number}" for number in range(10)]
        assert kept.isdisjoint(done)


def test_answers_come_in_order_and_progress_is_told(script: Script) -> None:
    told: list[tuple[str, int, int]] = []
    crew = WorkerPool((script.api, script.api), lambda *now: told.append(now))
    jobs = [Job(str(number), f"t{number}", partial(say, number)) for number in range(20)]
    assert [text for _, text in crew.answers(jobs)] == [str(number) for number in range(20)]
    assert told == [(f"t{number}", number + 1, 20) for number in range(20)]
