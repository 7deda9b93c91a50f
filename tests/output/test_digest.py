"""A file is read once while it has the same signature, and again after any change."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from generator.output import directory

if TYPE_CHECKING:
    from pathlib import Path

#: Later, a change cannot have the same times.
_SETTLED_S = 0.05


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written some time ago."""
    path = tmp_path / "a.yml"
    path.write_text("old")
    time.sleep(_SETTLED_S)
    return path


def test_an_unchanged_file_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = directory.digest(file)
    monkeypatch.delattr(directory, "_hashed")
    assert directory.digest(file) == first


def test_a_change_of_the_same_size_with_the_same_time_is_seen(file: Path) -> None:
    first, before = directory.digest(file), file.stat()
    file.write_text("new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert directory.digest(file) != first
    file.write_text("old")
    assert directory.digest(file) == first


def test_changes_that_follow_each_other_at_once_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    seen = []
    for number in range(100, 200):
        path.write_text(str(number))
        seen.append(directory.digest(path))
    assert len({*seen}) == len(seen)


def test_a_link_is_never_followed(file: Path, tmp_path: Path) -> None:
    directory.digest(file)
    link = tmp_path / "link"
    link.symlink_to(file)
    with pytest.raises(OSError, match="levels of symbolic links"):
        directory.digest(link)
