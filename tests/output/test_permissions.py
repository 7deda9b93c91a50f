"""Directories that may not be written; even as root, the writer has no capability to ignore permissions."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.output.write import write
from tests.output.trees import NEW, OLD, artifacts, beside, files, put, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("path", [".", "rules", "rules/deep"])
def test_a_read_only_directory_is_named_and_nothing_changes(target: Path, path: str) -> None:
    write(artifacts(OLD), target)
    before = snapshot(target.parent)
    with _mode(target / path, 0o555):
        answer = _written(target, NEW)
    assert answer == [
        f'"{target / path}" is read-only',
        "make it writable, or choose another output directory; nothing was written",
    ]
    assert snapshot(target.parent) == before


def test_a_read_only_directory_that_nothing_changes_in_is_no_hindrance(target: Path) -> None:
    write(artifacts(OLD), target)
    with _mode(target / "rules" / "deep", 0o555):
        assert _written(target, {**OLD, "rules/a.yml": "new\n"}) == [None, None]
        assert files(target) == {**OLD, "rules/a.yml": "new\n"}
        assert (target / "rules" / "deep").stat().st_mode & 0o777 == 0o555
    assert beside(target) == []


def test_nothing_to_do_needs_no_permission(target: Path) -> None:
    write(artifacts(OLD), target)
    with _mode(target, 0o555), _mode(target.parent, 0o555):
        assert _written(target, OLD) == [None, None]


def test_nothing_is_made_beside_the_output(target: Path) -> None:
    write(artifacts(OLD), target)
    inode = target.stat().st_ino
    with _mode(target.parent, 0o555):
        assert _written(target, NEW) == [None, None]
    assert files(target) == NEW
    assert target.stat().st_ino == inode


def test_an_output_that_may_not_be_made_is_an_error_about_the_one_above(target: Path) -> None:
    with _mode(target.parent, 0o555):
        message, help_ = _written(target, NEW)
    assert str(message).startswith(f'"{target}" cannot be written: permission denied')
    assert (
        help_ == "check the permissions of the directory and of the one above it; the old output is as it was"
    )
    assert list(target.parent.iterdir()) == []


def test_a_file_of_ours_that_may_not_be_read_is_named(target: Path) -> None:
    write(artifacts(OLD), target)
    with _mode(target / "rules" / "a.yml", 0):
        message, _ = _written(target, NEW)
    assert message == f'"{target}" cannot be written: permission denied: "{target}/rules/a.yml"'
    assert files(target) == OLD


def test_a_foreign_directory_that_may_not_be_read_is_no_hindrance(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "private/mine", "mine")
    inode = target.stat().st_ino
    with _mode(target / "private", 0):
        assert _written(target, NEW) == [None, None]
    assert files(target) == {**NEW, "private/mine": "mine"}
    assert target.stat().st_ino == inode
    assert beside(target) == []


def test_read_only_files_and_foreign_directories_are_carried_over(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "own/mine", "mine")
    with _mode(target / "own", 0o555), _mode(target / "rules" / "a.yml", 0o444):
        assert _written(target, NEW) == [None, None]
        modes = [(target / path).stat().st_mode & 0o777 for path in ("own", "rules/a.yml")]
    assert modes == [0o555, 0o444]
    assert files(target) == {**NEW, "own/mine": "mine"}
    assert beside(target) == []


@contextmanager
def _mode(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def _written(target: Path, wanted: Mapping[str, str]) -> list[str | None]:
    command = [sys.executable, "-m", "tests.output.unprivileged", f"{target}", json.dumps(wanted)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found: list[str | None] = json.loads(answer)
    return found
