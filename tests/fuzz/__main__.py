"""Fuzz ``generate``, then the commands that talk to servers: ``python -m tests.fuzz [--seconds N] [--seed N]``.

For any specs, the exit status is 0 or 1, there is no traceback and an answer in time, the output is unchanged unless
the status is 0, and Prometheus loads accepted rules. For any answer of a server, a command succeeds or ends with a
LiveError. Inputs and answers that break this are kept, with the output.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from generator.live.server import prometheus_server
from tests.fuzz.hunt import Hunt, hunt
from tests.fuzz.loading import refused
from tests.fuzz.servers import ServerHunt
from tests.output.trees import in_memory

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer
    from tests.fuzz.corpus import Files

KEPT = Path(".cache/fuzz")
_BATCH = 40
_EVERY = 10.0


def main() -> int:
    """Hunt, print the progress, and report."""
    arguments = _arguments()
    sys.stdout.write(f"seed {arguments.seed}, {arguments.seconds:g} s\n")
    with in_memory() as folder, prometheus_server() as server:
        found = hunt(folder, KEPT, arguments.seed)
        _run(found, server, time.monotonic() + arguments.seconds / 2)
    sys.stdout.write(f"{_line(found)}\n")
    answers = ServerHunt(KEPT, Random(arguments.seed))  # noqa: S311 - to try things, no secret
    _answer(answers, time.monotonic() + arguments.seconds / 2)
    failures = found.failures + answers.failures
    for kind, count in failures.most_common():
        sys.stdout.write(f"FAILED {count} times: {kind}\n")
    if failures:
        sys.stdout.write(
            f"the inputs, and what was said of each, are in {KEPT}; python -m generator generate\n"
        )
    return 1 if failures else 0


def _answer(found: ServerHunt, end: float) -> None:
    while time.monotonic() < end:
        found.step()
    sys.stdout.write(f"{found.tried.total()} servers answered, {found.failures.total()} failed\n")


def _run(found: Hunt, server: PrometheusServer, end: float) -> None:
    accepted: list[tuple[Files, dict[str, str]]] = []
    told = time.monotonic()
    while time.monotonic() < end:
        step = found.step()
        accepted += [step] if step else []
        if len(accepted) >= _BATCH:
            _load(found, server, accepted)
            accepted = []
        if time.monotonic() > told + _EVERY:
            told = time.monotonic()
            sys.stdout.write(f"{_line(found)}\n")
            sys.stdout.flush()
    _load(found, server, accepted)


def _load(found: Hunt, server: PrometheusServer, accepted: list[tuple[Files, dict[str, str]]]) -> None:
    for index, why in refused(server, [made for _, made in accepted], found.folder):
        found.failed(f"Prometheus refuses it: {why[-200:]}", why, accepted[index][0])


def _line(found: Hunt) -> str:
    tried, accepted = found.codes.total() + found.failures.total(), found.codes[0]
    return f"{tried} tried, {accepted} accepted, {found.failures.total()} failed"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
