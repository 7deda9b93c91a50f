"""``python -m generator`` is the command ``agent-metrics``."""

from __future__ import annotations

import gc
import sys

from generator.unchanged import answered

TYPE_CHECKING = False  # the import of typing takes longer than the answer where nothing has changed
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Most calls of ``generate`` find nothing changed, and need no command."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if answered(arguments):
        return 0
    from generator.cli import main as command  # noqa: PLC0415 - to import it takes as long as a starting Python

    return command(arguments)


def run() -> int:
    """Run a command as a process of its own.

    Imports and compilations leave no garbage worth finding, and neither does the end of a process. Commands that run
    for long find theirs (see ``cli``).
    """
    gc.disable()
    try:
        return main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(run())
