"""What killed runs leave beside the output, also when somebody has damaged it since."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, NoReturn

import pytest

from generator.output import staging
from generator.output.errors import OutputError
from generator.output.exchange import NOT_SUPPORTED, exchange
from generator.output.files import flush_directory
from generator.output.write import write
from tests.output.steps import before_step
from tests.output.trees import artifacts, beside, files, put, snapshot

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = {"x": "1", "b/y": "1"}, {"x": "2", "c/z": "2"}
STAGE = ".output.new-0123456789abcdef"


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"deleted": {"x": 1}}', "[" * 100_000])
def test_a_journal_of_another_shape_stops_the_write_and_nothing_is_lost(target: Path, text: str) -> None:
    write(artifacts(OLD), target)
    put(target.parent, f"{STAGE}/journal.json", text)
    put(target.parent, f"{STAGE}/new/precious", "mine")
    before = snapshot(target.parent)
    with pytest.raises(OutputError) as caught:
        write(artifacts(NEW), target)
    assert caught.value.message == (
        f'"{target.parent / STAGE}" is left from a run that was killed, and its journal is damaged'
    )
    assert caught.value.help == "save what you need from it, delete it, then run again"
    assert snapshot(target.parent) == before


@pytest.mark.parametrize("text", ["", '{"tree": 12', "\0" * 10])
def test_a_journal_that_was_not_finished_means_that_nothing_had_begun(target: Path, text: str) -> None:
    write(artifacts(OLD), target)
    put(target.parent, f"{STAGE}/journal.json", text)
    put(target.parent, f"{STAGE}/new/x", "2")
    write(artifacts(OLD), target)
    assert files(target) == OLD
    assert beside(target) == []


def test_a_link_in_the_place_of_a_staging_directory_is_not_followed(target: Path, tmp_path: Path) -> None:
    precious = put(tmp_path, "elsewhere/new/x", "mine")
    (tmp_path / STAGE).symlink_to("elsewhere")
    write(artifacts(NEW), target)
    assert precious.read_text() == "mine"


def test_a_staging_directory_that_somebody_else_has_made_is_not_trusted(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its journal, of any content, could bring files of theirs into the output."""
    write(artifacts(NEW), target)
    put(tmp_path, f"{STAGE}/old/alerts/theirs.yml", "theirs")
    put(tmp_path, f"{STAGE}/journal.json", '{"tree": 0, "links": {}, "deleted": {}, "files": []}')
    monkeypatch.setattr(staging, "_owner", lambda path: 54321 if path.name == STAGE else 0)
    write(artifacts({**NEW, "x": "3"}), target)
    assert files(target) == {**NEW, "x": "3"}
    assert beside(target) == [STAGE]


def test_links_left_in_a_staging_directory_are_removed_and_not_followed(target: Path, tmp_path: Path) -> None:
    precious = put(tmp_path, "elsewhere/x", "mine")
    put(tmp_path, f"{STAGE}/new/x", "2")
    (tmp_path / STAGE / "new" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / STAGE / "new").chmod(0o500)
    write(artifacts(NEW), target)
    assert precious.read_text() == "mine"
    assert beside(target) == ["elsewhere"]


def test_staging_files_in_the_output_are_found_by_the_manifest_that_was_staged_first(target: Path) -> None:
    write(artifacts(OLD), target)
    listed = {"files": {"b/gone.md": "0" * 64}, "generated_by": "agent-metrics", "version": 1}
    put(target, ".manifest.json.new-0123456789abcdef", json.dumps(listed))
    put(target, ".manifest.json.new-0123456789abcdee", "{")
    put(target, "b/.gone.md.new-0123456789abcdef", "half")
    mine = put(target, "b/.mine.md.new-0123456789abcdef", "mine")
    write(artifacts(OLD), target)
    assert files(target) == {**OLD, "b/.mine.md.new-0123456789abcdef": "mine"}
    assert mine.exists()


def test_the_staged_manifest_goes_after_the_files_that_only_it_lists(folder: Path) -> None:
    def fail() -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    listed = {"files": {"b/gone.md": "0" * 64}, "generated_by": "agent-metrics", "version": 1}
    interrupted = 0
    for step in count(1):
        target = folder / f"{step}" / "output"
        write(artifacts(OLD), target)
        manifest = put(target, ".manifest.json.new-0123456789abcdef", json.dumps(listed))
        gone = put(target, "b/.gone.md.new-0123456789abcdef", "half")
        with before_step(step, fail) as steps, suppress(OutputError):
            write(artifacts(OLD), target)
        if len(steps) < step:
            break
        assert manifest.exists() or not gone.exists()
        interrupted += manifest.exists() and not gone.exists()
    assert interrupted == 1


def test_two_directories_change_names(tmp_path: Path) -> None:
    put(tmp_path, "one/x", "1")
    put(tmp_path, "two/x", "2")
    exchange(tmp_path / "one", tmp_path / "two")
    assert files(tmp_path) == {"one/x": "2", "two/x": "1"}


def test_an_exchange_that_fails_says_with_what(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        exchange(tmp_path / "one", tmp_path / "two")
    assert (caught.value.filename, caught.value.filename2) == (f"{tmp_path}/one", f"{tmp_path}/two")


def test_a_system_without_an_exchange_says_so_in_its_own_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.output.exchange.ctypes.CDLL", lambda *_, **__: object())
    with pytest.raises(OSError, match="not implemented") as caught:
        exchange(tmp_path / "one", tmp_path / "two")
    assert caught.value.errno in NOT_SUPPORTED


def test_an_exchange_that_fails_changes_nothing(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    write(artifacts(OLD), target)
    before = snapshot(target.parent)
    monkeypatch.setattr(staging, "exchange", fail)
    with pytest.raises(OutputError, match="cannot be written: input/output error"):
        write(artifacts(NEW), target)
    assert snapshot(target.parent) == before


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_only_a_disk_that_fails_makes_flushing_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if number == errno.EINVAL:  # a file system that flushes no directories
        flush_directory(tmp_path)
        return
    with pytest.raises(OSError, match="error"):
        flush_directory(tmp_path)
