"""A directory of specs, and the command that compiles it as its user does."""

from __future__ import annotations

import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator import compiler
from generator.__main__ import main
from generator.compiler import compile_service
from tests.commands.calls import ROOT, CallResult, CommandCalls
from tests.models import written

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
        write_spec(self.root, path, text)

    def service(self, name: str, owner: str = "team-demo", more: str = "") -> None:
        """Write the spec of a service."""
        write_service(self.root, name, owner, more)

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
    _enter(tmp_path, monkeypatch)
    _write_services(tmp_path)
    return Place(tmp_path, CommandCalls(capsys))


@pytest.fixture(scope="module")
def _once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A directory for the same services, and a copy of all that is there after they were compiled in it."""
    root, copy = tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("copies") / "place"
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        _enter(root, patched)
        _write_services(root)
        assert main(["generate"]) == 0
    shutil.copytree(root, copy, symlinks=True)
    return root, copy


@pytest.fixture
def generated_place(
    _once: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    """The same three services, compiled, with their cache: a compilation takes longer than what is done with it."""
    root, copy = _once
    for path in root.iterdir():
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    shutil.copytree(copy, root, symlinks=True, dirs_exist_ok=True)
    _enter(root, monkeypatch)
    return Place(root, CommandCalls(capsys))


def _enter(root: Path, patched: pytest.MonkeyPatch) -> None:
    patched.setenv("XDG_CACHE_HOME", str(root / "cache"))
    patched.chdir(root)


def _write_services(root: Path) -> None:
    write_spec(root, "profiles/small.yaml", PROFILE)
    shutil.copy(ROOT / "specs/prices.yaml", root / "specs")
    for name in ("a-agent", "b-agent", "c-agent"):
        write_service(root, name)


def write_spec(root: Path, path: str, text: str) -> None:
    """Write a file of the specs."""
    written(root / "specs", {path: text})


def write_service(root: Path, name: str, owner: str = "team-demo", more: str = "") -> None:
    """Write the spec of a service."""
    text = f"service: {name}\nprofile: small\nowner: {owner}\nselector: {{job: {name}}}\n"
    write_spec(root, f"services/{name}.yaml", f"{text}labels: {{release: {{max_live: 2}}}}\n{more}")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the services that are compiled from now on."""
    names: list[str] = []

    def noted(spec: ServiceSpec, base: Foundation) -> CompiledService:
        names.append(spec.service.value)
        return compile_service(spec, base)

    monkeypatch.setattr(compiler, "compile_service", noted)
    return names
