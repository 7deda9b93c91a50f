"""``generate --watch`` compiles saved specs, shows errors, goes on after them, and ends at Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from generator.commands import generate_afresh
from tests.commands.calls import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.commands.calls import CallResult
    from tests.compiling.conftest import Place

FAULT = "objectives: {success_rate: {min: 200%}}\n"


class Author:
    """Runs one action after another, each when the watcher is idle, and ends it.

    The function that an action returns runs while the files settle.
    """

    def __init__(self, place: Place, *actions: Callable[[], object]) -> None:
        self._place, self._actions = place, list(actions)
        self._rest: object = None

    def sleep(self, seconds: float) -> None:
        """Replace the pauses of the watcher."""
        if seconds == generate_afresh._SETTLING_S:  # noqa: SLF001 - one pause is told from the other by it
            self._rest = self._rest() if callable(self._rest) else None
            return
        if not self._actions:
            raise KeyboardInterrupt
        self._rest = self._actions.pop(0)()


@pytest.fixture
def watched(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CallResult]:
    """Watch while an author acts."""

    def watched(*actions: Callable[[], object], options: tuple[str, ...] = ()) -> CallResult:
        monkeypatch.setattr("generator.commands.generate_afresh.time.sleep", Author(place, *actions).sleep)
        return place.generate("--watch", *options)

    return watched


def _counts(answer: CallResult) -> list[str]:
    """Return the result of each compilation, without the hint of the first one."""
    return [line.partition(", ")[0] for line in answer.out.splitlines() if line.startswith("output: ")]


def test_what_is_saved_is_compiled_and_nothing_else(
    place: Place, watched: Callable[..., CallResult], compiled: list[str]
) -> None:
    answer = watched(
        lambda: place.service("b-agent", "team-new"),
        lambda: None,
        lambda: place.service("c-agent", "team-newer"),
    )
    assert answer.code == 0
    assert answer.err.startswith("watching specs; Ctrl-C ends it\n")
    assert compiled == ["a-agent", "b-agent", "c-agent", "b-agent", "c-agent"]
    counts = _counts(answer)
    assert counts[0].endswith("created")
    assert [count.rpartition(" ")[2] for count in counts] == ["created", "changed", "changed"]
    assert place.files() == place.afresh()


def test_errors_are_shown_and_end_nothing(place: Place, watched: Callable[..., CallResult]) -> None:
    before: dict[str, bytes] = {}

    def broken() -> None:
        before.update(place.files())
        place.service("b-agent", more=FAULT)

    def mended() -> None:
        assert place.files() == before
        place.service("b-agent", "team-new")

    answer = watched(broken, mended)
    assert answer.code == 0
    assert answer.err.count("specs/services/b-agent.yaml:6:34: error[") == 1
    assert answer.err.count("nothing was written to output\n") == 1
    assert len(_counts(answer)) == 2
    assert answer.err.count("\n6 warnings\n") == 2  # at first, and after the errors were fixed
    assert place.files() == place.afresh()


def test_a_file_that_is_saved_in_several_steps_is_read_after_the_last(
    place: Place, watched: Callable[..., CallResult], compiled: list[str]
) -> None:
    spec = place.root / "specs/services/b-agent.yaml"

    def emptied() -> object:
        spec.write_text("")
        return begun

    def begun() -> object:
        spec.write_text("service:")
        return lambda: place.service("b-agent", "team-new")

    answer = watched(emptied)
    assert "error[" not in answer.err
    assert compiled == ["a-agent", "b-agent", "c-agent", "b-agent"]
    assert place.files() == place.afresh()


def test_warnings_are_shown_when_they_change(place: Place, watched: Callable[..., CallResult]) -> None:
    answer = watched(
        lambda: place.service("b-agent", "team-new"), lambda: place.spec("stray.yaml", "a: 1\n"), options=()
    )
    assert answer.err.count(": warning[practice/no-alerts]") == 2 * 3
    assert answer.err.count(": warning[source/not-read]") == 1


def test_specs_that_go_away_and_come_back_are_seen(place: Place, watched: Callable[..., CallResult]) -> None:
    """As when a branch is checked out."""
    specs, aside = place.root / "specs", place.root / "aside"
    answer = watched(lambda: specs.rename(aside), lambda: aside.rename(specs))
    assert answer.code == 0
    assert answer.err.count("error[source/no-specs]: there is no such directory") == 1
    assert _counts(answer)[1] == "output: up to date"


def test_services_that_are_added_and_removed_are_seen(
    place: Place, watched: Callable[..., CallResult]
) -> None:
    watched(
        lambda: place.service("d-agent"),
        (place.root / "specs/services/a-agent.yaml").unlink,
        lambda: place.spec("site.yaml", "grafana_url: https://grafana.example.com\n"),
    )
    assert place.files() == place.afresh()
    assert {name for name in place.files() if "rules/" in name and "/agent-" not in name} == {
        f"prometheus/rules/{name}-agent.rules.yml" for name in "bcd"
    }


def test_an_output_that_cannot_be_written_ends_nothing(
    place: Place, watched: Callable[..., CallResult]
) -> None:
    blocked = place.root / "output/prometheus/rules/d-agent.rules.yml"

    def in_the_way() -> None:
        blocked.write_text("mine")
        place.service("d-agent")

    def away() -> None:
        blocked.unlink()
        place.service("d-agent", "team-new")

    answer = watched(in_the_way, away)
    assert answer.code == 0
    assert "has files in the way of the output" in answer.err
    assert place.files() == place.afresh()


def test_without_a_cache_it_remembers_as_long_as_it_runs(
    place: Place, watched: Callable[..., CallResult], compiled: list[str]
) -> None:
    watched(lambda: place.service("b-agent", "team-new"), options=("--no-cache",))
    assert compiled == ["a-agent", "b-agent", "c-agent", "b-agent"]
    kept = [one for one in (place.root / "cache").rglob("*") if one.is_file()]
    assert [one.suffix for one in kept] == [".specs"]


def test_comparing_and_watching_are_two_things(place: Place) -> None:
    answer = place.generate("--watch", "--check")
    assert answer.code == 2
    assert "not allowed with argument" in answer.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly(tmp_path: Path, number: int) -> None:
    """A separate process, with the shipped specs: a spec is saved, and then the process gets a signal."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    command = [sys.executable, "-m", "generator", "generate", "--watch"]
    changes = environment(XDG_CACHE_HOME=str(tmp_path / "cache"), PYTHONUNBUFFERED="")
    watcher = subprocess.Popen(
        command, cwd=tmp_path, env=changes, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    try:
        assert watcher.stdout.readline().endswith("created\n")
        assert "look first" in watcher.stdout.readline()
        spec = tmp_path / "specs/services/support-agent.yaml"
        spec.write_text(spec.read_text().replace("max: 2s", "max: 3s"))
        assert "changed" in watcher.stdout.readline()
    finally:
        os.kill(watcher.pid, number)
        out, err = watcher.communicate(timeout=30)
    assert watcher.returncode == (0 if number == signal.SIGINT else -number)
    assert (out, err) == ("", "watching specs; Ctrl-C ends it\n")
