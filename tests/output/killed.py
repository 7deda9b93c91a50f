"""A process that starts others and kills each at another step of its write; see ``test_kill.py``.

It is a separate process because the tests' process may have threads, which do not work with ``fork``.

    python -m tests.output.killed SCENARIO FOLDER            each kill in a directory of its own, named by the step
    python -m tests.output.killed SCENARIO FOLDER STEP ...   from these on: each next run there is killed, too

Written to stdout, as JSON: for the first, the number of kills; for the second, the state after each kill.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.output.scenarios import SCENARIOS
from tests.output.steps import before_step
from tests.output.trees import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.output.scenarios import WriteScenario

_write = os.write


def main() -> None:
    """Kill according to the arguments."""
    scenario, root = SCENARIOS[sys.argv[1]], Path(sys.argv[2])
    os.write = _in_two  # type: ignore[assignment] # a kill comes between the halves, too
    steps = [int(step) for step in sys.argv[3:]]
    answer = [_repairs(scenario, root / f"{step}", step) for step in steps] or _each(scenario, root)
    sys.stdout.write(json.dumps(answer))


def _each(scenario: WriteScenario, root: Path) -> int:
    kills = 0
    for step in count(1):
        target = root / str(step) / "output"
        scenario.prepare(target)
        if _survives(scenario, target, step):
            break
        kills = step
    return kills


def _repairs(scenario: WriteScenario, folder: Path, first: int) -> list[dict[str, str] | None]:
    """One kill at a given step, then kills of each next run, one step later each time, until one survives.

    The number of steps differs by one now and then, so that the last of one run may not exist in another.
    """
    target = folder / "output"
    scenario.prepare(target)
    survived = _survives(scenario, target, first)
    return [snapshot(target), *(() if survived else _states(scenario, target))]


def _states(scenario: WriteScenario, target: Path) -> Iterator[dict[str, str] | None]:
    for step in count(1):
        if _survives(scenario, target, step):
            return
        yield snapshot(target)


def _survives(scenario: WriteScenario, target: Path, step: int) -> bool:
    """Whether a process finishes its write although it would be killed before this step."""
    child = os.fork()
    if child == 0:
        with before_step(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            scenario.run(target)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status != 0:
        sys.exit(f"the write itself failed before step {step}")
    return True


def _in_two(descriptor: int, data: memoryview) -> int:
    is_first = os.lseek(descriptor, 0, os.SEEK_CUR) == 0
    return _write(descriptor, data[: len(data) // 2] if is_first and len(data) > 1 else data)


if __name__ == "__main__":
    main()
