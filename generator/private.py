"""A directory that only its user can change: it keeps results for later runs.

It is ``$XDG_CACHE_HOME/agent-metrics``, else ``~/.cache/agent-metrics``. It is opened from the root on, directory by
directory, and never by its path again: a later exchange of one of them does not change what is read. Each must belong
to this user or to root, and others must not write in it; only where entries are their owners' alone (the sticky bit, as
on /tmp) may others write as well. Otherwise there is no such directory, and everything is compiled anew.

It imports only modules that a starting Python has imported already: it runs before every answer.
"""

from __future__ import annotations

import os
import stat

_NAME = "agent-metrics"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: The number of files of one kind that are kept: the newest.
_KEPT = 64
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def opened(*, make: bool) -> int | None:
    """Open the directory; None where it does not exist, or others could change it. ``make`` creates missing parts."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        # Users of services have a home that must not exist, such as /nonexistent.
        if not os.path.isdir(os.path.expanduser("~")):
            return None
        home = os.path.expanduser("~/.cache")
    try:
        steps = os.path.realpath(home).split(os.sep)[1:]
        return _descend([step for step in (*steps, _NAME) if step], make=make)
    except (OSError, ValueError):
        return None


def _descend(steps: list[str], *, make: bool) -> int | None:
    descriptor = os.open(os.sep, _DIRECTORY)
    for step in (*steps, ""):
        if not _is_private(os.fstat(descriptor), last=not step):
            os.close(descriptor)
            return None
        if step:
            descriptor = _below(descriptor, step, make=make)
    return descriptor


def _below(parent: int, name: str, *, make: bool) -> int:
    """Open a directory in ``parent``, which is closed."""
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(name, 0o700, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)
    finally:
        os.close(parent)


def _is_private(status: os.stat_result, *, last: bool) -> bool:
    """Whether others can change no entry of ours there, and in the ``last`` directory itself cannot add any."""
    is_sticky = bool(status.st_mode & stat.S_ISVTX) and not last
    return status.st_uid in {0, os.geteuid()} and (is_sticky or not status.st_mode & _OTHERS_MAY_WRITE)


def read(directory: int, name: str) -> bytes | None:
    """Read a file; None where it does not exist."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=directory)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        return _all_of(descriptor, status.st_size) if stat.S_ISREG(status.st_mode) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _all_of(descriptor: int, size: int) -> bytes:
    data = b""
    while part := os.read(descriptor, size - len(data) + 1):
        data += part
    return data


def write_file(directory: int, name: str, data: bytes) -> None:
    """Write a file whole or not at all; without an error where that fails; delete the oldest of its suffix."""
    staged = f".{name}.{os.getpid()}"
    try:
        descriptor = os.open(staged, _NEW, 0o600, dir_fd=directory)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
        os.replace(staged, name, src_dir_fd=directory, dst_dir_fd=directory)
        _prune(directory, name[name.rindex(".") :])
    except OSError:
        _remove(directory, staged)


def _prune(directory: int, suffix: str) -> None:
    names = [name for name in os.listdir(directory) if name.endswith(suffix)]
    if len(names) > _KEPT:
        names.sort(key=lambda name: os.stat(name, dir_fd=directory).st_mtime_ns)
        for name in names[:-_KEPT]:
            _remove(directory, name)


def _remove(directory: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=directory)
    except OSError:
        return
