"""The results of a write and of a comparison, and the errors that stop them."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import counted, listed, printable, system_reason
from generator.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class WriteResult(Struct, frozen=True):
    """The paths of the output by their change: relative, with ``/``, sorted, ``manifest.json`` included.

    Attributes:
        created: did not exist.
        changed: were generated before and have new content.
        edited: were generated before and edited by hand since; replaced.
        unchanged: had this content already and were not written.
        deleted: were generated before, and are no longer.
        kept: are no longer generated, but were edited by hand: left as they are, and no longer ours.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.changed or self.edited or self.deleted)

    def summary(self) -> str:
        """One line of counts, and one more for files that were edited by hand."""
        if not self:
            return f"up to date, {counted(len(self.unchanged), 'file')}"
        counts = {
            "created": len(self.created),
            "changed": len(self.changed) + len(self.edited),
            "deleted": len(self.deleted),
            "unchanged": len(self.unchanged),
        }
        lines = [_counted(counts)]
        if self.edited:
            lines.append(f"edited by hand, replaced: {_names(self.edited)}")
        if self.kept:
            lines.append(f"no longer generated, but edited by hand, kept: {_names(self.kept)}")
        return "\n  ".join(lines)


class OutputDifference(Struct, frozen=True):
    """The differences of an output directory from the output to write: true when there are any.

    Attributes:
        missing: do not exist.
        changed: have other content, or are not regular files.
        stale: are listed in the manifest, exist, and are no longer generated.
    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.changed or self.stale)

    def summary(self) -> str:
        """One line of counts, and one more for each kind of difference, with its paths."""
        kinds = {"missing": self.missing, "changed": self.changed, "stale": self.stale}
        if not self:
            return "up to date"
        lines = [f"out of date: {_counted({name: len(paths) for name, paths in kinds.items()})}"]
        lines += [f"{name}: {_names(paths)}" for name, paths in kinds.items() if paths]
        return "\n  ".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _names(paths: tuple[str, ...]) -> str:
    return listed(map(printable, paths))


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
    words = system_reason(problem)
    return f"{words}: {name_of(problem.filename)}" if problem.filename else words


def _remedy(problem: OSError) -> str:
    """Describe the way out; true only while nothing was changed."""
    if problem.errno in NO_ROOM:
        return "make room and run again; the old output is as it was"
    if problem.errno in _NOT_ALLOWED:
        return "check the permissions of the directory and of the one above it; the old output is as it was"
    return "check the path and run again; the old output is as it was"


def name_of(path: object) -> str:
    """Write a path in quotes, with escapes for invisible characters."""
    return f'"{printable(str(path))}"'
