"""A process is killed at each step of its write; the output is then whole, and the next run leaves nothing behind.

The steps are found by counting: every call of the operating system that may change something, until a run survives.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.output import staging
from generator.output.compare import compare
from generator.output.write import write
from tests.output.scenarios import FOREIGN, NEW, OLD, SCENARIOS, THIRD, no_exchange
from tests.output.trees import artifacts, beside, files, in_memory, snapshot, stamps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.output.scenarios import Scenario

ROOT = Path(__file__).parent.parent.parent
AT_LEAST = 40
"""Fewer kills would mean that the steps are not seen any more."""

Kills = dict[str, list[Path]]


@pytest.fixture(scope="module")
def kills() -> Iterator[Kills]:
    """The outputs of all runs that were killed, each at another step, by scenario; only to be looked at."""
    with in_memory() as folder:
        yield {name: _killed(name, folder / name) for name in SCENARIOS}


@pytest.mark.parametrize("name", ["exchange", "first"])
def test_after_a_kill_the_output_is_wholly_the_old_or_wholly_the_new_one(
    kills: Kills, folder: Path, name: str
) -> None:
    old, new = _ends(folder, SCENARIOS[name])
    found = [snapshot(target) for target in kills[name]]
    assert all(state in (old, new) for state in found)
    assert old in found
    assert new in found


def test_without_an_exchange_there_is_one_instant_without_any_output(kills: Kills, folder: Path) -> None:
    old, new = _ends(folder, SCENARIOS["renames"])
    found = [snapshot(target) for target in kills["renames"]]
    assert all(state in (old, new, None) for state in found)
    assert found.count(None) == 1


def test_in_place_each_file_is_old_or_new_and_nobody_elses_is_touched(kills: Kills) -> None:
    ours = OLD.keys() | NEW.keys()
    for target in kills["in-place"]:
        found = files(target)
        assert {path: found[path] for path in FOREIGN} == FOREIGN
        assert all(found.get(path) in SCENARIOS["in-place"].may_be(path) for path in ours)
        assert all(".new-" in path for path in found.keys() - ours - FOREIGN.keys())


@pytest.mark.parametrize("name", SCENARIOS)
def test_comparing_after_a_kill_tells_the_truth_and_cleans_up_nothing(kills: Kills, name: str) -> None:
    for target in kills[name]:
        before = stamps(target.parent)
        difference = compare(artifacts(NEW), target)
        assert stamps(target.parent) == before
        assert bool(difference) == (not _is_new(target))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_next_run_repairs_what_a_kill_has_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The next run writes the same, or, after every other kill, what the specs have become since."""
    scenario = SCENARIOS[name]
    ends = [
        (wanted, _ends(folder / f"{turn}", scenario, wanted)[1]) for turn, wanted in enumerate((NEW, THIRD))
    ]
    if not scenario.exchange:
        monkeypatch.setattr(staging, "exchange", no_exchange)
    for target, (wanted, expected) in zip(_killed(name, folder / "kills"), cycle(ends), strict=False):
        scenario.run(target, wanted)
        assert snapshot(target) == expected
        assert beside(target) == []


@pytest.mark.parametrize(("name", "apart"), [("exchange", 6), ("renames", 6), ("in-place", 8)])
def test_repairs_that_are_killed_are_repaired_in_the_end(
    kills: Kills, folder: Path, name: str, apart: int
) -> None:
    old, new = _ends(folder, SCENARIOS[name])
    last = len(kills[name])
    steps = range(last, last * 3 // 4, -apart)
    for states in _answer(name, folder, *map(str, steps)):
        assert name == "in-place" or all(state in (old, new, None) for state in states)
    for step in steps:
        target = folder / f"{step}" / "output"
        assert snapshot(target) == new
        assert beside(target) == []


def _is_new(target: Path) -> bool:
    manifest = target / "manifest.json"
    found = files(target) if target.is_dir() else {}
    ours = {path: text for path, text in found.items() if path in OLD.keys() | NEW.keys()}
    return ours == NEW and "before" not in json.loads(manifest.read_bytes())


def _ends(
    folder: Path, scenario: Scenario, wanted: Mapping[str, str] = NEW
) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """The old and the new state, as they are without any kill."""
    target = folder / "ends" / "output"
    scenario.prepare(target)
    old = snapshot(target)
    write(artifacts(wanted), target)
    return old, snapshot(target)


def _killed(name: str, folder: Path) -> list[Path]:
    count = _answer(name, folder)
    assert count > AT_LEAST
    return [folder / f"{step}" / "output" for step in range(1, count + 1)]


def _answer(*arguments: str | Path) -> Any:  # noqa: ANN401 - JSON
    command = [sys.executable, "-m", "tests.output.killed", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
