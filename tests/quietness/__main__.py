"""``python -m tests.quietness``: how often alerts would notify in simulated weeks, and whether that is seldom enough.

Events are drawn by chance, minute by minute, and go through a model of the alerts with the numbers of specs/; a test
holds the model against the generated rules on a real Prometheus. Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.bench.fleet import project
from tests.quietness.scenarios import Outcome, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEAD = ("what happens", "alert", "notifications", "first after", "fires", "goal", "reached")


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, and print a table."""
    arguments = _arguments(argv)
    found = []
    for one in outcomes(project().library, arguments.weeks, arguments.seed):
        sys.stderr.write(".")
        sys.stderr.flush()
        found.append(one)
    sys.stderr.write("\n")
    sys.stdout.write(f"{arguments.weeks} simulated weeks each, seed {arguments.seed}.\n\n{_table(found)}")
    return 0 if all(one.reached for one in found) else 1


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quietness", description=__doc__)
    parser.add_argument("--weeks", type=int, default=20, help="how many to simulate; default: 20")
    parser.add_argument("--seed", type=int, default=1, help="the beginning of chance; default: 1")
    return parser.parse_args(argv)


def _table(found: Iterable[Outcome]) -> str:
    rows = [_HEAD, *(_row(one) for one in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * width for width in widths)
    return "".join(f"| {line} |\n" for line in (lines[0], rule, *lines[1:]))


def _row(one: Outcome) -> tuple[str, ...]:
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
