"""A directory of specs, and the command that compiles it as its user does."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator import compiler
from generator.compiler import compile_service
from tests.commands.calls import ROOT, CallResult, CommandCalls

if TYPE_CHECKING:
    from pathlib import Path

    from generator.compiler import CompiledService
    from generator.foundation import Foundation
    from generator.spec.types import ServiceSpec

#: A small profile, for repeated compilations.
PROFILE = """\
profile: small
labels:
  status: {values: [ok, error]}
  release: {}
metrics:
  runs_total: {type: counter, help: Finished runs., labels: [status, release]}
signals:
  run_count:
    title: Runs
    description: Finished runs.
    layer: run
    count: {of: runs_total}
    better: neither
  success_rate:
    title: Success rate
    description: Share of runs that succeed.
    layer: run
    share: {of: runs_total, where: {status: ok}}
    better: higher
alerts:
  DemoSuccessLow: {threshold: {signal: success_rate}, warning: 90%, summary: Success is low.}
"""


class Place(Struct, frozen=True):
    """A directory with ``specs`` and ``output`` in it, which is the current one."""

    root: Path
    call: CommandCalls

    def generate(self, *options: str) -> CallResult:
        """Compile ``specs`` into ``output``."""
        return self.call("generate", *options)

    def spec(self, path: str, text: str) -> None:
        """Write a file of the specs."""
        place = self.root / "specs" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def service(self, name: str, owner: str = "team-demo", more: str = "") -> None:
        """Write the spec of a service."""
        text = f"service: {name}\nprofile: small\nowner: {owner}\nselector: {{job: {name}}}\n"
        self.spec(f"services/{name}.yaml", f"{text}labels: {{release: {{max_live: 2}}}}\n{more}")

    def files(self, output: str = "output") -> dict[str, bytes]:
        """Read an output."""
        root = self.root / output
        return {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
        }

    def afresh(self) -> dict[str, bytes]:
        """Compile everything into another directory, and read that."""
        shutil.rmtree(self.root / "afresh", ignore_errors=True)
        assert self.call("generate", "specs", "-o", "afresh", "--no-cache").code == 0
        return self.files("afresh")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """Three services of a small profile, not compiled yet, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    made = Place(tmp_path, CommandCalls(capsys))
    made.spec("profiles/small.yaml", PROFILE)
    shutil.copy(ROOT / "specs/prices.yaml", tmp_path / "specs")
    for name in ("a-agent", "b-agent", "c-agent"):
        made.service(name)
    return made


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the services that are compiled from now on."""
    names: list[str] = []

    def noted(spec: ServiceSpec, base: Foundation) -> CompiledService:
        names.append(spec.service.value)
        return compile_service(spec, base)

    monkeypatch.setattr(compiler, "compile_service", noted)
    return names
