"""A write by a process that is subject to permissions, even when root starts it.

    python -m tests.output.unprivileged FOLDER FILES       FILES: JSON, text by path

Written to stdout, as JSON: the message and the help of the error, or nulls.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from generator.output.outcome import OutputError
from generator.output.write import write
from tests.output.trees import artifacts
from tests.unprivileged import give_up_capabilities


def main() -> None:
    """Write according to the arguments."""
    target, files = Path(sys.argv[1]), json.loads(sys.argv[2])
    give_up_capabilities()
    answer: tuple[str | None, str | None] = (None, None)
    try:
        write(artifacts(files), target)
    except OutputError as problem:
        answer = (problem.message, problem.help)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
