"""Somebody else works in the output directory while it is written; whatever they do at which step, nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest

from generator.output import staging
from generator.output.errors import OutputError
from generator.output.write import write
from tests.output.scenarios import FOREIGN, NEW, OLD, SCENARIOS, no_exchange
from tests.output.steps import before_step
from tests.output.trees import artifacts, beside, files, put

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

THERE = [name for name, scenario in SCENARIOS.items() if scenario.there]


@pytest.fixture(params=THERE)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if not SCENARIOS[request.param].exchange:
        monkeypatch.setattr(staging, "exchange", no_exchange)
    return str(request.param)


def test_files_that_are_added_rewritten_or_replaced_meanwhile_are_kept(folder: Path, name: str) -> None:
    theirs = {"own/x/y": "replaced", "mine.txt": "rewritten", "rules/added": "added"}
    for target in _disturbed(folder, name, _work):
        assert files(target) == {**NEW, **FOREIGN, **theirs}
        assert beside(target) == []


def test_a_file_of_ours_that_is_edited_before_it_is_deleted_is_kept(folder: Path, name: str) -> None:
    lost = 0
    for target in _disturbed(folder, name, _edit):
        lost += files(target).get("rules/deep/b.yml") != "edited meanwhile"
        assert beside(target) == []
    assert lost == (1 if name == "in-place" else 0)  # nothing is between its last look and the deletion


def test_a_file_in_a_directory_that_becomes_a_file_is_kept_beside_it(folder: Path) -> None:
    stale, wanted = {"b/c": "1", "b/d/e": "1"}, {"b": "2"}
    places = set()
    for target in _disturbed(folder, "exchange", _add_below, stale, wanted):
        found = files(target)
        assert "kept" in found.values()
        places.add(next(path.split("/")[0].split("-")[0] for path in found if found[path] == "kept"))
        with suppress(OutputError):  # the directory stands in the way, as long as the file is in it
            write(artifacts(wanted), target)
        assert "kept" in files(target).values()
        assert beside(target) == []
    assert places == {"b", "b.old"}


def _work(target: Path) -> None:
    put(target.parent.parent, "new", "replaced").replace(target / "own" / "x" / "y")
    (target / "mine.txt").write_text("rewritten")
    (target / "rules" / "added").write_text("added")


def _edit(target: Path) -> None:
    with (target / "rules" / "deep" / "b.yml").open("r+") as file:
        file.write("edited meanwhile")


def _add_below(target: Path) -> None:
    (target / "b" / "d" / "mine").write_text("kept")


def _disturbed(
    folder: Path,
    name: str,
    disturb: Callable[[Path], object],
    before: Mapping[str, str] = OLD,
    after: Mapping[str, str] = NEW,
) -> list[Path]:
    """The outputs of writes that were disturbed, each at another step, as far as the disturber found his place."""
    scenario, found = SCENARIOS[name], []
    for step in count(1):
        target = folder / f"{step}" / "output"
        done: list[bool] = []

        def action(target: Path = target, done: list[bool] = done) -> None:
            with suppress(FileNotFoundError, NotADirectoryError):
                disturb(target)
                done.append(True)

        scenario.prepare(target) if before is OLD else write(artifacts(before), target)
        with before_step(step, action) as steps, suppress(OutputError):
            scenario.run(target, after)
        if len(steps) < step:
            break
        found += [target] if done else []
    assert found
    return found
