"""The start of a Prometheus with the rules of a fleet: its usage, beside a server without rules."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from generator.live.server import ServerConfig, prometheus_server
from tests.bench.context import Found
from tests.bench.line import Figure, FigureUnit, RatioLine
from tests.bench.process import CACHE, PRODUCT, Used, middle, used
from tests.bench.specs import directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.context import Effort

_PART = "Rules loaded by Prometheus (CPU, memory)"
_FOLDER = CACHE / "load"
_TIMEOUT_S = 120


def measure(effort: Effort) -> Found:
    """Start servers with the rules of the largest fleet, and without rules, in turn."""
    count = max(effort.services)
    specs, output = directory(_FOLDER / "specs", count), _FOLDER / "output"
    used((*PRODUCT, "generate", str(specs), "-o", str(output)))
    files = tuple(sorted((output / "prometheus").glob("*/*.rules.yml")))
    files += tuple(sorted((output / "prometheus").glob("*/*.alerts.yml")))
    size = sum(file.stat().st_size for file in files)
    pairs = [(_started(files), _started(())) for _ in range(min(effort.times, 3))]
    loaded, empty = (middle(runs) for runs in zip(*pairs, strict=True))
    # A thousand services are some hundred megabytes.
    shutil.rmtree(_FOLDER)
    return Found([*_lines(loaded, empty, f"{count:,} services, {size / 1e6:.1f} MB")])


def _started(files: tuple[Path, ...]) -> Used:
    """Start a server, and measure it when it is ready, which is after it has read its rules."""
    with prometheus_server(ServerConfig(files), timeout=_TIMEOUT_S) as server:
        place = Path(f"/proc/{server.process.pid}")
        ticks = place.joinpath("stat").read_text("ascii").rpartition(")")[2].split()
        cpu = sum(map(int, ticks[11:13])) / os.sysconf("SC_CLK_TCK")
        peak = next(
            line for line in place.joinpath("status").read_text("ascii").splitlines() if "VmHWM" in line
        )
        return Used(cpu, int(peak.split()[1]) / 1024, 0)


def _lines(loaded: Used, empty: Used, named: str) -> Iterator[RatioLine]:
    for what, ours, against, unit in (
        ("CPU", loaded.cpu, empty.cpu, FigureUnit.SECONDS),
        ("peak of memory", loaded.peak, empty.peak, FigureUnit.MIB),
    ):
        floor = Figure(against, unit, "no rules")
        yield RatioLine(
            _PART, f"start with all rules, {what}", Figure(ours, unit, named), floor, headline=True
        )
