"""What the process must remember from before the exchange to after it, even when it is killed in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins

from generator.output.errors import OutputError, name_of
from generator.output.files import write_new

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from generator.output.entries import Signature


class Journal(Struct, frozen=True):
    """What the new tree took over; whatever else is found in the old one came meanwhile, and is somebody's.

    Attributes:
        tree: the inode of the new tree's directory, which tells whether it is the output yet.
        links: the inodes of the files that stand in both trees.
        deleted: the signatures of the files that are left behind.
        files: the paths at which the new tree has our files.
    """

    tree: int
    links: Mapping[str, int]
    deleted: Mapping[str, Signature]
    files: tuple[str, ...]

    def knows(self, path: str, found: os.stat_result) -> bool:
        """Whether a file of the old tree may go."""
        if path in self.files or self.links.get(path) == found.st_ino:
            return True
        return self.deleted.get(path) == (found.st_ino, found.st_size, found.st_mtime_ns)


def write_journal(path: Path, journal: Journal) -> None:
    """Put it on the disk."""
    write_new(path, (json.dumps(to_builtins(journal)).encode(),), mode=None)


def read_journal(path: Path) -> Journal | None:
    """The journal, or None when it was not written to its end: then no exchange has begun.

    Raises:
        OutputError: it is none of ours, so that nobody can tell what it belongs to.
    """
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except RecursionError:
        document = None
    try:
        deleted = {name: (inode, size, time) for name, (inode, size, time) in document["deleted"].items()}
        return Journal(document["tree"], dict(document["links"]), deleted, tuple(document["files"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        message = f"{name_of(path.parent)} is left from a run that was killed, and its journal is damaged"
        raise OutputError(message, "save what you need from it, delete it, then run again") from None
