"""Make the output directory contain exactly the generated files, besides those that are not ours."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from generator.output.directory import EntryKind, check_target, find_entry, located, signature, standing
from generator.output.lock import is_left, locked, undisturbed
from generator.output.manifest import Owned, manifest_of, owned_in
from generator.output.outcome import (
    OutputDifference,
    OutputError,
    WriteResult,
    name_of,
    reason,
    system_errors,
)
from generator.output.paths import MANIFEST, parents
from generator.output.plan import Content, WritePlan, contents, plan_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from generator.artifact import File

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def write(artifacts: Sequence[File], target: Path) -> WriteResult:
    """Write the artifacts and their manifest into the directory ``target``.

    Nothing is written when nothing changed. Otherwise every changed file is first written beside its place, so that a
    full disk is found before anything changes, and then moved there, file by file, which only a failing disk or ``kill
    -9`` interrupts. Each file is old or new at any moment; until the last one is moved the manifest lists the hashes of
    both, so that the next run finishes an interrupted one, and ``apply`` refuses a mixture.

    Args:
        artifacts: All files to write, without the manifest, in any order.
        target: The output directory; made when missing, like those above it. Links above it are followed.

    Returns:
        The paths by their change.

    Raises:
        OutputError: artifact paths that are unsafe or collide; a target that is a link or not a directory; a file in
            the way that is not ours; an invalid manifest; another run that does not end; no permission; a full disk.
            Nothing was changed, unless the message says that the output is only partly written.
    """
    files = contents(artifacts)
    place = located(target)
    with system_errors(target, "written"):
        if check_target(place) is EntryKind.MISSING:
            return _made(files, place)
        plan = _plan_unless_disturbed(files, place)
        return _written(files, place) if plan is None or plan.outcome else plan.outcome


def compare(artifacts: Sequence[File], target: Path) -> OutputDifference:
    """Return the changes that ``write`` would make; nothing is changed, and remains of killed runs are not removed.

    An invalid manifest counts as changed; stale files are then unknown. The call waits for a run that is writing.

    Args:
        artifacts: All files to write, without the manifest, in any order.
        target: The output directory; need not exist.

    Raises:
        OutputError: artifact paths that are unsafe or collide; a target that is a link or not a directory; no
            permission to read.
    """
    files = contents(artifacts)
    place = located(target)
    with system_errors(target, "read"):
        if check_target(place) is EntryKind.MISSING:
            return OutputDifference(missing=tuple(sorted(files)))
        return undisturbed(place, lambda: plan_files(place, files, _owned_if_understood(place)).difference())


def _owned_if_understood(place: Path) -> Owned:
    try:
        return owned_in(place)
    except OutputError:
        return {}


def _made(files: Mapping[str, Content], place: Path) -> WriteResult:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(exist_ok=True)
    try:
        return _written(files, place)
    except BaseException:
        with suppress(OSError):  # it is not empty
            place.rmdir()
        raise


def _plan_unless_disturbed(files: Mapping[str, Content], place: Path) -> WritePlan | None:
    """Plan without the lock, which needs permission to write; None while another run writes, or was killed."""
    if is_left(place):
        return None
    try:
        return undisturbed(place, lambda: _planned(files, place))
    except (OSError, OutputError):
        if is_left(place):
            return None
        raise


def _planned(files: Mapping[str, Content], place: Path) -> WritePlan:
    plan = plan_files(place, files, owned_in(place))
    plan.check(place)
    if plan.outcome:
        _check_permissions(plan, place)
    return plan


def _written(files: Mapping[str, Content], place: Path) -> WriteResult:
    with locked(place) as announce:
        plan = _planned(files, place)  # another run may have ended since the first plan
        if plan.outcome:
            _replace(plan, place, announce)
        return plan.outcome


def _check_permissions(plan: WritePlan, place: Path) -> None:
    for folder in sorted({standing(place, path) for path in (*plan.written, *plan.deleted)}):
        if not os.access(place / folder, os.W_OK | os.X_OK):
            message = f"{name_of(place / folder)} is read-only"
            raise OutputError(
                message, "make it writable, or choose another output directory; nothing was written"
            )


def _replace(plan: WritePlan, place: Path, announce: Callable[[Sequence[str]], None]) -> None:
    first = _beside(place, MANIFEST)
    staged = {path: _beside(place, path) for path in plan.written}
    announce([first, *staged.values()])
    mode = _permissions(place, MANIFEST)
    _write_new(place / first, _under_way(plan), mode)
    for path, beside in staged.items():
        _write_new(place / beside, plan.files[path].data, _permissions(place, path))
    with _to_its_end(place):
        (place / first).replace(place / MANIFEST)
        _delete(plan, place)
        for path, beside in staged.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / beside).replace(place / path)


def _under_way(plan: WritePlan) -> bytes:
    """Write the manifest for the time between the first and the last file."""
    made = {path: content.sha256 for path, content in plan.files.items() if path != MANIFEST}
    return manifest_of(made, before=plan.owned).encode()


def _beside(place: Path, path: str) -> str:
    """Name a new file on the same file system as the path, in a directory that exists."""
    folder = standing(place, path)
    name = f".{path.rpartition('/')[2]}.new-{secrets.token_hex(8)}"
    return f"{folder}/{name}" if folder else name


def _permissions(place: Path, path: str) -> int | None:
    """Return the permissions of a replaced file."""
    entry = find_entry(place, path)
    is_replaced = entry.path == path and entry.kind is EntryKind.FILE
    return (place / path).lstat().st_mode & 0o777 if is_replaced else None


def _write_new(path: Path, data: bytes, mode: int | None) -> None:
    """Create a file and flush it to the disk; with ``mode`` None the umask decides the permissions."""
    with os.fdopen(os.open(path, _NEW, 0o666), "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _to_its_end(place: Path) -> Iterator[None]:
    """Delay Ctrl-C and other signals; a failing disk leaves a mixture."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    except OSError as problem:
        raise OutputError(
            f"{name_of(place)} is only partly written: {reason(problem)}",
            "mend that and run again: it continues where this run stopped",
        ) from problem
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _delete(plan: WritePlan, place: Path) -> None:
    for path, before in plan.deleted.items():
        with suppress(FileNotFoundError):
            if signature(place / path) == before:
                (place / path).unlink()
    kept = {folder for path in plan.files for folder in parents(path)}
    left = {folder for path in (*plan.deleted, *plan.gone) for folder in parents(path)}
    for folder in sorted(left - kept, reverse=True):
        with suppress(OSError):  # it is not empty, or does not exist
            (place / folder).rmdir()
