"""The exchange of the whole output directory for a new one, and its undoing or completion after a kill.

A staging directory stands beside the output only while a write runs. It holds ``new``, the tree to be; then
``journal.json``; and from the exchange on the old tree, at the place of ``new`` (or as ``old``, where the system
cannot exchange). ``settle`` ends any state of it: a staging directory is settled after each write, whether that
succeeded or failed, and when one is found at the next start.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from generator.output.entries import Kind, entries, find, kind_of
from generator.output.errors import OutputError, name_of, reason
from generator.output.exchange import NOT_SUPPORTED, exchange
from generator.output.files import flush_directory, remove_tree, unlock_directory
from generator.output.journal import Journal, read_journal, write_journal
from generator.output.tree import build_tree
from generator.output.unsuitable import check_suitable

if TYPE_CHECKING:
    from pathlib import Path

    from generator.output.plan import Plan

_JOURNAL, _NEW, _OLD = "journal.json", "new", "old"


def replace_whole(plan: Plan, target: Path) -> None:
    """Carry the plan out in one step.

    Raises:
        UnsuitableError: the target cannot be exchanged; nothing was changed.
        OSError: nothing was changed.
        OutputError: everything is written, but the disk did not confirm it.
    """
    if kind_of(target) is Kind.DIRECTORY:
        check_suitable(target)
    stage = target.with_name(f".{target.name}.new-{secrets.token_hex(8)}")
    stage.mkdir(0o700)
    try:
        new = stage / _NEW
        new.mkdir()
        links = build_tree(plan, target, new)
        write_journal(stage / _JOURNAL, Journal(new.lstat().st_ino, links, plan.deleted, tuple(plan.files)))
        flush_directory(stage)
        _swap(stage, target)
        _confirm(target)
    finally:
        with suppress(OSError):  # what cannot be cleaned up now is tried again at the next start
            settle(stage, target)


def settle_all(target: Path) -> None:
    """Settle what killed runs have left beside the target."""
    name = re.compile(re.escape(f".{target.name}.new-") + "[0-9a-f]{16}")
    for stage in sorted(path for path in target.parent.iterdir() if name.fullmatch(path.name)):
        if _is_trusted(stage) and {_JOURNAL, _NEW, _OLD}.issuperset(_names(stage)):
            settle(stage, target)


def settle(stage: Path, target: Path) -> None:
    """Bring a staging directory to its end: the output is then wholly old or wholly new, and nothing is left.

    Raises:
        OSError: something could not be removed; it can be tried again.
    """
    journal = read_journal(stage / _JOURNAL)
    if journal is not None:
        new, old = stage / _NEW, stage / _OLD
        is_new = kind_of(new) is Kind.DIRECTORY and new.lstat().st_ino == journal.tree
        if is_new and kind_of(old) is Kind.DIRECTORY and kind_of(target) is Kind.MISSING:
            old.rename(target)
        for tree in (old,) if is_new else (old, new):
            if kind_of(tree) is Kind.DIRECTORY:
                _drain(tree, target, journal)
    remove_tree(stage)


def _is_trusted(stage: Path) -> bool:
    """Whether a run made it, and not somebody who may only make names beside the output, as in ``/tmp``."""
    if kind_of(stage) is not Kind.DIRECTORY:
        return False
    return _owner(stage) in {os.geteuid(), _owner(stage.parent)}


def _owner(path: Path) -> int:
    return path.lstat().st_uid


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _swap(stage: Path, target: Path) -> None:
    if kind_of(target) is Kind.MISSING:
        (stage / _NEW).rename(target)
        return
    try:
        exchange(stage / _NEW, target)
    except OSError as problem:
        if problem.errno not in NOT_SUPPORTED:
            raise
        target.rename(stage / _OLD)
        (stage / _NEW).rename(target)


def _confirm(target: Path) -> None:
    try:
        flush_directory(target.parent)
    except OSError as problem:
        message = f"{name_of(target)} is written, but a loss of power may undo that: {reason(problem)}"
        raise OutputError(message, "check the disk, then run again") from problem


def _drain(old: Path, target: Path, journal: Journal) -> None:
    """Remove the old tree; what somebody has put there since it was read goes over to the new one."""
    unlock_directory(old)
    folders = [old]
    for path, entry in entries(old):
        if entry.is_dir(follow_symlinks=False):
            unlock_directory(old / path)
            folders.append(old / path)
        elif journal.knows(path, (old / path).lstat()):
            (old / path).unlink()
        else:
            _hand_over(old / path, target, path, journal.links.get(path))
    for folder in reversed(folders):
        folder.rmdir()


def _hand_over(source: Path, target: Path, path: str, link: int | None) -> None:
    """Move somebody's file to where it belongs, or beside what stands there and does not stem from ``link``."""
    found = find(target, path)
    is_free = found.kind is Kind.MISSING or (found.path == path and (target / path).lstat().st_ino == link)
    aside = f"{found.path}.old-{secrets.token_hex(8)}{path.removeprefix(found.path)}"
    place = target / (path if is_free else aside)
    place.parent.mkdir(parents=True, exist_ok=True)
    source.replace(place)
