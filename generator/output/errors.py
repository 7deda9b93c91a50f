"""Errors that stop a write: a message for the user, and a way out."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.diagnostics.printable import printable
from generator.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class OutputError(CommandError):
    """The output cannot be written, or cannot be read; ``help`` is the way out."""


@contextmanager
def system_errors(target: Path, doing: str) -> Iterator[None]:
    """Convert an ``OSError`` to an ``OutputError`` about the target; ``doing`` is ``written`` or ``read``."""
    try:
        yield
    except OSError as problem:
        message = f"{name_of(target)} cannot be {doing}: {reason(problem)}"
        raise OutputError(message, _remedy(problem)) from problem


def reason(problem: OSError) -> str:
    """Return the system's message, with the file that it is about."""
    words = (problem.strerror or str(problem)).lower()
    return f"{words}: {name_of(problem.filename)}" if problem.filename else words


def _remedy(problem: OSError) -> str:
    """Describe the way out; true only while nothing was changed."""
    if problem.errno in _NO_ROOM:
        return "make room and run again; the old output is as it was"
    if problem.errno in _NOT_ALLOWED:
        return "check the permissions of the directory and of the one above it; the old output is as it was"
    return "check the path and run again; the old output is as it was"


def name_of(path: object) -> str:
    """Write a path in quotes, with escapes for invisible characters."""
    return f'"{printable(str(path))}"'
