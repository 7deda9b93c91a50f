"""Make the output directory hold exactly what was generated, beside what is not ours."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from generator.output.entries import Kind, standing
from generator.output.errors import OutputError, name_of, system_errors
from generator.output.in_place import replace_each, sweep
from generator.output.lock import locked
from generator.output.manifest import manifest_of
from generator.output.outcome import Outcome
from generator.output.paths import MANIFEST
from generator.output.plan import Plan, make_plan
from generator.output.staging import replace_whole, settle_all
from generator.output.target import check_target, contents, located, owned_in
from generator.output.unsuitable import UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from generator.artifact import File
    from generator.output.content import Content
    from generator.output.manifest import Owned

__all__ = ["Outcome", "OutputError", "write"]

# What the system answers where the directory or the one above it is tied: a mount point, another device, a parent
# without permission to write, a file that may not be linked, a name too long to stage beside.
_TIED = frozenset(
    {
        errno.EXDEV,
        errno.EBUSY,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EMLINK,
        errno.ENOTSUP,
        errno.ENOSYS,
        errno.ENAMETOOLONG,
    }
)


def write(artifacts: Sequence[File], target: Path, *, in_place: bool = False) -> Outcome:
    """Make the directory ``target`` hold the artifacts and their manifest.

    Nothing is written when nothing changed. Else a new directory is built beside the old one, from links to all that
    stays, and the two are exchanged: whenever the process is killed, the output is wholly the old or wholly the new
    one. Where the system knows no exchange of directories there is an instant without any; the next run mends it.

    The directory gets a new inode by that. It keeps its own, and its files are replaced one by one (each atomically,
    not the whole), when it is or holds a mount point, is or holds the working directory, holds over 10,000 files
    that are not ours or one that cannot be linked, when nothing may be created beside it, or when ``in_place`` asks
    for it: a container that has mounted the directory would go on seeing the old one.

    Args:
        artifacts: all files to be, without the manifest, in any order.
        target: the output directory; made when missing, like those above it. Links above it are followed.
        in_place: keep the directory's inode, and those of the directories in it.

    Returns:
        What happened to which path.

    Raises:
        OutputError: artifact paths that are unsafe or collide; a target that is a link or no directory; what is not
            ours in the way; a manifest that cannot be understood; another run that does not end; no permission; a
            full disk. Nothing was changed, unless the message says that the output is only partly written, which
            takes a failing disk and files replaced one by one.
    """
    files = contents(artifacts)
    place = located(target)
    with system_errors(target, "written"):
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place):
            return _write(files, place, in_place=in_place)


def _write(files: Mapping[str, Content], place: Path, *, in_place: bool) -> Outcome:
    check_target(place)
    settle_all(place)
    is_there = check_target(place) is Kind.DIRECTORY
    owned = owned_in(place) if is_there else {}
    if is_there:
        sweep(place, (*owned, *files))
    plan = make_plan(place, files, owned)
    if not plan.written and not plan.deleted:
        return _outcome(plan, in_place=False)
    if not is_there:
        replace_whole(plan, place)
        return _outcome(plan, in_place=False)
    _check_permissions(plan, place)
    if not in_place and _replaced_whole(plan, place):
        return _outcome(plan, in_place=False)
    replace_each(plan, place, _under_way(plan, owned))
    return _outcome(plan, in_place=True)


def _replaced_whole(plan: Plan, place: Path) -> bool:
    """Whether the directory could be exchanged; else nothing was changed."""
    try:
        replace_whole(plan, place)
    except UnsuitableError:
        return False
    except OSError as problem:
        if problem.errno not in _TIED:
            raise
        return False
    return True


def _check_permissions(plan: Plan, place: Path) -> None:
    """An exchange would replace even a directory that its owner has made read-only."""
    for folder in sorted({standing(place, path) for path in (*plan.written, *plan.deleted)}):
        if not os.access(folder, os.W_OK | os.X_OK):
            message = f"{name_of(folder)} is read-only"
            raise OutputError(
                message, "make it writable, or choose another output directory; nothing was written"
            )


def _under_way(plan: Plan, owned: Owned) -> bytes:
    made = {path: content.sha256 for path, content in plan.files.items() if path != MANIFEST}
    return manifest_of(made, before=owned).encode()


def _outcome(plan: Plan, *, in_place: bool) -> Outcome:
    return Outcome(
        created=plan.created,
        changed=plan.changed,
        edited=plan.edited,
        unchanged=plan.unchanged,
        deleted=tuple(plan.deleted),
        kept=plan.kept,
        in_place=in_place,
    )
