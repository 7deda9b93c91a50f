"""Run a command and print its usage as JSON: from a small process, since a child's peak begins with its parent's.

Usage: python -I -S launch.py COMMAND [ARGUMENT ...]; CPU in seconds, of the command and its children.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path


def main(command: list[str]) -> int:
    """Run ``command`` to its end; its standard error is shown only when it fails."""
    with tempfile.TemporaryFile() as errors, Path(os.devnull).open("wb") as nowhere:
        files = [
            (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ]
        started = time.monotonic()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
        _, status, used = os.wait4(child, 0)
        elapsed = time.monotonic() - started
        if status:
            errors.seek(0)
            sys.stderr.write(errors.read().decode(errors="replace"))
    found = {"cpu": used.ru_utime + used.ru_stime, "peak_kib": used.ru_maxrss, "elapsed": elapsed}
    sys.stdout.write(json.dumps(found))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
