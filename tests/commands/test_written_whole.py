"""Files of a command are written whole or not at all, for any step that the system refuses."""

from __future__ import annotations

import errno
import os
from itertools import count
from typing import TYPE_CHECKING, NoReturn

import pytest

from generator.commands.call import CallError
from generator.commands.replacing import write_all
from tests.output.steps import before_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.commands.calls import CommandCalls

#: A place of the commands' files, and the command that writes them there.
CALLS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "init": lambda place: ("init", place),
    "a profile": lambda place: ("init", place, "--copy-profile", "agent"),
    "schemas": lambda place: ("schema", "-o", place),
}


def _refusing(number: int) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def _problem(files: dict[Path, str]) -> CallError | None:
    try:
        write_all(files)
    except CallError as problem:
        return problem
    return None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES], ids=errno.errorcode.get)
def test_a_failing_step_leaves_every_file_as_it_was_and_names_one(tmp_path: Path, number: int) -> None:
    for step in count(1):
        folder = tmp_path / f"{step}"
        folder.mkdir()
        (folder / "old").write_text("mine", "utf-8")
        files = {folder / name: "new\n" * 5000 for name in ("a/b/c", "a/d", "old")}
        with before_step(step, _refusing(number)) as steps:
            problem = _problem(files)
        held = {path: path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}
        assert held == ({folder / "old": "mine"} if problem else files), steps
        assert (folder / "a").exists() == (problem is None)
        if problem:
            assert problem.message.partition(" cannot be written: ")[0] in map(str, files)
            remedy = "make room" if number == errno.ENOSPC else "check the path and its permissions"
            assert problem.help.startswith(f"{remedy}, and run again")
        if len(steps) < step:
            break


@pytest.mark.parametrize("name", CALLS)
def test_a_full_disk_leaves_nothing_of_what_a_command_writes(
    name: str, call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 3 or name == "a profile":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    message = call.refused(*CALLS[name](str(tmp_path / "specs")))
    assert message.startswith(f"error: {tmp_path}/specs/")
    assert message.endswith(
        " cannot be written: no space left on device\n  help: make room, and run again; nothing was written\n"
    )
    assert list(tmp_path.iterdir()) == []
