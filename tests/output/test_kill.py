"""A process is killed at each step of its write; each file is then old or new, and the next run repairs the rest.

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

from generator.output.directory import LOCK
from generator.output.write import compare, write
from tests.output.scenarios import FOREIGN, NEW, OLD, SCENARIOS, THIRD
from tests.output.trees import artifacts, beside, files, in_memory, snapshot, stamps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.output.scenarios import WriteScenario

ROOT = Path(__file__).parent.parent.parent
#: Fewer kills would mean that the steps are no longer detected.
AT_LEAST = 25

Kills = dict[str, list[Path]]


@pytest.fixture(scope="module")
def kills() -> Iterator[Kills]:
    """The outputs of all killed runs, each at another step, by scenario; tests only read them."""
    with in_memory() as folder:
        yield {name: _killed(name, folder / name) for name in SCENARIOS}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_file_is_old_or_new_and_nobody_elses_is_touched(kills: Kills, name: str) -> None:
    ours = OLD.keys() | NEW.keys()
    for target in kills[name]:
        found = files(target) if target.exists() else {}
        assert not SCENARIOS[name].there or {path: found[path] for path in FOREIGN} == FOREIGN
        assert all(found.get(path) in SCENARIOS[name].may_be(path) for path in ours)
        rest = found.keys() - ours - FOREIGN.keys() - {LOCK}
        assert all(".new-" in path for path in rest)


@pytest.mark.parametrize("name", SCENARIOS)
def test_before_the_first_file_is_moved_the_output_is_wholly_the_old_one(kills: Kills, name: str) -> None:
    """The manifest of a write under way comes first; without it all files are old."""
    for target in kills[name]:
        if not _is_under_way(target) and not _is_new(target):
            found = files(target) if target.exists() else {}
            old = {path: found[path] for path in found.keys() & (OLD.keys() | NEW.keys())}
            assert old == (OLD if SCENARIOS[name].there else {})


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.usefixtures("impatient")
def test_comparing_after_a_kill_tells_the_truth_and_cleans_up_nothing(kills: Kills, name: str) -> None:
    for target in kills[name]:
        before = stamps(target.parent)
        difference = compare(artifacts(NEW), target)
        assert stamps(target.parent) == before
        assert bool(difference) == (not _is_new(target))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_next_run_repairs_the_remains_of_a_kill(folder: Path, name: str) -> None:
    """The next run writes the same, or, after every other kill, the output of changed specs."""
    scenario = SCENARIOS[name]
    ends = [
        (wanted, _end(folder / f"{turn}", scenario, wanted)) for turn, wanted in enumerate((NEW, THIRD, OLD))
    ]
    for target, (wanted, expected) in zip(_killed(name, folder / "kills"), cycle(ends), strict=False):
        scenario.run(target, wanted)
        assert snapshot(target) == expected
        assert beside(target) == []


@pytest.mark.parametrize(("name", "apart"), [("again", 6), ("first", 4)])
def test_repairs_that_are_killed_are_repaired_in_the_end(
    kills: Kills, folder: Path, name: str, apart: int
) -> None:
    new = _end(folder, SCENARIOS[name])
    last = len(kills[name])
    steps = range(last, last // 2, -apart)
    assert _answer(name, folder, *map(str, steps))
    for step in steps:
        target = folder / f"{step}" / "output"
        assert snapshot(target) == new
        assert beside(target) == []


def _is_under_way(target: Path) -> bool:
    manifest = target / "manifest.json"
    return manifest.exists() and "before" in json.loads(manifest.read_bytes())


def _is_new(target: Path) -> bool:
    manifest = target / "manifest.json"
    found = files(target) if target.is_dir() else {}
    ours = {path: text for path, text in found.items() if path in OLD.keys() | NEW.keys()}
    return ours == NEW and manifest.exists() and not _is_under_way(target)


def _end(folder: Path, scenario: WriteScenario, wanted: Mapping[str, str] = NEW) -> dict[str, str] | None:
    """The new state, as without any kill."""
    target = folder / "ends" / "output"
    scenario.prepare(target)
    write(artifacts(wanted), target)
    return snapshot(target)


def _killed(name: str, folder: Path) -> list[Path]:
    count = _answer(name, folder)
    assert count > AT_LEAST
    return [folder / f"{step}" / "output" for step in range(1, count + 1)]


def _answer(*arguments: str | Path) -> Any:  # noqa: ANN401 - JSON
    command = [sys.executable, "-m", "tests.output.killed", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
