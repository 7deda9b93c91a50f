"""Make the output directory contain exactly the generated files, besides those that are not ours.

The steps from the existing files are planned before anything is changed. A file is ours when the manifest of the last
write lists it. Our file is replaced, even when it was edited by hand (edit the spec instead), and deleted when it is no
longer generated, but only unedited. Every other file belongs to somebody: where one is in the way, nothing is written.
"""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact, File
from generator.diagnostics.wording import listed, printable
from generator.output.directory import (
    MANIFEST,
    EntryKind,
    PathEntry,
    Signature,
    below,
    check_paths,
    check_target,
    collision_key,
    digest,
    find_entry,
    located,
    parents,
    signature_of,
    standing,
)
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_WHAT = {
    EntryKind.FILE: "a file that was not generated",
    EntryKind.LINK: "a link",
    EntryKind.DIRECTORY: "a directory",
    EntryKind.OTHER: "no regular file",
}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Content(Struct, frozen=True):
    """The content of a file: its SHA-256 in hex, its size in bytes, and its text, unless the output has it."""

    path: str
    sha256: str
    size: int
    text: str | None

    @property
    def data(self) -> bytes:
        """The bytes.

        Raises:
            OutputError: the output had them when the plan was made, and no longer has them.
        """
        if self.text is None:
            message = f"{name_of(self.path)} was changed in the output directory while this ran"
            raise OutputError(message, "run again; nothing was written")
        return self.text.encode()


class WritePlan(Struct, frozen=True):
    """The steps from the existing files to the new ones.

    Attributes:
        files: All files to write, by path.
        owned: The files in the current manifest.
        outcome: The paths by their change.
        deleted: The files to delete, as they are now.
        gone: Listed in the manifest, but neither generated nor existing: only their directories may remain.
        obstacles: Entries at the places of new files that are not ours or not regular files.
    """

    files: Mapping[str, Content]
    owned: Owned
    outcome: WriteResult
    deleted: Mapping[str, Signature]
    gone: tuple[str, ...]
    obstacles: Mapping[str, PathEntry]

    @property
    def written(self) -> tuple[str, ...]:
        """The paths that get new content; the manifest is always among them, and last: it ends a write."""
        outcome = self.outcome
        every = {*outcome.created, *outcome.changed, *outcome.edited}
        return (*sorted(every - {MANIFEST}), MANIFEST)

    def check(self, target: Path) -> None:
        """Refuse to overwrite.

        Raises:
            OutputError: there are obstacles; all are named.
        """
        if self.obstacles:
            places = {obstacle.path: obstacle.kind for obstacle in self.obstacles.values()}
            every = listed(f'"{printable(path)}" is {_WHAT[kind]}' for path, kind in places.items())
            raise OutputError(
                f"{name_of(target)} has files in the way of the output: {every}",
                "move or delete it, then run again, or choose another output directory; nothing was written",
            )

    def difference(self) -> OutputDifference:
        """The differences of the directory from the output to write."""
        beyond = {path for path, entry in self.obstacles.items() if entry.path != path}
        return OutputDifference(
            missing=tuple(sorted({*self.outcome.created, *beyond})),
            changed=tuple(
                sorted({*self.outcome.changed, *self.outcome.edited, *self.obstacles.keys()} - beyond)
            ),
            stale=tuple(sorted({*self.deleted, *self.outcome.kept})),
        )


def _contents(artifacts: Sequence[File]) -> dict[str, Content]:
    """Return the files to write, by path, including the manifest.

    Raises:
        OutputError: paths that are unsafe or collide; text that cannot be encoded.
    """
    check_paths(artifact.path for artifact in artifacts)
    files = {artifact.path: _content(artifact) for artifact in artifacts}
    manifest = manifest_of({path: content.sha256 for path, content in files.items()})
    return {**files, MANIFEST: _of_text(MANIFEST, manifest)}


def _plan_files(target: Path, files: Mapping[str, Content], owned: Owned) -> WritePlan:
    """Compare the files to write with the existing ones.

    Args:
        target: The output directory, which need not exist.
        files: All files to write, including the manifest, by path.
        owned: The files in the manifest of ``target``.
    """
    stale = {path: _stale(target, path, owned[path]) for path in sorted(owned.keys() - files.keys())}
    deleted = {path: entry for path, entry in stale.items() if isinstance(entry, tuple)}
    fates = {path: _fate(target, path, files[path], owned, stale) for path in sorted(files)}
    created, changed, edited, unchanged = (
        tuple(path for path, fate in fates.items() if fate == name)
        for name in ("created", "changed", "edited", "unchanged")
    )
    kept, gone = (tuple(path for path, entry in stale.items() if entry == name) for name in ("kept", "gone"))
    obstacles = {path: fate for path, fate in fates.items() if isinstance(fate, PathEntry)}
    outcome = WriteResult(created, changed, edited, unchanged, tuple(deleted), kept)
    return WritePlan(files, owned, outcome, deleted, gone, obstacles)


def _stale(target: Path, path: str, hashes: Iterable[str]) -> Signature | str:
    """The signature of a file to delete; ``kept`` when it was edited, ``gone`` when it does not exist."""
    entry = find_entry(target, path)
    if entry.path != path or entry.kind in {EntryKind.MISSING, EntryKind.DIRECTORY}:
        return "gone"
    if entry.kind is not EntryKind.FILE:
        return "kept"
    before = signature_of(target / path)
    return before if digest(target / path) in hashes else "kept"


def _fate(
    target: Path, path: str, content: Content, owned: Owned, stale: Mapping[str, Signature | str]
) -> str | PathEntry:
    """What happens to a file that is written, in the words of ``WriteResult``; or the entry that is in its way."""
    entry = find_entry(target, path)
    if entry.kind is EntryKind.MISSING or _makes_room(target, entry, stale):
        return "created"
    if entry.kind is not EntryKind.FILE or entry.path != path:
        return entry
    current = digest(target / path) if path in owned or _same_size(target / path, content) else ""
    if current == content.sha256:
        return "unchanged"
    if path == MANIFEST:
        return "changed"
    if path not in owned:
        return entry
    return "changed" if current in owned[path] else "edited"


def _same_size(path: Path, content: Content) -> bool:
    return path.lstat().st_size == content.size


def _makes_room(target: Path, entry: PathEntry, stale: Mapping[str, Signature | str]) -> bool:
    """Whether the deletion of stale files and of their folders removes the entry at the place of a new file."""
    deleted = {path: fate for path, fate in stale.items() if isinstance(fate, tuple)}
    if entry.kind is EntryKind.FILE:
        return entry.path in deleted or _is_respelled(target, entry.path, deleted)
    if entry.kind is not EntryKind.DIRECTORY:
        return False
    left = (folder for path, fate in stale.items() if fate != "kept" for folder in parents(path))
    going = {*deleted, *left}
    return entry.path in going and going.issuperset(below(target, entry.path))


def _is_respelled(target: Path, path: str, deleted: Mapping[str, Signature]) -> bool:
    """Whether the file is a deleted one, found under another spelling where case does not count."""
    alike = [other for other in deleted if collision_key(other) == collision_key(path)]
    return any(deleted[other] == signature_of(target / path) for other in alike)


def _content(artifact: File) -> Content:
    if not isinstance(artifact, Artifact):
        return Content(artifact.path, artifact.sha256, artifact.size, None)
    try:
        return _of_text(artifact.path, artifact.text)
    except UnicodeEncodeError:
        message = f"the text of {name_of(artifact.path)} contains a lone surrogate, which no file can"
        raise OutputError(message, "find it in the specs; nothing was written") from None


def _of_text(path: str, text: str) -> Content:
    data = text.encode()
    return Content(path, sha256(data).hexdigest(), len(data), text)


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
    files = _contents(artifacts)
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
    files = _contents(artifacts)
    place = located(target)
    with system_errors(target, "read"):
        if check_target(place) is EntryKind.MISSING:
            return OutputDifference(missing=tuple(sorted(files)))
        return undisturbed(place, lambda: _plan_files(place, files, _owned_if_understood(place)).difference())


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
    plan = _plan_files(place, files, owned_in(place))
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
            if signature_of(place / path) == before:
                (place / path).unlink()
    kept = {folder for path in plan.files for folder in parents(path)}
    left = {folder for path in (*plan.deleted, *plan.gone) for folder in parents(path)}
    for folder in sorted(left - kept, reverse=True):
        with suppress(OSError):  # it is not empty, or does not exist
            (place / folder).rmdir()
