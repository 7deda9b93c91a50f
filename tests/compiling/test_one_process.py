"""Compilations of one process: whatever it compiled before, the files are those of a new process."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.artifact import Artifact
from generator.compiler import generate
from generator.memory import lately
from generator.spec.sources import read_sources
from tests.commands.calls import COMMAND, environment
from tests.output.trees import files

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]
#: Edits of files that services share, and of a service that gets variants of shared alerts.
_EDITS = {
    "nothing": ("site.yaml", ""),
    "a comment": ("site.yaml", "# a comment\n"),
    "a site's key": ("site.yaml", "alert_labels: {tier: gold}\n"),
    "a variant": ("services/research-agent.yaml", "alerts: {AgentNoRuns: {for: 37m}}\n"),
    "another variant": ("services/research-agent.yaml", "alerts: {AgentNoRuns: {for: 38m}}\n"),
    "a variant of two parts": (
        "services/research-agent.yaml",
        "alerts: {AgentNoRuns: {for: 37m, keep_firing_for: 5m}}\n",
    ),
    "an alert switched off": (
        "services/research-agent.yaml",
        'alerts: {AgentNoRuns: {disabled: "Nobody calls it at night."}}\n',
    ),
    "other dashboards": (
        "services/research-agent.yaml",
        "environments: {prod: {selector: {env: prod}}, dev: {selector: {env: dev}}}\n",
    ),
}


@contextmanager
def _edited(specs: Path, edit: str) -> Iterator[None]:
    name, line = _EDITS[edit]
    written = (specs / name).read_text()
    (specs / name).write_text(written + line)
    yield
    (specs / name).write_text(written)


def _here(specs: Path) -> dict[str, str]:
    compilation = generate(read_sources(specs))
    assert not compilation.failed
    return {file.path: file.text for file in compilation.files if isinstance(file, Artifact)}


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's specs, after each edit was compiled and taken back."""
    copy = tmp_path_factory.mktemp("one-process") / "specs"
    shutil.copytree(_ROOT / "specs", copy)
    for edit in _EDITS:
        with _edited(copy, edit):
            _here(copy)
    return copy


@pytest.mark.parametrize("edit", _EDITS)
def test_an_earlier_compilation_changes_no_file(edit: str, specs: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with _edited(specs, edit):
        here = _here(specs)
        command = (*COMMAND, "generate", str(specs), "-o", str(output), "--no-cache")
        subprocess.run(command, cwd=_ROOT, env=environment(), check=True, capture_output=True)
    assert here == files(output)


def test_what_was_made_lately_is_made_again_only_from_other_inputs() -> None:
    made: list[object] = []

    def make(inputs: object) -> object:
        def anew() -> object:
            made.append(inputs)
            return inputs

        return lately("a test", anew, inputs)

    # The order of keys may be that of the result, and no key is made of numbers of more than 64 bits.
    first, turned, large = {"a": 1, "b": 2}, {"b": 2, "a": 1}, 2**64
    for inputs in (first, dict(first), turned, large, large, *range(20), 19, first):
        assert make(inputs) == inputs
    assert made == [first, turned, large, large, *range(20), first]
