"""The product in a process that ends at any action that a compilation does not need; see ``test_safety.py``.

    python -m tests.whole.watched ARGUMENT ...     those of the command line

Python reports each such action before it happens, in any module.
"""

from __future__ import annotations

import os
import sys

from generator.cli import main

#: The exit status.
FORBIDDEN = 99

_PROCESSES = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
    "pty.spawn",
)
_NETWORK = ("socket.", "urllib.", "http.client.", "ftplib.", "smtplib.")


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith((*_PROCESSES, *_NETWORK)):
        os.write(2, f"forbidden: {event} {arguments!r:.200}\n".encode())
        os._exit(FORBIDDEN)


if __name__ == "__main__":
    sys.addaudithook(_look)
    sys.exit(main(sys.argv[1:]))
