"""One writer at a time, and no remains of killed ones.

The lock is ``flock`` on a file that only its owner can open: everybody who may read a directory could lock it. The file
is in the output directory during a write, and lists the staged files. A killed run leaves it there, unlocked, and the
next run removes the listed files.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from generator.output.directory import (
    LOCK,
    MANIFEST,
    EntryKind,
    entry_kind,
    find_entry,
    path_fault,
    signature_of,
)
from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

#: The time that a writer waits for another one; a write takes well under a second.
PATIENCE_S = 10.0
#: The time that a reader waits for a writer, which may have been killed.
READER_PATIENCE_S = 1.0
_PAUSE_S = 0.01
_HELD = frozenset({errno.EAGAIN, errno.EACCES})
# A pipe or a link of another user must neither block nor redirect the writer.
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
_STAGED = re.compile(r"(.*/)?\.[^/]+\.new-[0-9a-f]{16}", re.DOTALL)


@contextmanager
def locked(place: Path) -> Iterator[Callable[[Sequence[str]], None]]:
    """Keep other writers away from an existing output directory.

    Yields:
        A function to call with the paths of the files that will be staged, each ``.<name>.new-<16 hex digits>``: those
        that remain at the end are removed, if need be by the next run.

    Raises:
        OutputError: another run still held it after ``PATIENCE_S`` seconds.
        OSError: the file cannot be made, or its file system has no locks.
    """
    descriptor = _acquired(place)
    try:
        _remove_staged(place, descriptor)
        yield lambda paths: _write_list(descriptor, paths)
    finally:
        with suppress(OSError):  # the next run tries again, as long as the list exists
            _remove_staged(place, descriptor)
            (place / LOCK).unlink()
        os.close(descriptor)


def is_left(place: Path) -> bool:
    """Whether a run is writing, or was killed."""
    return entry_kind(place / LOCK) is not EntryKind.MISSING


def undisturbed(place: Path, read: Callable[[], T]) -> T:
    """Read an output directory, and again if a write happened meanwhile.

    A reader takes no lock: it may have no permission to make one, and must not keep writers away.
    """
    deadline = time.monotonic() + READER_PATIENCE_S
    while True:
        before = _state(place)
        try:
            text = read()
        except (OSError, OutputError):
            if _is_steady(place, before, deadline):
                raise
        else:
            if _is_steady(place, before, deadline):
                return text
        time.sleep(_PAUSE_S)


def _is_steady(place: Path, before: object, deadline: float) -> bool:
    return (not is_left(place) and _state(place) == before) or time.monotonic() >= deadline


def _state(place: Path) -> object:
    """Return a value that every write changes; each replaces the manifest."""
    return None if entry_kind(place / MANIFEST) is EntryKind.MISSING else signature_of(place / MANIFEST)


def _acquired(place: Path) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while (descriptor := _lock(place / LOCK)) is None:
        if time.monotonic() >= deadline:
            raise OutputError(f"another run is writing in {name_of(place)}", "let it end, then run again")
        time.sleep(_PAUSE_S)
    return descriptor


def _lock(path: Path) -> int | None:
    """Lock the file; None when another run has locked it, or has removed it meanwhile."""
    descriptor = os.open(path, _OPEN, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    except FileNotFoundError:
        pass
    except OSError as problem:
        if problem.errno not in _HELD:
            os.close(descriptor)
            path.unlink()  # no run can lock it
            raise
    os.close(descriptor)
    return None


def _write_list(descriptor: int, paths: Sequence[str]) -> None:
    data = json.dumps(paths).encode()
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def _remove_staged(place: Path, descriptor: int) -> None:
    """Remove the listed files, and then the list."""
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        text = file.read()
    for path in _listed(text):
        if find_entry(place, path).kind is EntryKind.FILE:
            (place / path).unlink()
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _listed(text: bytes) -> list[str]:
    """Read a list; a run that was killed before the end of its list had not staged anything."""
    try:
        paths = json.loads(text)
    except (ValueError, RecursionError):
        return []
    every = paths if isinstance(paths, list) else []
    return [
        path for path in every if isinstance(path, str) and _STAGED.fullmatch(path) and not path_fault(path)
    ]
