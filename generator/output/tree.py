"""The new output directory, built beside the old one; the old one is only read."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from generator.output.entries import Kind, entries, kind_of
from generator.output.files import flush_directory, permissions, prune, write_new
from generator.output.paths import parent
from generator.output.unsuitable import UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.output.plan import Plan

MAX_ENTRIES = 10_000
"""A directory that holds more is mostly somebody else's (a home directory, say): it is not exchanged."""

_NO_LINKS = frozenset({errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP})


def build_tree(plan: Plan, old: Path, new: Path) -> dict[str, int]:
    """Fill ``new``, an empty directory of the same file system, with what ``old`` is to become.

    What stays is linked, not copied, so that it keeps its times and its open writers. Directories keep their
    permissions, owners and attributes.

    Returns:
        The inodes of the linked files, by path.

    Raises:
        UnsuitableError: there are too many entries.
        OSError: the disk is full, or somebody else's file cannot be linked.
    """
    links = dict(_carried_over(plan, old, new)) if kind_of(old) is Kind.DIRECTORY else {}
    prune(new, plan.left, plan.files)
    for path in plan.written:
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        write_new(new / path, plan.files[path].read(), permissions(old / path))
    _finish(plan, old, new)
    return links


def _carried_over(plan: Plan, old: Path, new: Path) -> Iterator[tuple[str, int]]:
    left_behind = {*plan.written, *plan.deleted}
    for count, (path, entry) in enumerate(entries(old)):
        if count > MAX_ENTRIES + len(plan.files):
            raise UnsuitableError
        if entry.is_dir(follow_symlinks=False):
            (new / path).mkdir()
        elif path not in left_behind and _carry_over(old / path, new / path, ours=path in plan.files):
            yield path, (new / path).lstat().st_ino


def _carry_over(old: Path, new: Path, *, ours: bool) -> bool:
    """Link a file; only ours is copied where there are no links: another's writer would lose what it writes.

    Returns:
        Whether it was linked.
    """
    try:
        os.link(old, new, follow_symlinks=False)
    except FileNotFoundError:  # its owner has removed it since it was listed
        return False
    except OSError as problem:
        if not ours or problem.errno not in _NO_LINKS:
            raise
        shutil.copy2(old, new, follow_symlinks=False)
        return False
    return True


def _finish(plan: Plan, old: Path, new: Path) -> None:
    """Give directories the attributes of their predecessors, and flush them, innermost first."""
    touched = {parent(path) for path in (*plan.written, *plan.deleted)}
    folders = [path for path, entry in entries(new) if entry.is_dir(follow_symlinks=False)]
    for folder in (*reversed(folders), ""):
        if kind_of(old / folder) is Kind.DIRECTORY:
            _succeed(old / folder, new / folder, touched=folder in touched)
        flush_directory(new / folder)


def _succeed(old: Path, new: Path, *, touched: bool) -> None:
    before, after = old.lstat(), new.lstat()
    if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
        os.chown(new, before.st_uid, before.st_gid)
    shutil.copystat(old, new)
    if touched:
        os.utime(new)
