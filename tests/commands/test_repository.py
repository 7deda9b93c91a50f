"""A repository of specs checks itself: the hooks, the action, and the files of ``init --repository``, all run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator import __version__
from generator.cli import COMMANDS
from tests.changes.test_diff import git
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

ACTION = ROOT / ".github/actions/agent-metrics/action.yml"
_ON_GITHUB = re.compile(r"\$\{\{ (.*?) \}\}")


def _steps(workflow: Path) -> list[dict[str, Any]]:
    found = yaml.safe_load(workflow.read_text("utf-8"))
    steps: list[dict[str, Any]] = (
        found["runs"]["steps"] if "runs" in found else found["jobs"]["check"]["steps"]
    )
    return [
        step for step in steps if "agent-metrics " in step.get("run", "") and "install" not in step["run"]
    ]


@pytest.fixture
def repository(call: CommandCalls, tmp_path: Path) -> Path:
    """A repository as ``init`` writes it, generated and committed, with a remote and a changed spec."""
    place = tmp_path / "a repository"
    specs = str(place / "specs")
    assert call("init", specs, "--repository").code == 0
    assert call("generate", specs, "-o", str(place / "output")).code == 0
    git(place, "init", "-q", "-b", "main")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "one")
    git(place, "remote", "add", "origin", str(place))
    git(place, "fetch", "-q", "origin")
    spec = place / "specs/services/my-agent.yaml"
    spec.write_text(spec.read_text().replace("max: 5s", "max: 6s"))
    git(place, "commit", "-qam", "two")
    return place


def _run(step: dict[str, Any], place: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does, with the product of this checkout as the command."""
    bin_ = place.parent / "bin"
    bin_.mkdir(exist_ok=True)
    command = bin_ / "agent-metrics"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m generator "$@"\n'
    )
    command.chmod(0o755)
    environment = {
        name: _ON_GITHUB.sub(lambda one: values[one[1]], text) for name, text in step.get("env", {}).items()
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(place.parent / "summary"),
            **environment,
        },
    )


@pytest.mark.parametrize("written", [False, True])
def test_a_pull_request_is_checked_and_summed_up(repository: Path, written: bool) -> None:  # noqa: FBT001
    steps = _steps(repository / ".github/workflows/agent-metrics.yml" if written else ACTION)
    values = {
        "inputs.specs": "specs",
        "inputs.output": "output",
        "github.base_ref": "main",
        "inputs.base || github.base_ref && format('origin/{0}', github.base_ref)": "origin/main",
    }
    checked, told, compared = (_run(step, repository, values) for step in steps)
    assert (checked.returncode, told.returncode) == (0, 0), checked.stderr + told.stderr
    summary = (repository.parent / "summary").read_text()
    assert summary.startswith("### Agent metrics since `origin/main`\n")
    assert "| Objectives | latency_p95 | 5s | 6s | my-agent |" in summary
    # The files generated before the change are out of date.
    assert compared.returncode == 1
    spec = repository / "specs/services/my-agent.yaml"
    spec.write_text(spec.read_text().replace("profile: agent ", "profile: agnet "))
    again = _run(steps[0], repository, values)
    assert again.returncode == 1
    assert "\n::error file=specs/services/my-agent.yaml,line=3," in f"\n{again.stdout}"


def test_the_hooks_are_commands_that_there_are(repository: Path) -> None:
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (local,) = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in (*ours, *local["hooks"]):
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "agent-metrics"
        assert command in COMMANDS
        assert re.match(hook["files"], "specs/services/my-agent.yaml")
        assert hook["pass_filenames"] is False
    check, generate = (_run({"run": hook["entry"]}, repository, {}) for hook in local["hooks"])
    assert (check.returncode, generate.returncode) == (0, 1)


def test_what_is_generated_is_marked_so(repository: Path) -> None:
    found = subprocess.run(
        ["git", "check-attr", "linguist-generated", "output/catalog.json", "specs/site.yaml"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == (
        "output/catalog.json: linguist-generated: true\nspecs/site.yaml: linguist-generated: unspecified\n"
    )


def test_names_with_blanks_are_quoted(call: CommandCalls, tmp_path: Path) -> None:
    assert call("init", str(tmp_path / "my specs"), "--repository").code == 0
    (local,) = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())["repos"]
    assert shlex.split(local["hooks"][1]["entry"])[2:5] == ["my specs", "-o", "my output"]
    assert "agent-metrics check 'my specs'" in (tmp_path / ".github/workflows/agent-metrics.yml").read_text()


def test_the_workflow_installs_the_wheel_that_a_checkout_builds(repository: Path) -> None:
    text = (repository / ".github/workflows/agent-metrics.yml").read_text()
    assert "pip wheel --no-deps --wheel-dir wheels ." in text
    wheel = yaml.safe_load(text)["env"]["AGENT_METRICS"]
    assert wheel == f"wheels/agent_metrics-{__version__}-py3-none-any.whl"


def test_a_file_that_is_there_is_kept(call: CommandCalls, tmp_path: Path) -> None:
    (tmp_path / ".gitattributes").write_text("mine\n")
    answer = call("init", str(tmp_path / "specs"), "--repository")
    assert answer.code == 0
    assert (tmp_path / ".gitattributes").read_text() == "mine\n"
    assert "wrote .gitattributes" not in answer.out
    kept = (
        f"kept {tmp_path / '.gitattributes'}: add to it what this writes: agent-metrics init elsewhere/specs"
    )
    assert f"{kept} --repository\n" in answer.out


def test_a_repository_with_services_gets_no_other_service(call: CommandCalls, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    assert call("init", str(specs), "--service", "mine").code == 0
    (specs / "prices.yaml").unlink()
    before = set(specs.rglob("*"))
    answer = call("init", str(specs), "--repository")
    assert answer.code == 0
    assert set(specs.rglob("*")) == before
    names = (".gitattributes", ".pre-commit-config.yaml", ".github/workflows/agent-metrics.yml")
    assert answer.out == "".join(f"wrote {tmp_path / name}\n" for name in names)
    again = call("init", str(specs), "--repository")
    assert (again.code, again.out) == (0, answer.out.replace("wrote", "kept"))


def test_specs_without_a_name_have_nothing_beside_them(
    call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call("init", ".", "--repository")
    assert answer.code == 2
    assert "name their directory" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_messages_name_the_command_and_not_its_module() -> None:
    modules = [path for path in (ROOT / "generator").rglob("*.py") if path.name != "__main__.py"]
    assert [path.name for path in modules if "python -m generator" in path.read_text("utf-8")] == []
