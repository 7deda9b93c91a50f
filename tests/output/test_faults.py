"""The system refuses a step of a write, each step in turn; and full disks."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, NoReturn

import pytest

from generator.output.directory import LOCK
from generator.output.outcome import OutputError
from generator.output.write import write
from tests.output.scenarios import FOREIGN, NEW, OLD, SCENARIOS
from tests.output.steps import before_step
from tests.output.trees import artifacts, beside, held, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.output.outcome import WriteResult
    from tests.output.scenarios import WriteScenario

# A full disk, and a forbidden step.
NUMBERS = (errno.ENOSPC, errno.EPERM)
BIG = {**NEW, "big.md": "x" * 200_000}
PARTLY = "is only partly written"


@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_failing_step_leaves_the_old_or_the_new_output_and_the_message_names_it(
    folder: Path, name: str, number: int
) -> None:
    old, new = _ends(folder, SCENARIOS[name])
    for step in count(1):
        target = folder / f"{step}" / "output"
        steps, result = _failing(SCENARIOS[name], target, step, number)
        if len(steps) < step:
            break
        _check(target, result, old, new)
        write(artifacts(NEW), target)
        assert held(target) == new
        assert beside(target) == []


def _check(target: Path, result: WriteResult | OutputError, old: dict[str, str], new: dict[str, str]) -> None:
    found = {path: what for path, what in held(target).items() if path != LOCK}  # it could not be removed
    if not isinstance(result, OutputError):
        assert found == new
        return
    assert f'"{target}"' in result.message
    if PARTLY in result.message:
        assert {path: found.get(path) for path in FOREIGN} == {path: old.get(path) for path in FOREIGN}
    else:
        assert found == old
        assert "as it was" in result.help


def _failing(
    scenario: WriteScenario, target: Path, step: int, number: int
) -> tuple[list[str], WriteResult | OutputError]:
    def fail() -> NoReturn:
        raise OSError(number, os.strerror(number))

    scenario.prepare(target)
    with before_step(step, fail) as steps:
        try:
            return steps, scenario.run(target)
        except OutputError as problem:
            return steps, problem


def _ends(folder: Path, scenario: WriteScenario) -> tuple[dict[str, str], dict[str, str]]:
    target = folder / "ends" / "output"
    scenario.prepare(target)
    old = held(target)
    write(artifacts(NEW), target)
    return old, held(target)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A small file system where one may be mounted, else any, with a limit to the size of files."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", f"{place}"]
    if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        try:
            yield place
        finally:
            subprocess.run(["umount", f"{place}"], check=True)
    else:
        with _limited(128 * 1024):
            yield place


@contextmanager
def _limited(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_output_and_no_rubbish(small: Path) -> None:
    target = small / "output"
    write(artifacts(OLD), target)
    before = snapshot(target)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write(artifacts(BIG), target)
    assert caught.value.help == "make room and run again; the old output is as it was"
    assert snapshot(target) == before
    assert beside(target) == []
    assert write(artifacts(NEW), target).created


def test_a_disk_that_is_full_from_the_beginning_gets_no_output_at_all(small: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(artifacts(BIG), small / "output")
    assert list(small.iterdir()) == []


def test_a_limit_to_the_size_of_files_is_reported_like_a_full_disk(target: Path) -> None:
    write(artifacts(OLD), target)
    before = snapshot(target)
    with _limited(4096), pytest.raises(OutputError, match="file too large") as caught:
        write(artifacts(BIG), target)
    assert "make room" in caught.value.help
    assert snapshot(target) == before
    assert beside(target) == []
