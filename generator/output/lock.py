"""One writer at a time.

The lock is ``flock`` on the directory above the output: it leaves no file behind, needs no permission to write, and
ends with the process. Outputs that stand side by side wait for each other, too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.output.errors import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 10.0
"""How long to wait for another run; a write takes well under a second."""
_PAUSE_S = 0.05
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


@contextmanager
def locked(target: Path, *, shared: bool = False) -> Iterator[None]:
    """Keep writers away from ``target``, whose parent must exist; shared locks keep only writers away.

    Raises:
        OutputError: another run still held it after ``PATIENCE_S`` seconds.
        OSError: the parent cannot be opened, or its file system has no locks.
    """
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _taken(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                raise OutputError(
                    f"another run is writing in {name_of(target.parent)}", "let it end, then run again"
                )
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as problem:
        if problem.errno not in _HELD:
            raise
        return False
    return True
