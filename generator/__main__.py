"""``python -m generator`` is the command ``agent-metrics``.

An interrupt during an import is one of the command: so imports are inside ``run``, but for what takes no time.
"""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False  # the import of typing takes longer than the answer where nothing has changed
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The shell's exit code for a process that SIGINT ended; the module that has its name is not imported yet.
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Most calls of ``generate`` find nothing changed, and need no command."""
    from generator.unchanged import answered  # noqa: PLC0415 - an interrupt is caught already

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
    except KeyboardInterrupt:
        # It came before the command had begun, or after it had ended.
        sys.stderr.write("interrupted\n")
        return _INTERRUPTED
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(run())
