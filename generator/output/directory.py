"""The output directory as a call names it, its allowed paths, and its files, seen without following any link below it.

An allowed path means the same file on every system, and is inside the directory.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
import unicodedata
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import unchanged
from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The list of generated files; no artifact may have its path.
MANIFEST = "manifest.json"
#: The lock file, in the output directory during a write.
LOCK = ".manifest.json.lock"
# Windows refuses these names with any extension; the superscripts count as digits there.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
# Most file systems end at 255 bytes a name; staging adds 22 to it.
_MAX_PART = 200
_MAX_PATH = 1000
#: Inode, size in bytes and modification time in ns: another value means that the file was written meanwhile.
Signature = tuple[int, int, int]


def check_paths(paths: Iterable[str]) -> None:
    """Refuse paths that are unsafe, or that are the same file (or a file and a directory) on some system.

    Raises:
        OutputError: naming all of them.
    """
    every = tuple(paths)
    problems = [f"{name_of(path)} {fault}" for path in every if (fault := path_fault(path))]
    problems = problems or _collisions(every)
    if problems:
        message = "artifacts have paths that cannot be written: " + "; ".join(problems)
        raise OutputError(message, "rename what they are generated from; nothing was written")


def path_fault(path: str) -> str | None:
    """Return the fault of a path by itself, or None."""
    if len(path.encode("utf-8", "surrogatepass")) > _MAX_PATH:
        return f"is longer than {_MAX_PATH} bytes"
    if path.startswith("/"):
        return "is absolute"
    if collision_key(path.split("/", maxsplit=1)[0]) in {MANIFEST, LOCK}:
        return "is kept for the manifest"
    return next((fault for part in path.split("/") if (fault := _part_fault(part))), None)


def parents(path: str) -> Iterator[str]:
    """``a/b/c`` has ``a`` and ``a/b``."""
    return (path[:at] for at, character in enumerate(path) if character == "/")


def collision_key(path: str) -> str:
    """Spell a path like a system that ignores case and normal forms."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _part_fault(part: str) -> str | None:
    if part in {"", ".", ".."}:
        return f"has the part {name_of(part)}"
    if _FORBIDDEN.search(part):
        return "has a character that file names cannot hold everywhere"
    if part.endswith((" ", ".")):
        return "has a part that ends with a space or a dot"
    if _DEVICE.fullmatch(part):
        return f"has the part {name_of(part)}, a device on Windows"
    if len(part.encode()) > _MAX_PART:
        return f"has a part of more than {_MAX_PART} bytes"
    return None


def _collisions(paths: tuple[str, ...]) -> list[str]:
    """Each path that collides with another; directories count, for they must be spelled alike too."""
    taken: dict[str, tuple[str, str]] = {}
    parts = []
    for path in sorted(paths):
        for node in (*(f"{folder}/" for folder in parents(path)), path):
            other, owner = taken.get(collision_key(node.rstrip("/")), (node, None))
            if owner is not None and (other != node or node == path):
                parts.append(f"{name_of(owner)} and {name_of(path)} {_met(other, node)}")
                break
            taken.setdefault(collision_key(node.rstrip("/")), (node, path))
    return parts


def _met(one: str, other: str) -> str:
    """Describe the collision of two nodes of one name; a directory ends with ``/``."""
    if one == other:
        return "are one path, given twice"
    kinds = {node.endswith("/") for node in (one, other)}
    if len(kinds) > 1:
        return "need a file and a directory of one name on some systems"
    return f"are {'in one directory' if True in kinds else 'one file'} on some systems"


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


def signature_of(path: Path) -> Signature:
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
