"""A write by a process that permissions bind, also when root starts it.

    python -m tests.output.unprivileged FOLDER FILES       FILES: JSON, text by path

Written to stdout, as JSON: the message and the help of the error, or nulls.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

from generator.output.errors import OutputError
from generator.output.write import write
from tests.output.trees import artifacts

_VERSION_3 = 0x20080522


def _without_capabilities() -> None:
    """Give up what lets root write everywhere; the user stays the same."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "capset"):
        header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
        if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main() -> None:
    """Write as the arguments say."""
    target, files = Path(sys.argv[1]), json.loads(sys.argv[2])
    _without_capabilities()
    answer: tuple[str | None, str | None] = (None, None)
    try:
        write(artifacts(files), target)
    except OutputError as problem:
        answer = (problem.message, problem.help)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
