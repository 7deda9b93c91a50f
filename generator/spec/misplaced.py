"""A file of one kind where files of another are read: one finding, not one for each of its keys."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from generator.diagnostics import Diagnostic, Span, error
from generator.spec.schema import load_schema

if TYPE_CHECKING:
    from generator.spec.document import Document

#: What each kind is called, and where below the specs it is read.
_KINDS = {
    "service": ("a service", "services"),
    "profile": ("a profile", "profiles"),
    "prices": ("a price list", "prices.yaml"),
    "signals": ("a library of signals", "signals.yaml"),
    "site": ("the file of a site", "site.yaml"),
}
_FOLDERS = ("service", "profile")


def misplaced(document: Document, kind: str) -> Diagnostic | None:
    """Say what a file is, by its keys, that is no ``kind``; None where it may be one with faults."""
    keys = set(document.root.entries)
    other = next((each for each in _KINDS if each != kind and _is(each, keys, rather_than=kind)), None)
    if other is None:
        return None
    file = PurePosixPath(document.source.path)
    specs = file.parent.parent if kind in _FOLDERS else file.parent
    place = specs / _KINDS[other][1] / (file.name if other in _FOLDERS else "")
    message = f"this is {_KINDS[other][0]}, and {_KINDS[kind][0]} is read here"
    return error("source/misplaced", message, Span.of_file(document.source.path), f"move it to {place}")


def _is(kind: str, keys: set[str], *, rather_than: str) -> bool:
    schema, here = _contents(kind), _contents(rather_than)
    known, needed = set(schema["properties"]), set(schema.get("required", ()))
    others = set(here.get("required") or here["properties"]) - known
    return bool(keys) and needed <= keys <= known and not keys & others


def _contents(kind: str) -> dict[str, Any]:
    contents: dict[str, Any] = load_schema(kind).root.contents
    return contents
