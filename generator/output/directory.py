"""The output directory as a call names it, and the files in it, seen without following any link below it."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import unchanged
from generator.output.outcome import OutputError, name_of
from generator.output.paths import parents

if TYPE_CHECKING:
    from collections.abc import Iterator

Signature = tuple[int, int, int]
"""Inode, size in bytes and modification time in ns: another value means that the file was written meanwhile."""


class EntryKind(Enum):
    """The kind of the entry at a path."""

    MISSING = auto()
    FILE = auto()
    DIRECTORY = auto()
    LINK = auto()
    OTHER = auto()


class PathEntry(Struct, frozen=True):
    """The end of a search from the root: the path itself, or a parent that is not a directory."""

    path: str
    kind: EntryKind


def located(target: Path) -> Path:
    """Return the target with a real path above it; a link at the target itself is left for ``check_target`` to see.

    Links above it are the system's or the user's own arrangement (``/tmp`` on macOS), and are followed.

    Raises:
        OutputError: the path is invalid, or is the root.
    """
    if _is_no_path(str(target)):
        raise OutputError(f"{name_of(target)} is no path", "name another output directory")
    nameless = target.name in {"", ".."}
    real = Path(os.path.realpath(target if nameless else target.parent))
    place = real if nameless else real / target.name
    if place == place.parent:
        raise OutputError("the output directory cannot be the root", "name a directory of its own")
    return place


def check_target(place: Path) -> EntryKind:
    """Return whether the target is a directory or missing.

    Raises:
        OutputError: it is a link, a file or something else.
    """
    kind = entry_kind(place)
    if kind is EntryKind.LINK:
        message = f"{name_of(place)} is a link; the output is never written through a link"
        raise OutputError(message, "name the directory that it leads to")
    if kind in {EntryKind.FILE, EntryKind.OTHER}:
        raise OutputError(f"{name_of(place)} is not a directory", "name another output directory")
    return kind


def entry_kind(path: Path) -> EntryKind:
    """Return the kind of the entry; a link is a link, independent of its target."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return EntryKind.MISSING
    if stat.S_ISLNK(mode):
        return EntryKind.LINK
    if stat.S_ISDIR(mode):
        return EntryKind.DIRECTORY
    return EntryKind.FILE if stat.S_ISREG(mode) else EntryKind.OTHER


def find_entry(root: Path, path: str) -> PathEntry:
    """Walk down to ``path`` through directories only."""
    for step in parents(path):
        kind = entry_kind(root / step)
        if kind is not EntryKind.DIRECTORY:
            return PathEntry(step, kind)
    return PathEntry(path, entry_kind(root / path))


def standing(root: Path, path: str) -> str:
    """Return the nearest existing directory above ``path``; empty for the root itself."""
    deepest = ""
    for step in parents(path):
        if entry_kind(root / step) is not EntryKind.DIRECTORY:
            break
        deepest = step
    return deepest


def digest(path: Path) -> str:
    """Hash a regular file: SHA-256 in hex; never through a link, never waiting for a pipe's writer.

    A process reads a file once while it has the same signature.
    """
    signed = unchanged.signature(path.lstat())
    return _hashed(path) if unchanged.is_racy(signed, time.time_ns()) else _known(path, signed)


@lru_cache(maxsize=65536)
def _known(path: Path, signed: str) -> str:  # noqa: ARG001 - with another signature the file is another
    return _hashed(path)


def _hashed(path: Path) -> str:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def signature(path: Path) -> Signature:
    """Return the signature of the entry."""
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def below(root: Path, folder: str) -> Iterator[str]:
    """Return the paths of everything below a directory of the root."""
    with os.scandir(root / folder) as listing:
        entries = list(listing)
    for entry in entries:
        path = f"{folder}/{entry.name}"
        yield path
        if entry.is_dir(follow_symlinks=False):
            yield from below(root, path)


def _is_no_path(text: str) -> bool:
    try:
        return b"\0" in os.fsencode(text)
    except UnicodeEncodeError:
        return True
