"""Writing, flushing and removing, one file or directory at a time."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from generator.output.entries import entries
from generator.output.paths import parents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_OWNER_MAY_ALL = 0o700
_NO_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF})


def write_new(path: Path, parts: Iterable[bytes], mode: int | None) -> None:
    """Create a file and flush it to the disk; ``mode`` None leaves its permissions to the umask."""
    descriptor = os.open(path, _NEW, 0o666)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def permissions(path: Path) -> int | None:
    """The permission bits of what stands there, or None."""
    try:
        return path.lstat().st_mode & 0o777
    except (FileNotFoundError, NotADirectoryError):
        return None


def flush_directory(path: Path) -> None:
    """Make names in a directory survive a loss of power, where the file system can."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in _NO_FLUSH:
            raise
    finally:
        os.close(descriptor)


def prune(root: Path, deleted: Iterable[str], needed: Iterable[str]) -> None:
    """Remove the directories that held only deleted files; those of needed files stay."""
    kept = {folder for path in needed for folder in parents(path)}
    for folder in sorted({folder for path in deleted for folder in parents(path)} - kept, reverse=True):
        with suppress(OSError):  # it holds something else, or is not there
            (root / folder).rmdir()


def unlock_directory(path: Path) -> None:
    """Let its owner empty a directory."""
    mode = path.lstat().st_mode & 0o7777
    if mode & _OWNER_MAY_ALL != _OWNER_MAY_ALL:
        path.chmod(mode | _OWNER_MAY_ALL)


def remove_tree(root: Path) -> None:
    """Remove a directory that is wholly ours, its read-only parts too; links are removed, not followed."""
    unlock_directory(root)
    for path, entry in entries(root):
        if entry.is_dir(follow_symlinks=False):
            unlock_directory(root / path)
    shutil.rmtree(root)


def discard(paths: Collection[Path]) -> None:
    """Remove files that may be gone already."""
    for path in paths:
        path.unlink(missing_ok=True)
