"""The directory in which a compilation leaves what later ones may use.

It is the user's, one for each output: ``$XDG_CACHE_HOME/agent-metrics/<output>/``, else under ``~/.cache``. Without
such a directory, or with a full disk, everything works as it does without. What is kept there is read as code would
be, so a directory that others may write in is none.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder(output: Path) -> Path | None:
    """Make and find the directory for an output directory; None where there can be none."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        place = os.path.realpath(output).encode("utf-8", "surrogateescape")
        folder = home / "agent-metrics" / sha256(place).hexdigest()[:32]
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not (_is_private(folder) and _is_private(folder.parent)):
            return None
    except (OSError, RuntimeError, ValueError):  # nobody's home, or a path that is none
        return None
    return folder


def _is_private(folder: Path) -> bool:
    """Whether it is no link, and only its owner, who runs this, may write in it."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_MAY_WRITE
    )


def keep(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that cannot be written is not kept."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staged.write_bytes(data)
        staged.replace(path)
    except OSError:
        with suppress(OSError):
            staged.unlink()
