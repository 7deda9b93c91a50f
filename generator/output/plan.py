"""What a write will do to each path; found out before anything is touched.

A file is ours when the manifest of the last write lists it. Ours is replaced, even when it was edited by hand (it is
generated: the spec is where to edit), and deleted when it is no longer made, but only unedited. Everything else is
somebody's: where it stands in the way, nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import listed
from generator.output.entries import Kind, digest, entries, find, signature
from generator.output.errors import OutputError, name_of
from generator.output.paths import MANIFEST, collision_key, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from generator.output.content import Content
    from generator.output.entries import Found, Signature
    from generator.output.manifest import Owned

_WHAT = {
    Kind.FILE: "a file that was not generated",
    Kind.LINK: "a link",
    Kind.DIRECTORY: "a directory",
    Kind.OTHER: "no regular file",
}


class Plan(Struct, frozen=True):
    """Every path of the output by what happens to it, sorted; ``files`` is all that will be there.

    ``gone`` are listed in the manifest and are neither made nor there any more: only their directories may be left.
    """

    files: Mapping[str, Content]
    created: tuple[str, ...]
    changed: tuple[str, ...]
    edited: tuple[str, ...]
    unchanged: tuple[str, ...]
    deleted: Mapping[str, Signature]
    kept: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The paths that get new content; the manifest comes last."""
        every = {*self.created, *self.changed, *self.edited}
        return (*sorted(every - {MANIFEST}), *(every & {MANIFEST}))

    @property
    def left(self) -> tuple[str, ...]:
        """The paths whose directories go when nothing else is in them."""
        return (*self.deleted, *self.gone)


def make_plan(target: Path, files: Mapping[str, Content], owned: Owned) -> Plan:
    """Compare what is to be with what is there.

    Args:
        target: the output directory, or where it will be.
        files: all files to be, the manifest among them, by path.
        owned: what the manifest in ``target`` lists.

    Raises:
        OutputError: something that is not ours, or is no regular file, stands where a file is to go.
    """
    stale = {path: _stale(target, path, owned[path]) for path in sorted(owned.keys() - files.keys())}
    deleted = {path: found for path, found in stale.items() if isinstance(found, tuple)}
    whats = {path: _what_happens(target, path, files[path], owned, deleted) for path in sorted(files)}
    obstacles = {what.path: what.kind for what in whats.values() if not isinstance(what, str)}
    if obstacles:
        raise _in_the_way(target, obstacles)
    created, changed, edited, unchanged = (
        tuple(path for path, what in whats.items() if what == name)
        for name in ("created", "changed", "edited", "unchanged")
    )
    kept, gone = (tuple(path for path, found in stale.items() if found == name) for name in ("kept", "gone"))
    return Plan(files, created, changed, edited, unchanged, deleted, kept, gone)


def _stale(target: Path, path: str, hashes: Iterable[str]) -> Signature | str:
    """The signature of a file to delete; ``kept`` when it was edited, ``gone`` when it is not there."""
    found = find(target, path)
    if found.path != path or found.kind in {Kind.MISSING, Kind.DIRECTORY}:
        return "gone"
    if found.kind is not Kind.FILE:
        return "kept"
    before = signature(target / path)
    return before if digest(target / path) in hashes else "kept"


def _what_happens(
    target: Path, path: str, content: Content, owned: Owned, deleted: Mapping[str, Signature]
) -> str | Found:
    """A word, or the obstacle."""
    found = find(target, path)
    if found.kind is Kind.MISSING or _makes_room(target, found, deleted):
        return "created"
    if found.kind is not Kind.FILE or found.path != path:
        return found
    current = digest(target / path) if path in owned or _same_size(target / path, content) else ""
    if current == content.sha256:
        return "unchanged"
    if path == MANIFEST:
        return "changed"
    if path not in owned:
        return found
    return "changed" if current in owned[path] else "edited"


def _same_size(path: Path, content: Content) -> bool:
    return path.lstat().st_size == content.size


def _makes_room(target: Path, found: Found, deleted: Mapping[str, Signature]) -> bool:
    """Whether what stands at the place of a new file goes away by deletions."""
    if found.kind is Kind.FILE:
        return found.path in deleted or _is_respelled(target, found.path, deleted)
    if found.kind is not Kind.DIRECTORY:
        return False
    going = {*deleted, *(folder for path in deleted for folder in parents(path))}
    below = [f"{found.path}/{path}" for path, _ in entries(target / found.path)]
    return bool(below) and going.issuperset(below)


def _is_respelled(target: Path, path: str, deleted: Mapping[str, Signature]) -> bool:
    """Whether the file is a deleted one, found under another spelling where case does not count."""
    alike = [other for other in deleted if collision_key(other) == collision_key(path)]
    return any(deleted[other] == signature(target / path) for other in alike)


def _in_the_way(target: Path, obstacles: Mapping[str, Kind]) -> OutputError:
    every = listed(f'"{printable(path)}" is {_WHAT[kind]}' for path, kind in obstacles.items())
    return OutputError(
        f"{name_of(target)} holds what is in the way of the output: {every}",
        "move or delete it, then run again, or choose another output directory; nothing was written",
    )
