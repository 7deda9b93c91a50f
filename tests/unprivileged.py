"""The product in a process that is subject to permissions, even when root starts it.

python -m tests.unprivileged ARGUMENT ...     those of the command line
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from generator.cli import main

_VERSION_3 = 0x20080522
_ROOT = Path(__file__).parent.parent


def unprivileged(*arguments: str) -> tuple[int, str]:
    """Call a command in the current directory; return its exit status and its whole output."""
    command = [sys.executable, "-m", "tests.unprivileged", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    ended = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    return ended.returncode, ended.stdout


def give_up_capabilities() -> None:
    """Drop the capabilities that let root read and write everywhere; the user stays the same."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "capset"):
        header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
        if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    give_up_capabilities()
    sys.exit(main(sys.argv[1:]))
