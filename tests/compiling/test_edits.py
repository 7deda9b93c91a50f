"""After an edit of any kind of source, a memory of the time before changes neither the output nor the findings."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from generator import foundation
from generator.spec.load import Loaded, load_shared
from tests.commands.calls import ROOT, CallResult, CommandCalls

if TYPE_CHECKING:
    from pathlib import Path

    from generator.spec.sources import Sources
    from generator.spec.types import SharedSpecs

_SERVICE = "services/research-agent.yaml"
#: For each kind of source an edit: the file, a text in it, and the new text; without a text in it, the end of the file.
_EDITS = {
    "a service's number": ("services/support-agent.yaml", "min: 97%", "min: 96.5%"),
    "a service's labels": (_SERVICE, "tool: [", "tool: [buy_papers, "),
    "a service's own signal": ("services/support-agent.yaml", "title: Handovers", "title: Handed over"),
    "a service's deviation": (_SERVICE, "", "alerts: {AgentNoRuns: {for: 37m}}\n"),
    "a service without an alert": (_SERVICE, "", "alerts: {AgentNoRuns: {disabled: Nobody calls it.}}\n"),
    "a service's promise": (_SERVICE, "", "objectives: {success_rate: {min: 99%, window: 7d}}\n"),
    "a service's environments": (
        _SERVICE,
        "",
        "environments:\n  prod: {selector: {env: prod}}\n  dev: {selector: {env: dev}}\n",
    ),
    "a service's profile": (_SERVICE, "profile: agent", "profile: agento11y"),
    "the site's address": ("site.yaml", "http://localhost:3000", "https://grafana.example.com"),
    "the site's interval": ("site.yaml", "rule_interval: 60s", "rule_interval: 30s"),
    "a label of all alerts": ("site.yaml", "", "alert_labels: {tier: gold}\n"),
    "a target of the site": ("site.yaml", "", "deliver: {kubernetes: {namespace: monitoring}}\n"),
    "a comment": ("site.yaml", "", "# a comment\n"),
    "the profile": ("profiles/agent.yaml", "max_live: 3", "max_live: 5"),
    "the library's bound": ("signals.yaml", "critical: objective - 10pp", "critical: objective - 11pp"),
    "the library's signal": ("signals.yaml", "title: Success rate", "title: Rate of success"),
    "the prices": ("prices.yaml", "prompt: 2, completion: 10", "prompt: 3, completion: 11"),
    "the incidents": ("incidents.yaml", "", "incidents: [{service: nobody}]\n"),
    "an error": (_SERVICE, "profile: agent", "profile: agnt"),
}
_BOTH = ("generate", "check")


class _Specs:
    """A copy of the project's specs, compiled and checked by commands with a cache."""

    def __init__(self, root: Path, call: CommandCalls) -> None:
        self.place, self._root, self._call = root / "specs", root, call
        if not self.place.exists():
            shutil.copytree(ROOT / "specs", self.place, ignore=shutil.ignore_patterns("examples"))

    def answers(self) -> list[CallResult]:
        """Compile and check."""
        specs, output = str(self.place), str(self._root / "output")
        return [self._call("generate", specs, "-o", output), self._call("check", specs)]

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text once, or add one at the end."""
        path = self.place / name
        text = path.read_text("utf-8") if path.exists() else ""
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")

    def files(self) -> dict[str, bytes]:
        """Read the output."""
        output = self._root / "output"
        return {str(one.relative_to(output)): one.read_bytes() for one in output.rglob("*") if one.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which one test after another begins anew: a memory knows files by their paths."""
    return tmp_path_factory.mktemp("edits") / "place"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that directory as it is once the specs are compiled and checked; empty before."""
    return tmp_path_factory.mktemp("known") / "place"


@pytest.mark.parametrize("edit", _EDITS)
def test_an_edit_has_the_effect_that_it_has_without_a_memory(
    edit: str, place: Path, known: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    if not known.exists():
        _Specs(place, CommandCalls(capsys)).answers()
        shutil.copytree(place, known)
    shutil.rmtree(place)
    shutil.copytree(known, place)
    specs = _Specs(place, CommandCalls(capsys))
    before = specs.files()
    specs.edit(*_EDITS[edit])
    remembered, files = specs.answers(), specs.files()
    # The same again, from the beginning: the output of the time before, and no memory of it.
    shutil.rmtree(place / "output")
    shutil.copytree(known / "output", place / "output")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "another"))
    assert specs.answers() == remembered
    assert specs.files() == files
    assert (files != before) == (edit not in {"a comment", "the incidents", "an error"})


def test_what_services_share_is_read_once_for_each_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    specs = _Specs(tmp_path, CommandCalls(capsys))
    read: list[str] = []

    def noted(sources: Sources) -> Loaded[SharedSpecs]:
        read.append("read")
        return load_shared(sources)

    monkeypatch.setattr(foundation, "load_shared", noted)
    specs.answers()
    assert len(read) == len(_BOTH)
    for edit in ("a service's number", "a service's labels", "a service's deviation"):
        specs.edit(*_EDITS[edit])
        specs.answers()
    assert len(read) == len(_BOTH)
    specs.edit(*_EDITS["a comment"])
    specs.answers()
    assert len(read) == 2 * len(_BOTH)
