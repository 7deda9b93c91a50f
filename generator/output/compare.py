"""Whether the output directory holds what would be written; only reads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from generator.output.entries import Kind, digest, find, kind_of
from generator.output.errors import OutputError, system_errors
from generator.output.lock import locked
from generator.output.outcome import Difference
from generator.output.target import check_target, contents, located, owned_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from generator.artifact import File
    from generator.output.content import Content

__all__ = ["Difference", "OutputError", "compare"]


def compare(artifacts: Sequence[File], target: Path) -> Difference:
    """Tell what ``write`` would change; nothing is touched, and what killed runs left is not cleaned up.

    A manifest that cannot be understood counts as changed; nothing is known to be stale then. A run that is writing
    meanwhile is awaited.

    Args:
        artifacts: all files to be, without the manifest, in any order.
        target: the output directory; need not exist.

    Raises:
        OutputError: artifact paths that are unsafe or collide; a target that is a link or no directory; no
            permission to read.
    """
    files = contents(artifacts)
    place = located(target)
    with system_errors(target, "read"):
        if kind_of(place.parent) is not Kind.DIRECTORY:
            return Difference(missing=tuple(sorted(files)))
        with locked(place, shared=True):
            return _compare(files, place)


def holds(target: Path, path: str, sha256: str) -> bool:
    """Whether the directory has a file of this content; where it cannot be read, it has none."""
    try:
        return digest(target / path) == sha256
    except OSError:
        return False


def _compare(files: Mapping[str, Content], place: Path) -> Difference:
    if check_target(place) is Kind.MISSING:
        return Difference(missing=tuple(sorted(files)))
    states = {path: _state(place, path, files[path]) for path in sorted(files)}
    return Difference(
        missing=tuple(path for path, state in states.items() if state == "missing"),
        changed=tuple(path for path, state in states.items() if state == "changed"),
        stale=_stale(files, place),
    )


def _state(place: Path, path: str, content: Content) -> str:
    found = find(place, path)
    if found.kind is Kind.MISSING or found.path != path:
        return "missing"
    if found.kind is not Kind.FILE:
        return "changed"
    return "same" if digest(place / path) == content.sha256 else "changed"


def _stale(files: Mapping[str, Content], place: Path) -> tuple[str, ...]:
    owned = {}
    with suppress(OutputError):
        owned = owned_in(place)
    found = {path: find(place, path) for path in sorted(owned.keys() - files.keys())}
    gone = {Kind.MISSING, Kind.DIRECTORY}
    return tuple(path for path, what in found.items() if what.path == path and what.kind not in gone)
