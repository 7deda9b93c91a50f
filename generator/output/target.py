"""The output directory as a call names it, and the files that shall be in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from generator.artifact import Packed
from generator.output.content import content_of, content_of_artifact
from generator.output.entries import Kind, kind_of
from generator.output.errors import OutputError, name_of
from generator.output.manifest import manifest_of, parse_manifest
from generator.output.paths import MANIFEST, check_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.artifact import File
    from generator.output.content import Content
    from generator.output.manifest import Owned

_MAX_MANIFEST = 16 * 1024 * 1024


def located(target: Path) -> Path:
    """The target with a real path above it; a link at the target itself is left for ``check_target`` to see.

    Links above it are the system's or the user's own arrangement (``/tmp`` on macOS), and are followed.

    Raises:
        OutputError: the path is none, or is the root.
    """
    if _is_no_path(str(target)):
        raise OutputError(f"{name_of(target)} is no path", "name another output directory")
    nameless = target.name in {"", ".."}
    real = Path(os.path.realpath(target if nameless else target.parent))
    place = real if nameless else real / target.name
    if place == place.parent:
        raise OutputError("the output directory cannot be the root", "name a directory of its own")
    return place


def check_target(place: Path) -> Kind:
    """Whether the target is a directory or missing.

    Raises:
        OutputError: it is a link, a file or something else.
    """
    kind = kind_of(place)
    if kind is Kind.LINK:
        message = f"{name_of(place)} is a link; the output is never written through a link"
        raise OutputError(message, "name the directory that it leads to")
    if kind in {Kind.FILE, Kind.OTHER}:
        raise OutputError(f"{name_of(place)} is not a directory", "name another output directory")
    return kind


def contents(artifacts: Sequence[File]) -> dict[str, Content]:
    """The files to be, by path, the manifest among them.

    Raises:
        OutputError: paths that are unsafe or collide; text that cannot be encoded.
    """
    check_paths(artifact.path for artifact in artifacts)
    try:
        files = {artifact.path: content_of_artifact(artifact) for artifact in artifacts}
    except UnicodeEncodeError:
        broken = next(
            artifact.path
            for artifact in artifacts
            if not isinstance(artifact, Packed) and _is_broken(artifact.text)
        )
        message = f"the text of {name_of(broken)} holds a lone surrogate, which no file can"
        raise OutputError(message, "find it in the specs; nothing was written") from None
    manifest = manifest_of({path: content.sha256 for path, content in files.items()})
    return {**files, MANIFEST: content_of(manifest.encode())}


def owned_in(place: Path) -> Owned:
    """What the manifest in an existing directory lists; nothing when there is none.

    Raises:
        OutputError: the manifest cannot be understood.
    """
    path = place / MANIFEST
    kind = kind_of(path)
    if kind is Kind.MISSING:
        return {}
    if kind is not Kind.FILE or path.lstat().st_size > _MAX_MANIFEST:
        message = f"{name_of(path)} is no manifest"
        raise OutputError(message, "move or delete it, then run again, or choose another output directory")
    return parse_manifest(path.read_bytes())


def _is_no_path(text: str) -> bool:
    try:
        return b"\0" in os.fsencode(text)
    except UnicodeEncodeError:
        return True


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
