"""The usage of a process: CPU time, which other work on the machine hardly changes, and its peak of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import astuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
#: The directory for all files of a benchmark.
CACHE = ROOT / ".cache" / "bench"
_LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))
_MIB = 1024

#: The floor of every command: an empty Python program.
PASS = (sys.executable, "-c", "pass")
PRODUCT = (sys.executable, "-m", "generator")
_REFUSED = "import sys; from generator.cli import main; sys.exit(main(['check', sys.argv[1]]) != 1)"
#: ``check`` of specs with errors: it fails where they are accepted.
REFUSING = (sys.executable, "-c", _REFUSED)


class Used(Struct, frozen=True):
    """The usage of a process and its children.

    Attributes:
        cpu: Seconds, user and system, of all of them.
        peak: Peak of resident memory, in MiB, of the largest one.
        elapsed: Seconds from start to end.
    """

    cpu: float
    peak: float
    elapsed: float


def used(command: Sequence[str]) -> Used:
    """Run a command in the project's folder.

    Raises:
        subprocess.CalledProcessError: it failed; its message is on standard error.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([*_LAUNCH, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return Used(found["cpu"], found["peak_kib"] / _MIB, found["elapsed"])


def interleaved(runs: Mapping[str, Callable[[], Used]], times: int) -> dict[str, Used]:
    """Run each in turn, ``times`` over, so that a noisy minute affects all of them; medians by name."""
    found: dict[str, list[Used]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            found[name].append(run())
    return {name: middle(every) for name, every in found.items()}


def middle(every: Sequence[Used]) -> Used:
    """Compute the medians."""
    return Used(*(median(values) for values in zip(*map(astuple, every), strict=True)))
