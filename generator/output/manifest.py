"""The list of the generated files, with hashes: ``manifest.json`` in the output directory.

    {
      "files": {
        "catalog.json": "<sha256 in hex>"
      },
      "generated_by": "agent-metrics",
      "version": 1
    }

It separates our files from others, and unedited ones from edited ones. ``before`` is in it only while files are
replaced: the hashes of the old files, so that the next run can finish a killed one.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from generator.diagnostics.wording import printable, quoted
from generator.output.directory import MANIFEST, EntryKind, entry_kind, path_fault
from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_VERSION = 1
_MAX_SIZE = 16 * 1024 * 1024
_GENERATED_BY = "agent-metrics"
_CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)
_ENTRY = re.compile(r'^ *("(?:[^"\\]|\\.)+"): "([0-9a-f]{64})",?\r?$', re.MULTILINE)

#: The possible hashes of each generated file that was not edited.
Owned = dict[str, frozenset[str]]
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Manifest(msgspec.Struct, frozen=True):
    """A manifest of this version."""

    files: dict[str, _Hash]
    before: dict[str, tuple[_Hash, ...]] = {}


def manifest_of(hashes: Mapping[str, str], before: Owned | None = None) -> str:
    """The manifest's text for files with these hashes; ``before`` makes it that of a write under way."""
    document: dict[str, Any] = {
        "files": dict(hashes),
        "generated_by": _GENERATED_BY,
        "version": _VERSION,
    }
    if before is not None:
        document["before"] = {path: sorted(hashes) for path, hashes in before.items()}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def hash_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def owned_in(place: Path) -> Owned:
    """Return the files that the manifest of a directory lists; none without a manifest.

    Raises:
        OutputError: the manifest is invalid.
    """
    path = place / MANIFEST
    kind = entry_kind(path)
    if kind is EntryKind.MISSING:
        return {}
    if kind is not EntryKind.FILE or path.lstat().st_size > _MAX_SIZE:
        message = f"{name_of(path)} is no manifest"
        raise OutputError(message, "move or delete it, then run again, or choose another output directory")
    return parse_manifest(path.read_bytes())


def parse_manifest(data: bytes) -> Owned:
    """The files that a manifest lists.

    With Git's conflict markers, the files of both sides: both are generated, and both will be replaced.

    Raises:
        OutputError: it is not our manifest, is of a later version, or lists an invalid path.
    """
    try:
        text = data.decode()
        entries = _conflicting(text) if _CONFLICT.search(text) else _entries(data)
    except (ValueError, RecursionError) as problem:
        raise _refused(f"cannot be read: {printable(str(problem))}") from None
    owned: Owned = {}
    for path, hashes in entries:
        if path_fault(path):
            raise _refused(f"lists {quoted(printable(path))}, which {path_fault(path)}")
        owned[path] = owned.get(path, frozenset()).union(hashes)
    return owned


def _conflicting(text: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    return [(json.loads(path), (digest,)) for path, digest in _ENTRY.findall(text)]


def _entries(data: bytes) -> Iterable[tuple[str, tuple[str, ...]]]:
    document = msgspec.json.decode(data)
    if not isinstance(document, dict) or document.get("generated_by") != _GENERATED_BY:
        raise _refused("was not made by agent-metrics")
    version = document.get("version")
    if isinstance(version, int) and version > _VERSION:
        raise OutputError(
            f"manifest.json has version {version}; this agent-metrics knows {_VERSION}",
            "use the agent-metrics that wrote it, or a later one",
        )
    if version != _VERSION:
        raise _refused("has no version that agent-metrics ever wrote")
    manifest = msgspec.convert(document, _Manifest)
    return [*((path, (digest,)) for path, digest in manifest.files.items()), *manifest.before.items()]


def _refused(fault: str) -> OutputError:
    return OutputError(
        f"manifest.json in the output directory {fault}",
        "restore it from version control; or, if the directory holds only what was generated, delete the directory;"
        " or choose another one",
    )
