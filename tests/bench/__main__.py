"""``python -m tests.bench``: measure, and print ratios beside floors, peers and goals.

Results go to .cache/bench/results.json and results.md, the short table for the README to readme.md. All compared
figures are measured in this run.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

from generator.live.errors import LiveError
from generator.live.server import find_prometheus
from tests.bench.context import FULL, QUICK, Effort, Found
from tests.bench.process import CACHE
from tests.bench.table import document, markdown, short

if TYPE_CHECKING:
    from collections.abc import Sequence

#: By the word that chooses it: the module, and whether it needs a Prometheus.
_BENCHMARKS = {
    "compile": ("compiling", False),
    "culprit": ("culprits", True),
    "hostile": ("hostile", False),
    "instrument": ("instrument", False),
    "load": ("loading", True),
    "many": ("thousand", False),
    "rules": ("rules", False),
    "serve": ("serving", True),
    "share": ("sharing", True),
    "wrong-alerts": ("wrong_alerts", True),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit code does not depend on goals."""
    arguments = _arguments(argv)
    found = [_run(name, QUICK if arguments.quick else FULL) for name in arguments.only or _BENCHMARKS]
    lines = [line for one in found for line in one.lines]
    notes = [note for one in found for note in one.notes]
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "results.json").write_text(document(lines, notes), encoding="utf-8")
    (CACHE / "results.md").write_text(markdown(lines, notes), encoding="utf-8")
    (CACHE / "readme.md").write_text(short(lines), encoding="utf-8")
    sys.stdout.write(markdown(lines, notes))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, few repetitions")
    parser.add_argument(
        "--only", action="append", choices=_BENCHMARKS, help="one benchmark; may be repeated; default: all"
    )
    return parser.parse_args(argv)


def _run(name: str, effort: Effort) -> Found:
    """Run one benchmark; a missing program becomes a note in the table."""
    module, needs_prometheus = _BENCHMARKS[name]
    if needs_prometheus and (lack := _lack()):
        return Found((), (f"{name}: left out, {lack}",))
    sys.stderr.write(f"{name} ...\n")
    started = time.monotonic()
    found: Found = import_module(f"tests.bench.{module}").measure(effort)
    sys.stderr.write(f"{name}: {time.monotonic() - started:.0f} s\n")
    return found


def _lack() -> str:
    try:
        find_prometheus()
    except LiveError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
