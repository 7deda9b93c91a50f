"""Several runs at once."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from generator.output import lock
from generator.output.compare import compare
from generator.output.errors import OutputError
from generator.output.write import write
from tests.output.trees import artifacts, beside, files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
RACER = """
import sys
from pathlib import Path
from generator.output.compare import compare
from generator.output.write import write
from tests.output.trees import artifacts
files = {f"{sys.argv[2]}/{number}": sys.argv[2] for number in range(5)}
sys.stdin.read(1)
for turn in range(20):
    write(artifacts({**files, "turn": f"{sys.argv[2]} {turn}"}), Path(sys.argv[1]), in_place=sys.argv[3] == "True")
    print(compare(artifacts(files), Path(sys.argv[1])).changed)
"""
HELD = "let it end, then run again"


@contextmanager
def _held(folder: Path, kind: int) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


def test_runs_at_once_take_turns_and_leave_one_of_their_outputs(folder: Path, *, in_place: bool) -> None:
    target = folder / "output"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, f"{target}", name, f"{in_place}"],
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


def test_a_run_that_does_not_end_is_an_error_that_says_where(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    with _held(target.parent, fcntl.LOCK_EX):
        for act in (write, compare):
            with pytest.raises(OutputError) as caught:
                act(artifacts({"x": "1"}), target)
            assert caught.value.message == f'another run is writing in "{target.parent}"'
            assert caught.value.help == HELD
    assert not target.exists()


def test_comparing_keeps_writers_away_and_no_other_comparing(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(artifacts({"x": "1"}), target)
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    with _held(target.parent, fcntl.LOCK_SH):
        assert not compare(artifacts({"x": "1"}), target)
        with pytest.raises(OutputError, match="another run"):
            write(artifacts({"x": "2"}), target)


def test_a_run_waits_for_another_one_to_end(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Thread(target=write, args=(artifacts({"x": "1"}), target))
    with _held(target.parent, fcntl.LOCK_EX) as descriptor:
        monkeypatch.setattr("generator.output.lock.time.sleep", lambda _: _release(descriptor))
        waiting.start()
        waiting.join()
    assert files(target) == {"x": "1"}


def _release(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def test_a_file_system_without_locks_is_an_error_and_not_unprotected(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _kind: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("generator.output.lock.fcntl.flock", refuse)
    with pytest.raises(OutputError, match="cannot be written: no locks available"):
        write(artifacts({"x": "1"}), target)
    assert not target.exists()
