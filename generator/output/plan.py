"""The files to write, and the steps from the existing ones; planned before anything is changed.

A file is ours when the manifest of the last write lists it. Our file is replaced, even when it was edited by hand (edit
the spec instead), and deleted when it is no longer generated, but only unedited. Every other file belongs to somebody:
where one is in the way, nothing is written.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact, File
from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import listed
from generator.output.directory import EntryKind, PathEntry, Signature, below, digest, find_entry, signature
from generator.output.manifest import Owned, manifest_of
from generator.output.outcome import OutputDifference, OutputError, WriteResult, name_of
from generator.output.paths import MANIFEST, check_paths, collision_key, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


_WHAT = {
    EntryKind.FILE: "a file that was not generated",
    EntryKind.LINK: "a link",
    EntryKind.DIRECTORY: "a directory",
    EntryKind.OTHER: "no regular file",
}


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


def contents(artifacts: Sequence[File]) -> dict[str, Content]:
    """Return the files to write, by path, including the manifest.

    Raises:
        OutputError: paths that are unsafe or collide; text that cannot be encoded.
    """
    check_paths(artifact.path for artifact in artifacts)
    files = {artifact.path: _content(artifact) for artifact in artifacts}
    manifest = manifest_of({path: content.sha256 for path, content in files.items()})
    return {**files, MANIFEST: _of_text(MANIFEST, manifest)}


def plan_files(target: Path, files: Mapping[str, Content], owned: Owned) -> WritePlan:
    """Compare the files to write with the existing ones.

    Args:
        target: The output directory, which need not exist.
        files: All files to write, including the manifest, by path.
        owned: The files in the manifest of ``target``.
    """
    stale = {path: _stale(target, path, owned[path]) for path in sorted(owned.keys() - files.keys())}
    deleted = {path: entry for path, entry in stale.items() if isinstance(entry, tuple)}
    fates = {path: _fate(target, path, files[path], owned, deleted) for path in sorted(files)}
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
    before = signature(target / path)
    return before if digest(target / path) in hashes else "kept"


def _fate(
    target: Path, path: str, content: Content, owned: Owned, deleted: Mapping[str, Signature]
) -> str | PathEntry:
    """A word, or the obstacle."""
    entry = find_entry(target, path)
    if entry.kind is EntryKind.MISSING or _makes_room(target, entry, deleted):
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


def _makes_room(target: Path, entry: PathEntry, deleted: Mapping[str, Signature]) -> bool:
    """Whether deletions remove the entry at the place of a new file."""
    if entry.kind is EntryKind.FILE:
        return entry.path in deleted or _is_respelled(target, entry.path, deleted)
    if entry.kind is not EntryKind.DIRECTORY:
        return False
    going = {*deleted, *(folder for path in deleted for folder in parents(path))}
    there = list(below(target, entry.path))
    return bool(there) and going.issuperset(there)


def _is_respelled(target: Path, path: str, deleted: Mapping[str, Signature]) -> bool:
    """Whether the file is a deleted one, found under another spelling where case does not count."""
    alike = [other for other in deleted if collision_key(other) == collision_key(path)]
    return any(deleted[other] == signature(target / path) for other in alike)


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
