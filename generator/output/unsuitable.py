"""Where the output directory must keep its identity, so that no other directory can take its place."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


class UnsuitableError(Exception):
    """The directory cannot be exchanged as a whole; nothing was changed."""


def check_suitable(target: Path) -> None:
    """Refuse a directory that somebody stands in or that is tied to its place.

    Raises:
        UnsuitableError: the process works in it, it is a mount point, or it holds one.
    """
    with suppress(FileNotFoundError):  # a working directory may have been removed
        if Path.cwd().is_relative_to(target):
            raise UnsuitableError
    if any(mount.is_relative_to(target) for mount in _mounts(target)):
        raise UnsuitableError


def _mounts(target: Path) -> list[Path]:
    if not _MOUNTS.exists():
        return [target] if target.is_mount() else []
    lines = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    return [Path(_unescaped(line.split(" ")[4])) for line in lines]


def _unescaped(text: str) -> str:
    r"""Mount points are written with ``\040`` for a space and the like."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
