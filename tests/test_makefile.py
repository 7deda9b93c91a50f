"""The programs that the targets of make install, and the files that the linters read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make") or "make"
PROGRAMS = {
    "apt-get": 'echo "ran apt-get $*"',
    "id": "echo $USER_ID",
}

_SERVERS = "prometheus prometheus-alertmanager prometheus-pushgateway"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with all existing programs, without the servers."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def made(programs: Path, *arguments: str, user: int = 0, ci: str = "") -> str:
    """Call make, and return its output."""
    environment = {"PATH": f"{programs}", "USER_ID": f"{user}", "CI": ci}
    ended = subprocess.run(
        [MAKE, "-s", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return ended.stdout


def test_what_is_installed_is_said_before(programs: Path) -> None:
    said = made(programs, "servers").splitlines()
    assert said[0] == (
        f"tests on real servers need {_SERVERS}, so this runs: apt-get install {_SERVERS} (INSTALL=no leaves them out)"
    )
    assert said[1] == "ran apt-get update -qq"


@pytest.mark.parametrize(("arguments", "user"), [(("INSTALL=no",), 0), ((), 65534)])
def test_nothing_is_installed_where_that_is_not_wanted_or_not_possible(
    programs: Path, arguments: tuple[str, ...], user: int
) -> None:
    said = made(programs, "servers", *arguments, user=user)
    assert said == (f"tests on real servers need {_SERVERS}, and are skipped: apt-get install {_SERVERS}\n")


@pytest.mark.parametrize(("ci", "installed"), [("true", True), ("", False)])
def test_a_browser_is_installed_in_ci_alone(programs: Path, ci: str, *, installed: bool) -> None:
    assert ("ran apt-get" in made(programs, "browser", ci=ci)) is installed


@pytest.mark.parametrize("target", ["demo", "generate", "check", "lint"])
def test_what_is_no_test_installs_no_server(programs: Path, target: str) -> None:
    assert "apt-get install" not in made(programs, "--dry-run", target).replace(
        "apt-get install python3-venv", ""
    )


@pytest.mark.parametrize(
    ("target", "waits"),
    [("generate", False), ("check", False), ("apply", False), ("demo", False), ("lint", True)],
)
def test_users_of_the_compiler_wait_for_no_package_of_its_development(
    programs: Path, target: str, *, waits: bool
) -> None:
    commands = made(programs, "--dry-run", "--always-make", target)
    assert "setting up .venv" in commands
    assert ("for development" in commands) is waits


def test_linters_look_at_nothing_that_somebody_generated_beside_the_code(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for place in ("generator/a.py", "tests/b.py", "my-output/instrumentation/my_agent_metrics.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    command = [f"{Path(sys.executable).parent}/ruff", "check", "--show-files", "."]
    seen = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert {Path(line).name for line in seen.splitlines()} == {"pyproject.toml", "a.py", "b.py"}
