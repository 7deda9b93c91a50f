"""The cache is the user's alone: no other user can change it, not even while it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator import private
from generator.cache import Cache
from tests.output.steps import before_step

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> Path:
    """The existing directory."""
    assert _is_opened(make=True)
    return home / "cache" / "agent-metrics"


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _is_opened(*, make: bool = False) -> bool:
    before = _open_files()
    descriptor = private.opened(make=make)
    if descriptor is not None:
        os.close(descriptor)
    assert _open_files() == before
    return descriptor is not None


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o000, 0o077])
def test_it_is_made_for_its_user_alone_whatever_the_umask(home: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert _is_opened(make=True)
    finally:
        os.umask(before)
    assert [(home / path).stat().st_mode & 0o777 for path in ("", "cache", "cache/agent-metrics")] == [
        0o700
    ] * 3


def test_it_is_not_made_where_it_is_only_looked_for(home: Path) -> None:
    assert not _is_opened()
    assert not home.exists()


def _open_to_others(folder: Path) -> None:
    folder.chmod(0o777)


def _open_to_a_group(folder: Path) -> None:
    folder.chmod(0o770)


def _sticky(folder: Path) -> None:
    folder.chmod(0o1777)


def _open_above(folder: Path) -> None:
    folder.parent.chmod(0o777)


def _open_far_above(folder: Path) -> None:
    folder.parent.parent.chmod(0o770)


def _link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "change", [_open_to_others, _open_to_a_group, _sticky, _open_above, _open_far_above, _link]
)
def test_what_others_can_change_is_no_cache(folder: Path, change: Callable[[Path], None]) -> None:
    assert _is_opened()
    change(folder)
    assert not _is_opened(make=True)


def test_above_it_a_directory_may_be_shared_where_entries_are_their_owners_alone(folder: Path) -> None:
    """Like /tmp."""
    folder.parent.parent.chmod(0o1777)
    assert _is_opened()


def test_links_above_it_are_followed_to_where_they_lead(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "link" / "cache"))
    assert _is_opened()
    folder.parent.parent.chmod(0o777)
    assert not _is_opened()


def test_what_belongs_to_somebody_else_is_no_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.exists()
    monkeypatch.setattr("generator.private.os.geteuid", lambda: 12345)
    owner = folder.stat().st_uid
    assert _is_opened() == (owner == 0)
    os.chown(folder, 54321, -1) if owner == 0 else None
    assert not _is_opened()


@pytest.mark.parametrize("home", ["cache", "./cache", "", "~/cache"])
def test_a_relative_place_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    (tmp_path / "me").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.chdir(tmp_path)
    assert _is_opened(make=True)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("agent*")] == [
        "me/.cache/agent-metrics"
    ]


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "nonexistent"))
    assert not _is_opened(make=True)
    assert list(tmp_path.iterdir()) == []


def test_files_are_whole_or_not_there(folder: Path) -> None:
    directory = private.opened(make=False)
    assert directory is not None
    private.write_file(directory, "a.parts", b"x" * 100_000)
    assert private.read(directory, "a.parts") == b"x" * 100_000
    assert private.read(directory, "b.parts") is None
    (folder / "link.parts").symlink_to("a.parts")
    os.mkfifo(folder / "pipe.parts")
    assert private.read(directory, "link.parts") is None
    assert private.read(directory, "pipe.parts") is None
    os.close(directory)
    private.write_file(directory, "c.parts", b"")  # which cannot be written


def test_directories_that_are_exchanged_while_a_run_is_under_way_change_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user exchanges the directory between any two steps, 200 times."""
    monkeypatch.setattr("generator.cache.fingerprint", lambda: "the compiler")
    output, theirs = tmp_path / "output", tmp_path / "theirs"
    for place, value in ((folder, b"ours"), (theirs, b"theirs")):
        place.mkdir(exist_ok=True, mode=0o700)
        directory = os.open(place, os.O_RDONLY)
        cache = Cache(directory, output)
        cache.retain(value, b"key")
        cache.save()
        os.close(directory)
    theirs.chmod(0o777)  # theirs: another user may write in it
    count = len(_recalled_meanwhile(folder, theirs, output, 0)[1])
    assert count > 20
    answers = [_recalled_meanwhile(folder, theirs, output, turn % count + 1)[0] for turn in range(200)]
    assert set(answers) == {b"ours", None}


def _recalled_meanwhile(
    folder: Path, theirs: Path, output: Path, step: int
) -> tuple[bytes | None, list[str]]:
    """Open and read, while the two directories change names before the step."""

    def exchange() -> None:
        aside = folder.with_name("aside")
        for one, other in ((folder, aside), (theirs, folder), (aside, theirs)):
            one.rename(other)

    found = None
    with before_step(step, exchange, reading=True) as steps:
        directory = private.opened(make=False)
        if directory is not None:
            found = Cache(directory, output).recall(bytes, b"key")
    if directory is not None:
        os.close(directory)
    if 0 < step <= len(steps):
        exchange()
    return found, list(steps)
