"""The cache is read as code would be, so it must be the user's alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.build.folder import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_the_directory_is_the_users_alone_whatever_the_umask(home: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        folders = [cache_folder(home / "output") for _ in range(2)]
    finally:
        os.umask(before)
    assert folders[0]
    assert folders[0] == folders[1]
    assert folders[0].stat().st_mode & 0o777 == 0o700


def _open_to_others(folder: Path) -> None:
    folder.chmod(0o777)


def _open_above(folder: Path) -> None:
    folder.parent.chmod(0o770)


def _link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


@pytest.mark.parametrize("change", [_open_to_others, _open_above, _link])
def test_what_others_may_write_is_no_cache(home: Path, change: Callable[[Path], None]) -> None:
    folder = cache_folder(home / "output")
    assert folder
    change(folder)
    assert cache_folder(home / "output") is None


def test_what_belongs_to_somebody_else_is_no_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder(home / "output")
    monkeypatch.setattr("generator.build.folder.os.geteuid", lambda: 12345)
    assert cache_folder(home / "output") is None
