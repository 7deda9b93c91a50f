"""The output directory as the call names it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.output.outcome import OutputError
from generator.output.write import compare, write
from tests.output.trees import artifacts, beside, files, put, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEW = {"catalog.json": "{}\n", "books/c.md": "c\n"}


def _refused(target: Path) -> OutputError:
    """The error of both writing and comparing."""
    with pytest.raises(OutputError) as caught:
        write(artifacts(NEW), target)
    with pytest.raises(OutputError) as other:
        compare(artifacts(NEW), target)
    assert other.value.args == caught.value.args
    return caught.value


@pytest.mark.parametrize("leads_to", ["elsewhere", "nowhere", "output"])
def test_nothing_is_written_through_a_link(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "output").symlink_to(leads_to)
    before = snapshot(tmp_path)
    problem = _refused(tmp_path / "output")
    assert problem.message == f'"{tmp_path}/output" is a link; the output is never written through a link'
    assert problem.help == "name the directory that it leads to"
    assert snapshot(tmp_path) == before


def test_links_above_the_output_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(artifacts(NEW), tmp_path / "link" / "output")
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path / "real" / "output") == NEW
    assert not compare(artifacts(NEW), tmp_path / "link" / "output")


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo], ids=["file", "pipe"])
def test_a_target_that_is_no_directory_is_refused(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "output")
    problem = _refused(tmp_path / "output")
    assert problem.message == f'"{tmp_path}/output" is not a directory'
    assert problem.help == "name another output directory"


def test_a_file_above_the_target_is_named(tmp_path: Path) -> None:
    put(tmp_path, "file", "mine")
    with pytest.raises(OutputError) as caught:
        write(artifacts(NEW), tmp_path / "file" / "deep" / "output")
    assert caught.value.message == (
        f'"{tmp_path}/file/deep/output" cannot be written: not a directory: "{tmp_path}/file/deep"'
    )
    assert caught.value.help == "check the path and run again; the old output is as it was"
    assert compare(artifacts(NEW), tmp_path / "file" / "deep" / "output").missing


@pytest.mark.parametrize("path", ["out\0put", "\ud800"])
def test_what_is_no_path_is_refused(path: str) -> None:
    problem = _refused(Path(path))
    assert "is no path" in problem.message
    assert problem.message.isprintable()
    assert problem.help == "name another output directory"


@pytest.mark.parametrize("path", ["/", "/tmp/..", "//"])  # noqa: S108 - nothing is made there
def test_the_root_is_refused(path: str) -> None:
    problem = _refused(Path(path))
    assert problem.message == "the output directory cannot be the root"
    assert problem.help == "name a directory of its own"


def test_a_path_with_dots_is_where_the_system_finds_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    write(artifacts(NEW), tmp_path / "link" / ".." / "output")
    assert files(tmp_path / "a" / "output") == NEW


def test_a_name_that_nobody_can_read_is_shown_by_escapes(tmp_path: Path) -> None:
    target = tmp_path / "out\x1b[2J\u202eput"
    target.write_text("mine")
    assert r'out\x1b[2J\u202eput" is not a directory' in _refused(target).message


def test_names_with_spaces_and_bytes_that_are_no_text_are_written(tmp_path: Path) -> None:
    for name in (b"out \xff put", b".output", "ausgänge".encode(), b"a]*[b.new-0"):
        target = tmp_path / os.fsdecode(name)
        for text in ("1", "2"):
            assert write(artifacts({"x": text}), target)
        assert files(target) == {"x": "2"}
    assert len(beside(tmp_path / ".output")) == 3


@pytest.fixture
def mounted() -> Iterator[Callable[[Path], None]]:
    """Mount a separate file system at a directory, where that is allowed."""
    mounts: list[Path] = []

    def mount(place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", f"{place}"]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            mounts.append(place)

    yield mount
    for place in mounts:
        subprocess.run(["umount", f"{place}"], check=True)


@pytest.mark.parametrize("place", ["", "own", "rules", "rules/deep"])
def test_a_file_system_mounted_in_the_output_is_written_and_stays(
    target: Path, place: str, mounted: Callable[[Path], None]
) -> None:
    write(artifacts({"catalog.json": "old"}), target)
    mounted(target / place)
    put(target / place, "mine", "mine")
    wanted = {"catalog.json": "new", "rules/a.yml": "a", "rules/deep/b.yml": "b"}
    (target / "catalog.json").unlink(missing_ok=True)
    assert write(artifacts(wanted), target)
    mine = str(Path(place) / "mine")
    assert files(target) == {**wanted, mine: "mine"}
    assert not write(artifacts(wanted), target)
    assert beside(target) == []


def test_a_working_directory_that_was_removed_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for text in ("1", "2"):
        assert write(artifacts({"x": text}), tmp_path / "output")
