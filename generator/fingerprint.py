"""What artifacts depend on beside the specs: the compiler, the packages that it uses, and Python."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(__file__).parent
_INSTALLED = ("site-packages", "dist-packages")


def fingerprint() -> str:
    """Return a text that is another one after any change of the compiler, its packages or Python.

    Files are told by their size and time of change. A directory of packages is told by its time: whatever is
    installed there or removed changes that.
    """
    found = sha256(sys.version.encode())
    for entry in _sources(_PACKAGE):
        status = entry.stat()
        found.update(
            f"{entry.path} {status.st_size} {status.st_mtime_ns}\n".encode("utf-8", "surrogateescape")
        )
    for folder in filter(Path.is_dir, map(Path, sys.path)):
        if folder.name in _INSTALLED:
            found.update(f"{folder} {folder.stat().st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _sources(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _sources(entry.path)
        else:
            yield entry
