"""Specs for calling commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.commands import compiling
from tests.commands.calls import ROOT, CommandCalls

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = """service: demo-agent
profile: agent
owner: team-demo
selector: {job: demo-agent}
labels: {model: [gpt-4o], tool: [search]}
"""


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandCalls:
    """Call a command in this process; a busy machine makes no progress worth showing."""
    monkeypatch.setattr(compiling, "_WORTH_SHOWING", 3600.0)
    return CommandCalls(capsys)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with specs of one service, which is the current one."""
    (tmp_path / "specs/services").mkdir(parents=True)
    (tmp_path / "specs/services/demo-agent.yaml").write_text(SERVICE, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def faulty(place: Path) -> Path:
    """The same, with an error: an objective in another unit and in a line of odd characters."""
    path = place / "specs/services/demo-agent.yaml"
    path.write_text(f'{SERVICE}objectives: {{latency_p95: {{max: "5%, ü:"}}}}\n', "utf-8")
    return place


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The specs of this repository, in the current directory."""
    monkeypatch.chdir(ROOT)
    return ROOT
