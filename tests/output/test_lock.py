"""Several runs at once."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from generator.output import lock
from generator.output.directory import LOCK
from generator.output.lock import undisturbed
from generator.output.outcome import OutputError
from generator.output.write import compare, write
from tests.output.trees import artifacts, beside, files, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent
RACER = """
import sys
from pathlib import Path
from generator.output.write import compare
from generator.output.write import write
from tests.output.trees import artifacts
files = {f"{sys.argv[2]}/{number}": sys.argv[2] for number in range(5)}
sys.stdin.read(1)
for turn in range(20):
    write(artifacts({**files, "turn": f"{sys.argv[2]} {turn}"}), Path(sys.argv[1]))
    print(compare(artifacts(files), Path(sys.argv[1])).changed)
"""


@contextmanager
def _locked(target: Path) -> Iterator[int]:
    """Lock like a run."""
    descriptor = os.open(target / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def test_runs_at_once_take_turns_and_leave_one_of_their_outputs(folder: Path) -> None:
    target = folder / "output"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, f"{target}", name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("a", "b")
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"x")
        racer.stdin.flush()
    errors = [racer.communicate()[1] for racer in racers]
    assert errors == [b"", b""]
    found = files(target)
    last = found["turn"].split()[0]
    assert found == {**{f"{last}/{number}": last for number in range(5)}, "turn": f"{last} 19"}
    assert beside(target) == []


@pytest.mark.usefixtures("impatient")
def test_a_run_that_does_not_end_is_an_error_that_names_the_directory(target: Path) -> None:
    write(artifacts({"x": "1"}), target)
    with _locked(target), pytest.raises(OutputError) as caught:
        write(artifacts({"x": "2"}), target)
    assert caught.value.message == f'another run is writing in "{target}"'
    assert caught.value.help == "let it end, then run again"
    assert files(target) == {"x": "1", LOCK: ""}


def test_a_run_waits_for_another_one_to_end(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(artifacts({"x": "1"}), target)
    waiting = Thread(target=write, args=(artifacts({"x": "2"}), target))
    with _locked(target) as descriptor:
        monkeypatch.setattr("generator.output.lock.time.sleep", lambda _: _release(descriptor))
        waiting.start()
        waiting.join()
    assert files(target) == {"x": "2"}


def _release(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def test_a_lock_that_is_removed_between_its_opening_and_its_locking_is_none(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise two runs would lock two files of one name."""
    write(artifacts({"x": "1"}), target)
    flock, removed = fcntl.flock, list[int]()

    def locked_late(descriptor: int, kind: int) -> None:
        if not removed:
            (target / LOCK).unlink()
            removed.append(descriptor)
        flock(descriptor, kind)

    monkeypatch.setattr("generator.output.lock.fcntl.flock", locked_late)
    with lock.locked(target):
        assert removed
        assert (target / LOCK).exists()
    assert files(target) == {"x": "1"}


def test_only_those_who_may_write_can_keep_writers_away(target: Path, tmp_path: Path) -> None:
    """Directories can be locked by everybody who may read them."""
    write(artifacts({"x": "1"}), target)
    with ExitStack() as held:
        for folder in (tmp_path, target):
            descriptor = os.open(folder, os.O_RDONLY)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        write(artifacts({"x": "2"}), target)
    with lock.locked(target):
        assert (target / LOCK).stat().st_mode & 0o777 == 0o600


def test_a_reader_reads_again_where_a_write_came_in_between(target: Path) -> None:
    write(artifacts({"x": "1"}), target)
    texts = iter(("2", "2", "3"))

    def read() -> str:
        write(artifacts({"x": next(texts)}), target)
        return (target / "x").read_text()

    assert undisturbed(target, read) == "2"
    assert next(texts) == "3"


def test_an_error_of_a_reader_counts_only_where_no_write_came_in_between(target: Path) -> None:
    write(artifacts({"x": "1"}), target)
    texts = iter(("2", "2"))

    def read() -> None:
        write(artifacts({"x": next(texts)}), target)
        raise OSError(5, "of the second turn")

    with pytest.raises(OSError, match="of the second turn"):
        undisturbed(target, read)
    assert list(texts) == []


def test_a_reader_does_not_wait_for_ever_for_a_run_that_was_killed(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(artifacts({"x": "1"}), target)
    put(target, LOCK, "")
    monkeypatch.setattr(lock, "READER_PATIENCE_S", 0.1)
    assert not compare(artifacts({"x": "1"}), target)


@pytest.mark.parametrize(
    "text", ["", '["b/.gone.md.new-0123', "{}", "3", "[" * 100_000, '[1, null, "\\ud800"]']
)
def test_a_list_of_staged_files_that_was_not_finished_means_that_none_was_staged(
    target: Path, text: str
) -> None:
    write(artifacts({"x": "1"}), target)
    put(target, LOCK, text)
    write(artifacts({"x": "1"}), target)
    assert files(target) == {"x": "1"}


def test_staged_files_of_a_killed_run_are_removed_and_no_others(target: Path, tmp_path: Path) -> None:
    write(artifacts({"x": "1", "b/y": "1"}), target)
    (target / "link").symlink_to(tmp_path)
    name = ".gone.md.new-0123456789abcdef"
    kept = [put(tmp_path, name, "mine"), put(target, "mine", "mine"), put(target, "b/.mine.new", "mine")]
    put(target, f"b/{name}", "half")
    listed = [f"b/{name}", f"../{name}", f"link/{name}", f"{tmp_path}/{name}", "mine", "b/.mine.new", "b/y"]
    put(target, LOCK, json.dumps(listed))
    write(artifacts({"x": "1", "b/y": "1"}), target)
    assert [path.read_text() for path in kept] == ["mine"] * 3
    assert files(target) == {"x": "1", "b/y": "1", "mine": "mine", "b/.mine.new": "mine"}


@pytest.mark.parametrize("stand", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("mine")])
def test_a_lock_that_is_no_file_is_an_error(target: Path, stand: Callable[[Path], object]) -> None:
    write(artifacts({"x": "1"}), target)
    put(target, "mine", "mine")
    stand(target / LOCK)
    with pytest.raises(OutputError, match="cannot be written"):
        write(artifacts({"x": "2"}), target)
    assert (target / "mine").read_text() == "mine"


def test_a_file_system_without_locks_is_an_error_and_not_unprotected(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _kind: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("generator.output.lock.fcntl.flock", refuse)
    with pytest.raises(OutputError, match="cannot be written: no locks available"):
        write(artifacts({"x": "1"}), target)
    assert not (target / "x").exists()
