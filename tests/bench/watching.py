"""Edits of a spec under ``generate --watch``: the cost of each in the watching process, with all modules imported."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.bench.process import PRODUCT, ROOT, Used, middle
from tests.bench.specs import change

if TYPE_CHECKING:
    from collections.abc import Iterator

_NANOSECONDS = 1e9


def edits(specs: Path, output: Path, times: int) -> Used:
    """Change an objective ``times`` over, and wait each time until the output is written; the medians."""
    command = [*PRODUCT, "generate", str(specs), "-o", str(output), "--watch"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            _wait(process.stdout)
            return middle([*_edits(process.pid, process.stdout, specs, times)])
        finally:
            process.terminate()


def _edits(pid: int, answers: IO[bytes], specs: Path, times: int) -> Iterator[Used]:
    # The first edit under a watch imports modules that the compilation before did not need.
    for number in range(times + 1):
        before, started = _cpu(pid), time.monotonic()
        change(specs, 94 + number / 1000)
        _wait(answers)
        if number:
            yield Used(_cpu(pid) - before, 0, time.monotonic() - started)


def _wait(answers: IO[bytes]) -> None:
    """Wait for the line that counts files.

    Raises:
        RuntimeError: the process ended.
    """
    if not answers.readline():
        message = "generate --watch ended"
        raise RuntimeError(message)


def _cpu(pid: int) -> float:
    """Read the processor time of a process in seconds, as exactly as the system knows it."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text("ascii").split()[0]) for one in threads) / _NANOSECONDS
