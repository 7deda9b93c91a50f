"""The list of what was generated, with hashes: ``manifest.json`` in the output directory.

    {
      "files": {
        "catalog.json": "<sha256 in hex>"
      },
      "generated_by": "agent-metrics",
      "version": 1
    }

It tells our files from others, and untouched ones from edited ones. ``before`` stands in it only while files are
replaced: the hashes of the files that were there, so that the next run can end what a killed one began.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from generator.diagnostics.printable import printable, quoted
from generator.output.directory import Kind, kind_of
from generator.output.errors import OutputError, name_of
from generator.output.paths import MANIFEST, path_fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VERSION = 1
_MAX_SIZE = 16 * 1024 * 1024
_GENERATED_BY = "agent-metrics"
_HASH = re.compile(r"[0-9a-f]{64}")
_CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)
_ENTRY = re.compile(r'^ *("(?:[^"\\]|\\.)+"): ("[0-9a-f]{64}"),?\r?$', re.MULTILINE)

Owned = dict[str, frozenset[str]]
"""The hashes that each generated file may have without having been edited."""


def manifest_of(hashes: Mapping[str, str], before: Owned | None = None) -> str:
    """The manifest's text for files with these hashes; ``before`` makes it that of a write under way."""
    document: dict[str, Any] = {
        "files": dict(hashes),
        "generated_by": _GENERATED_BY,
        "version": VERSION,
    }
    if before is not None:
        document["before"] = {path: sorted(hashes) for path, hashes in before.items()}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def hash_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def owned_in(place: Path) -> Owned:
    """Return the files that the manifest of a directory lists; none where there is none.

    Raises:
        OutputError: the manifest cannot be understood.
    """
    path = place / MANIFEST
    kind = kind_of(path)
    if kind is Kind.MISSING:
        return {}
    if kind is not Kind.FILE or path.lstat().st_size > _MAX_SIZE:
        message = f"{name_of(path)} is no manifest"
        raise OutputError(message, "move or delete it, then run again, or choose another output directory")
    return parse_manifest(path.read_bytes())


def parse_manifest(data: bytes) -> Owned:
    """The files that a manifest lists.

    With Git's conflict markers in it, what either side lists: both are generated, and both are to be replaced.

    Raises:
        OutputError: it is no manifest of ours, is of a later version, or lists what is no path of an output.
    """
    text = data.decode("utf-8", "surrogateescape")
    entries = _conflicting(text) if _CONFLICT.search(text) else _entries(_document(text))
    owned: Owned = {}
    for path, hashes in entries:
        if path_fault(path):
            raise _refused(f"lists {quoted(printable(path))}, which {path_fault(path)}")
        owned[path] = owned.get(path, frozenset()) | hashes
    return owned


def _conflicting(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    for match in _ENTRY.finditer(text):
        path = _json(match[1])
        yield path, frozenset({_json(match[2])})


def _document(text: str) -> dict[str, Any]:
    document = _json(text)
    if not isinstance(document, dict) or document.get("generated_by") != _GENERATED_BY:
        raise _refused("was not made by agent-metrics")
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise OutputError(
            f"manifest.json has version {version}; this agent-metrics knows {VERSION}",
            "use the agent-metrics that wrote it, or a later one",
        )
    if version != VERSION:
        raise _refused("has no version that agent-metrics ever wrote")
    return document


def _json(text: str) -> Any:  # noqa: ANN401 - what JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("cannot be read as JSON") from None


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    for key, path, hashes in _listed(document):
        every = [hashes] if key == "files" else hashes
        if not isinstance(every, list) or not all(
            isinstance(one, str) and _HASH.fullmatch(one) for one in every
        ):
            raise _refused(f"lists {quoted(printable(path))} without its SHA-256")
        yield path, frozenset(every)


def _listed(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key in ("files", "before"):
        mapping = document.get(key, {} if key == "before" else None)
        if not isinstance(mapping, dict):
            raise _refused(f'has no map "{key}"')
        yield from ((key, path, hashes) for path, hashes in mapping.items())


def _refused(fault: str) -> OutputError:
    return OutputError(
        f"manifest.json in the output directory {fault}",
        "restore it from version control; or, if the directory holds only what was generated, delete the directory;"
        " or choose another one",
    )
