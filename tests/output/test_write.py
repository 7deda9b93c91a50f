"""The effect of a write on our files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from generator.artifact import Artifact
from generator.output.outcome import OutputError, WriteResult
from generator.output.write import compare, write
from tests.output.trees import NEW, OLD, artifacts, beside, files, put, snapshot, stamps

ROOT = Path(__file__).parent.parent.parent


def test_the_first_run_makes_the_directory_and_those_above_it(tmp_path: Path) -> None:
    target = tmp_path / "build" / "today" / "output"
    outcome = write(artifacts(OLD), target)
    assert outcome == WriteResult(
        created=("catalog.json", "manifest.json", "rules/a.yml", "rules/deep/b.yml")
    )
    assert files(target) == OLD
    assert beside(target) == []


def test_the_manifest_lists_every_file_with_its_hash(target: Path) -> None:
    write(artifacts(OLD), target)
    listed = json.loads((target / "manifest.json").read_text())["files"]
    assert listed == {path: sha256(text.encode()).hexdigest() for path, text in OLD.items()}


def test_a_later_run_changes_creates_and_deletes(target: Path) -> None:
    write(artifacts(OLD), target)
    outcome = write(artifacts(NEW), target)
    assert outcome == WriteResult(
        created=("books/c.md",),
        changed=("manifest.json", "rules/a.yml"),
        unchanged=("catalog.json",),
        deleted=("rules/deep/b.yml",),
    )
    assert files(target) == NEW
    assert not (target / "rules" / "deep").exists()
    assert beside(target) == []


def test_a_later_run_and_a_fresh_start_end_in_the_same_bytes(tmp_path: Path) -> None:
    write(artifacts(OLD), tmp_path / "later")
    write(artifacts(NEW), tmp_path / "later")
    write(artifacts(NEW)[::-1], tmp_path / "fresh")
    assert snapshot(tmp_path / "later") == snapshot(tmp_path / "fresh")


def test_nothing_is_written_when_nothing_changed(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "mine.txt", "mine")
    before = stamps(target.parent)
    outcome = write(artifacts(OLD), target)
    assert stamps(target.parent) == before
    assert not outcome
    assert len(outcome.unchanged) == 4


def test_an_unchanged_file_is_not_rewritten_when_others_are(target: Path) -> None:
    write(artifacts(OLD), target)
    os.utime(target / "catalog.json", ns=(1, 1))
    inode = (target / "catalog.json").stat().st_ino
    write(artifacts(NEW), target)
    after = (target / "catalog.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (inode, 1)


def test_a_directory_keeps_its_time_unless_something_changes_in_it(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "own/mine", "mine")
    for path in ("own", "rules"):
        os.utime(target / path, ns=(1, 1))
    write(artifacts(NEW), target)
    assert (target / "own").stat().st_mtime_ns == 1
    assert (target / "rules").stat().st_mtime_ns > 1


def test_directories_keep_their_identity(target: Path) -> None:
    write(artifacts(OLD), target)
    before = [(target / path).stat().st_ino for path in ("", "rules")]
    write(artifacts(NEW), target)
    assert [(target / path).stat().st_ino for path in ("", "rules")] == before


def test_permissions_of_directories_and_replaced_files_stay(target: Path) -> None:
    write(artifacts(OLD), target)
    modes = {"": 0o750, "rules": 0o2775, "rules/a.yml": 0o640}
    for path, mode in modes.items():
        (target / path).chmod(mode)
    write(artifacts(NEW), target)
    assert {path: (target / path).stat().st_mode & 0o7777 for path in modes} == modes


def test_a_file_edited_by_hand_is_replaced_and_said_so(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "rules/a.yml", "tuned by hand")
    put(target, "catalog.json", "tuned by hand")
    outcome = write(artifacts(NEW), target)
    assert outcome.edited == ("catalog.json", "rules/a.yml")
    assert "rules/a.yml" not in outcome.changed
    assert "edited by hand, replaced: catalog.json, rules/a.yml" in outcome.summary()
    assert files(target) == NEW


def test_an_edit_that_anticipates_the_change_is_no_edit(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "rules/a.yml", NEW["rules/a.yml"])
    assert "rules/a.yml" in write(artifacts(NEW), target).unchanged


def test_a_file_deleted_by_hand_comes_back(target: Path) -> None:
    write(artifacts(OLD), target)
    (target / "catalog.json").unlink()
    assert write(artifacts(OLD), target).created == ("catalog.json",)
    assert files(target) == OLD


def test_a_stale_file_edited_by_hand_is_kept_once_said_and_then_left_alone(target: Path) -> None:
    write(artifacts(OLD), target)
    put(target, "rules/deep/b.yml", "tuned by hand")
    outcome = write(artifacts(NEW), target)
    assert (outcome.kept, outcome.deleted) == (("rules/deep/b.yml",), ())
    assert "no longer generated, but edited by hand, kept: rules/deep/b.yml" in outcome.summary()
    again = write(artifacts(NEW), target)
    assert (bool(again), again.kept) == (False, ())
    assert files(target) == {**NEW, "rules/deep/b.yml": "tuned by hand"}


def test_a_file_may_become_a_directory_and_a_directory_a_file(target: Path) -> None:
    write(artifacts({"a": "1", "b/c/d": "2", "b/e": "3"}), target)
    outcome = write(artifacts({"a/x": "1", "b": "2"}), target)
    assert files(target) == {"a/x": "1", "b": "2"}
    assert outcome.created == ("a/x", "b")
    assert outcome.deleted == ("a", "b/c/d", "b/e")


def test_a_directory_that_holds_something_else_does_not_become_a_file(target: Path) -> None:
    write(artifacts({"b/c": "2"}), target)
    (target / "b" / "empty").mkdir()
    with pytest.raises(OutputError, match='"b" is a directory'):
        write(artifacts({"b": "2"}), target)
    assert files(target) == {"b/c": "2"}


def test_the_empty_directory_of_a_missing_file_becomes_a_file(target: Path) -> None:
    """As a run leaves it that is killed just before it moves the file there."""
    write(artifacts({"a/b": "x"}), target)
    (target / "a" / "b").unlink()
    assert write(artifacts({"a": "x"}), target).created == ("a",)
    assert files(target) == {"a": "x"}


def test_an_empty_directory_of_somebody_else_does_not_become_a_file(target: Path) -> None:
    write(artifacts({"b": "x"}), target)
    (target / "a").mkdir()
    with pytest.raises(OutputError, match='"a" is a directory'):
        write(artifacts({"a": "x"}), target)


def test_no_artifacts_leave_an_empty_manifest(target: Path) -> None:
    write(artifacts(OLD), target)
    assert len(write((), target).deleted) == 3
    assert [path.name for path in target.iterdir()] == ["manifest.json"]


def test_text_is_written_byte_for_byte(target: Path) -> None:
    text = "\ufeffa\r\nb\rü\u2028\0"
    write((Artifact("x", text),), target)
    assert (target / "x").read_bytes() == text.encode()


def test_bad_artifacts_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    for bad in (Artifact("../x", ""), Artifact("x", "\ud800")):
        with pytest.raises(OutputError):
            write((bad,), tmp_path / "build" / "output")
    with pytest.raises(OutputError, match="one file"):
        write(artifacts({"x": "", "X": ""}), tmp_path / "build" / "output")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_in_conflict_is_mended_with_all_that_either_side_generated(target: Path) -> None:
    write(artifacts({**OLD, "theirs": "1"}), target)
    theirs = (target / "manifest.json").read_text()
    write(artifacts({**OLD, "ours": "1"}), target)
    ours = (target / "manifest.json").read_text()
    put(target, "theirs", "1")
    put(target, "manifest.json", f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> topic\n")
    outcome = write(artifacts(NEW), target)
    assert outcome.deleted == ("ours", "rules/deep/b.yml", "theirs")
    assert files(target) == NEW


@pytest.mark.parametrize("text", ["{", "{}", '{"generated_by": "agent-metrics", "version": 2}'])
def test_with_a_manifest_that_is_not_understood_nothing_changes(target: Path, text: str) -> None:
    write(artifacts(OLD), target)
    put(target, "manifest.json", text)
    before = stamps(target.parent)
    with pytest.raises(OutputError, match=r"manifest\.json"):
        write(artifacts(NEW), target)
    assert stamps(target.parent) == before


def test_a_hostile_manifest_deletes_nothing_outside(target: Path) -> None:
    victim = put(target.parent, "victim", "precious")
    digest = sha256(b"precious").hexdigest()
    put(
        target,
        "manifest.json",
        json.dumps({"files": {"../victim": digest}, "generated_by": "agent-metrics", "version": 1}),
    )
    with pytest.raises(OutputError, match=r"\.\./victim"):
        write(artifacts(NEW), target)
    assert victim.read_text() == "precious"


def test_a_path_relative_to_the_working_directory_is_meant_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(artifacts(OLD), Path("output"))
    assert not compare(artifacts(OLD), tmp_path / "output")


@pytest.mark.parametrize("name", ["", "sub"])
def test_the_working_directory_may_be_the_output(
    target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(artifacts(OLD), target)
    (target / "sub").mkdir()
    monkeypatch.chdir(target / name)
    write(artifacts(NEW), Path(".." if name else "."))
    assert Path.cwd() == target / name
    assert files(target) == NEW


def test_a_mended_file_leaves_a_manifest_that_is_not_under_way(target: Path) -> None:
    write(artifacts(OLD), target)
    manifest = (target / "manifest.json").read_bytes()
    put(target, "catalog.json", "tuned by hand")
    assert "manifest.json" in write(artifacts(OLD), target).unchanged
    assert (target / "manifest.json").read_bytes() == manifest


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from generator.output.write import write
from tests.output.trees import NEW, OLD, artifacts
number, replace = int(sys.argv[2]), Path.replace
def interrupted(self, place):
    os.kill(os.getpid(), number)
    return replace(self, place)
Path.replace = interrupted
write(artifacts(%r), Path(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_between_the_first_and_the_last_file_a_signal_waits(target: Path, number: int) -> None:
    """In a separate process: the tests' process has threads, which receive signals as well."""
    write(artifacts(OLD), target)
    command = [sys.executable, "-c", INTERRUPTED % NEW, f"{target}", f"{int(number)}"]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert ended.returncode == -number
    assert not compare(artifacts(NEW), target)
    assert beside(target) == []
