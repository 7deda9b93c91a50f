"""Others change the output directory while it is written; nothing is lost at any step."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from generator.output.outcome import OutputError
from tests.output.scenarios import FOREIGN, NEW, SCENARIOS
from tests.output.steps import before_step
from tests.output.trees import beside, files, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_files_that_are_added_rewritten_or_replaced_meanwhile_are_kept(folder: Path) -> None:
    theirs = {"own/x/y": "replaced", "mine.txt": "rewritten", "rules/added": "added"}
    for target, _ in _disturbed(folder, _work):
        assert files(target) == {**NEW, **FOREIGN, **theirs}
        assert beside(target) == []


def test_a_file_of_ours_that_is_edited_before_it_is_deleted_is_kept(folder: Path) -> None:
    lost: set[str] = set()
    for target, step in _disturbed(folder, _edit):
        if files(target).get("rules/deep/b.yml") != "edited meanwhile":
            lost.add(step)
        assert beside(target) == []
    assert lost == {"unlink"}  # nothing can happen between its last check and the deletion


def _work(target: Path) -> None:
    put(target.parent.parent, "new", "replaced").replace(target / "own" / "x" / "y")
    (target / "mine.txt").write_text("rewritten")
    (target / "rules" / "added").write_text("added")


def _edit(target: Path) -> None:
    with (target / "rules" / "deep" / "b.yml").open("r+") as file:
        file.write("edited meanwhile")


def _disturbed(folder: Path, disturb: Callable[[Path], object]) -> list[tuple[Path, str]]:
    """The outputs of disturbed writes, each before another step, as far as the place for the disturbance existed.

    How many steps there are depends on the time since a file was written: soon after, it is read again.
    """
    scenario, found = SCENARIOS["again"], []
    for step in count(1):
        target = folder / f"{step}" / "output"
        done: list[bool] = []

        def action(target: Path = target, done: list[bool] = done) -> None:
            with suppress(FileNotFoundError, NotADirectoryError):
                disturb(target)
                done.append(True)

        scenario.prepare(target)
        with before_step(step, action) as steps, suppress(OutputError):
            scenario.run(target)
        if len(steps) < step:
            break
        found += [(target, steps[step - 1])] if done else []
    assert found
    return found
