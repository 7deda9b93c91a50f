"""What stands in a directory, seen without following any link below it."""

from __future__ import annotations

import hashlib
import os
import stat
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.output.paths import parents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Signature = tuple[int, int, int]
"""Inode, size in bytes and time of change in ns: another one means that somebody wrote the file meanwhile."""


class Kind(Enum):
    """What a path is."""

    MISSING = auto()
    FILE = auto()
    DIRECTORY = auto()
    LINK = auto()
    OTHER = auto()


class Found(Struct, frozen=True):
    """Where a search from the root ended: at the path itself, or at a parent that is no directory."""

    path: str
    kind: Kind


def kind_of(path: Path) -> Kind:
    """What stands there; a link is a link, wherever it leads."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return Kind.MISSING
    if stat.S_ISLNK(mode):
        return Kind.LINK
    if stat.S_ISDIR(mode):
        return Kind.DIRECTORY
    return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER


def find(root: Path, path: str) -> Found:
    """Walk down to ``path`` through directories only."""
    for step in parents(path):
        kind = kind_of(root / step)
        if kind is not Kind.DIRECTORY:
            return Found(step, kind)
    return Found(path, kind_of(root / path))


def standing(root: Path, path: str) -> Path:
    """The nearest directory above ``path`` that is there."""
    deepest = root
    for step in parents(path):
        if kind_of(root / step) is not Kind.DIRECTORY:
            break
        deepest = root / step
    return deepest


def digest(path: Path) -> str:
    """SHA-256 of a regular file in hex; never through a link, never waiting for a pipe's writer."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def signature(path: Path) -> Signature:
    """The signature of what stands there."""
    found = path.lstat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below ``root``: path and entry, a directory always before what it holds."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            yield path, entry
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
