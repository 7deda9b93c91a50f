"""The inputs of artifacts besides the specs: the compiler, the packages that it uses, and Python.

It imports only modules that a starting Python has imported already: ``unchanged`` depends on that.
"""

from __future__ import annotations

import os
import sys
from functools import cache

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
#: Pages that no artifact depends on, a third of all files.
_DOCUMENTATION = ".md"
_INSTALLED = ("site-packages", "dist-packages")


def fingerprint() -> str:
    """Return a hash that changes with the compiler, its packages or Python."""
    from hashlib import sha256  # noqa: PLC0415 - to import it takes longer than to describe the compiler

    return sha256(described().encode("utf-8", "surrogateescape")).hexdigest()


@cache
def described() -> str:
    """List the compiler's files with size and time, and the directories of packages with the time alone.

    Every installation or removal there changes that. A process describes the compiler that it began with.
    """
    folders = [path for path in sys.path if os.path.basename(path) in _INSTALLED and os.path.isdir(path)]
    packages = (f"{folder} {os.stat(folder).st_mtime_ns}" for folder in folders)
    return "\n".join((sys.version, *_sources(_PACKAGE), *packages))


def _sources(folder: str) -> list[str]:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if entry.name != "__pycache__"), key=lambda one: one.name)
    lines = []
    for entry in entries:
        if entry.is_dir():
            lines += _sources(entry.path)
        elif not entry.name.endswith(_DOCUMENTATION):
            status = entry.stat()
            lines.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
    return lines
