"""Commands for servers without their extra packages: one line, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.models import SPECS

_WITHOUT = """
import sys
from generator.cli import main

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Absent())
sys.exit(main(sys.argv[1:]))
"""
_LIVE = {"cramjam", "google", "prometheus_client", "urllib3"}
_SERVER = ("--prometheus", "http://127.0.0.1:1")


def _run(names: set[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT.format(names=names), *arguments],
        cwd=SPECS.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", *_SERVER),
        ("audit", "--exposition", "x", "--service", "support-agent"),
        ("audit", *_SERVER),
        ("replay", "--last", "1h", *_SERVER),
        ("simulate", "--service", "support-agent", "--last", "1h", *_SERVER),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_missing_extra_is_named_in_one_line(arguments: tuple[str, ...]) -> None:
    ended = _run(_LIVE, *arguments)
    assert ended.returncode == 2
    said = " ".join(ended.stderr.split())
    assert said.startswith("error: the package ")
    assert "pip install 'agent-metrics[live]'" in said
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["apply", "audit", "replay", "simulate", "demo"])
def test_help_answers_also_where_the_extra_is_missing(command: str) -> None:
    ended = _run(_LIVE, command, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: agent-metrics {command} ")


def test_another_missing_package_is_no_matter_of_extras() -> None:
    ended = _run({"yaml"}, "check")
    assert "agent-metrics[live]" not in ended.stderr
    assert "No module named 'yaml'" in ended.stderr
