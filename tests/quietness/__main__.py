"""``python -m tests.quietness``: the number of notifications in simulated weeks, compared with goals.

Random events, minute by minute, go through a model of the alerts with the numbers of specs/; a test compares the model
with the generated rules on a real Prometheus. Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.models import SPECS, model_of
from tests.quietness.scenarios import AlertResult, DetectionTimes, detections, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEAD = ("what happens", "alert", "notifications", "first after", "fires", "goal", "reached")
_TOLD = ("of 20 runs a minute fail", "ticket", "page", "page by the burn rate alone")


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, and print a table."""
    arguments = _arguments(argv)
    library, found = model_of(SPECS).library, []
    for one in outcomes(library, arguments.weeks, arguments.seed):
        sys.stderr.write(".")
        sys.stderr.flush()
        found.append(one)
    sys.stderr.write("\n")
    quiet = _table(_HEAD, map(_row, found))
    sys.stdout.write(f"{arguments.weeks} simulated weeks each, seed {arguments.seed}.\n\n{quiet}\n")
    seeds = range(arguments.seed, arguments.seed + arguments.weeks)
    told = _table(_TOLD, map(_times, detections(library, seeds)))
    sys.stdout.write(f"Time to the first notification, median of {len(seeds)}; 97% promised.\n\n{told}")
    return 0 if all(one.reached for one in found) else 1


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quietness", description=__doc__)
    parser.add_argument("--weeks", type=int, default=20, help="how many to simulate; default: 20")
    parser.add_argument("--seed", type=int, default=1, help="the beginning of chance; default: 1")
    return parser.parse_args(argv)


def _table(head: Sequence[str], found: Iterable[Sequence[str]]) -> str:
    rows = [head, *found]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * width for width in widths)
    return "".join(f"| {line} |\n" for line in (lines[0], rule, *lines[1:]))


def _times(one: DetectionTimes) -> tuple[str, ...]:
    times = (one.ticket, one.page, one.burn)
    return one.failing, *("none" if each is None else f"{each:g} min" for each in times)


def _row(one: AlertResult) -> tuple[str, ...]:
    first = "never" if one.first is None else f"{one.first} min"
    reached = "" if one.goal is None else "yes" if one.reached else "**no**"
    goal = one.goal.text() if one.goal else ""
    return (
        one.happens,
        one.alert,
        f"{one.times}, {one.a_day:.2f} a day",
        first,
        f"{one.on:.0%}",
        goal,
        reached,
    )


if __name__ == "__main__":
    sys.exit(main())
