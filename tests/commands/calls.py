"""The product as its user starts it: in this process where that is enough, otherwise in a separate one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "generator")


class CallResult(NamedTuple):
    """The exit code and the output of a call."""

    code: int
    out: str
    err: str


class CommandCalls:
    """Calls commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> CallResult:
        """Run a command; argparse leaves by SystemExit."""
        self._capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = self._capsys.readouterr()
        return CallResult(code, told.out, told.err)

    def refused(self, *arguments: str) -> str:
        """Run a command whose call is at fault; return the message, beside which it prints nothing."""
        answer = self(*arguments)
        assert (answer.code, answer.out) == (2, "")
        return answer.err


def environment(**changes: str) -> dict[str, str]:
    """The environment of a process that finds the product from any directory."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"NO_COLOR", "TERM", "PYTHONHASHSEED"}
    }
    return kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | changes


def process(
    *arguments: str, directory: Path = ROOT, changes: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a separate process, and wait for it."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=directory,
        env=environment(**(changes or {})),
        capture_output=True,
        check=False,
        timeout=120,
    )
