"""Several processes make the same bytes as one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from generator.build import workers
from generator.build.part import compile_part

if TYPE_CHECKING:
    from pathlib import Path

    from generator.build.part import Part
    from generator.resolve.model import Common
    from tests.build.conftest import Place

MANY = [f"agent-{number:02}" for number in range(14)]


@pytest.fixture
def many(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """So many services that it pays, on a machine that has processors enough."""
    for name in MANY:
        place.service(name)
    monkeypatch.setattr(workers, "_processors", lambda: 3)
    return place


def test_several_processes_make_the_same_bytes(many: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert many.generate().code == 0
    monkeypatch.setattr(workers, "_processors", lambda: 1)
    assert many.files() == many.afresh()


def test_several_processes_start_where_that_pays(
    many: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def noted(path: Path, common: Common, *, emit: bool) -> Part:
        (tmp_path / f"by-{os.getpid()}").touch()
        return compile_part(path, common, emit=emit)

    monkeypatch.setattr(workers, "compile_part", noted)
    many.generate()
    pids = {path.name for path in tmp_path.glob("by-*")}
    assert len(pids) > 1
    assert f"by-{os.getpid()}" not in pids


def test_findings_of_all_processes_are_told_in_order(many: Place) -> None:
    for name in ("agent-03", "agent-11"):
        many.service(name, more="objectives: {success_rate: {min: 5s}}\n")
    answer = many.generate()
    assert answer.code == 1
    assert [line.partition(":")[0] for line in answer.err.splitlines() if "error[" in line] == [
        "specs/services/agent-03.yaml",
        "specs/services/agent-11.yaml",
    ]


def test_a_process_that_is_killed_is_told_and_nothing_is_written(
    many: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, common: Common, *, emit: bool) -> Part:  # noqa: ARG001
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(path)

    monkeypatch.setattr(workers, "compile_part", killed)
    answer = many.generate()
    assert answer.code == 2
    assert answer.err.startswith("error: a process that compiles was killed\n  help: ")
    assert not (many.root / "output").exists()
