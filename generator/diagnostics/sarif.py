"""Diagnostics as SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from generator.diagnostics.diagnostic import Diagnostic, Note, Severity, Span
from generator.diagnostics.pages import page
from generator.diagnostics.printable import printable
from generator.diagnostics.text import location

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(diagnostics: Iterable[Diagnostic], *, version: str = "") -> str:
    """One run of ``agent-metrics``, at ``version`` where it is known; relative files are relative to ``%SRCROOT%``."""
    every = tuple(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in every})
    driver: dict[str, Any] = {"name": "agent-metrics", "rules": [_rule(code) for code in codes]}
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes) for diagnostic in every],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    explained = page(code)
    if explained is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": explained.title},
        "fullDescription": {"text": explained.why},
        "help": {"text": explained.text, "markdown": explained.text},
    }


def _result(diagnostic: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    text = _plain(diagnostic.message)
    if diagnostic.help:
        text += f"\nhelp: {_plain(diagnostic.help)}"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if diagnostic.span:
        result["locations"] = [_place(diagnostic.span)]
    if diagnostic.notes:
        result["relatedLocations"] = [_related(note) for note in diagnostic.notes]
    return result


def _related(note: Note) -> dict[str, Any]:
    return {**_place(note.span), "message": {"text": _plain(note.message)}}


def _place(span: Span) -> dict[str, Any]:
    """The place of a finding; for a shipped file, which has no address, its name."""
    if span.is_shipped:
        return {"logicalLocations": [{"fullyQualifiedName": location(span)}]}
    return {"physicalLocation": _location(span)}


def _plain(text: str) -> str:
    """Escape text that would be read as a link, ``[text](1)``; other brackets stay, as many readers show escapes."""
    shown = printable(text)
    return re.sub(r"[\\\[\]]", r"\\\g<0>", shown) if "](" in shown else shown


def _location(span: Span) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _artifact(span.file)}
    if span.line:
        location["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return location


def _artifact(file: str) -> dict[str, str]:
    uri = quote(file, errors="surrogateescape")
    if PurePosixPath(file).is_absolute():
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}
