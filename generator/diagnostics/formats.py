"""Diagnostics for programs: JSON, workflow commands of GitHub, and SARIF."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import to_builtins

from generator.diagnostics import Diagnostic, Note, Severity, Span
from generator.diagnostics.pages import page
from generator.diagnostics.text import location
from generator.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT_VERSION = 1
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """``{"version", "summary": {"error", "warning", "info"}, "diagnostics": [...]}``, in ASCII.

    Each diagnostic has ``code``, ``severity``, ``message``, ``help``, ``span`` (or null) and ``notes``; a
    span counts lines and columns from 1, and its end is exclusive.
    """
    every = tuple(diagnostics)
    counts = Counter(diagnostic.severity for diagnostic in every)
    report: dict[str, Any] = {
        "version": FORMAT_VERSION,
        "summary": {str(severity): counts[severity] for severity in Severity},
        "diagnostics": [to_builtins(diagnostic) for diagnostic in every],
    }
    return json.dumps(report, indent=2) + "\n"


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One ``::error file=...,line=...::message`` a line; empty without diagnostics."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = [*_properties(diagnostic.span), f"title={_property(diagnostic.code)}"]
    message = printable(diagnostic.message)
    if diagnostic.span and diagnostic.span.is_shipped:
        message = f"{location(diagnostic.span)}: {message}"
    if diagnostic.help:
        message += f"\nhelp: {printable(diagnostic.help)}"
    return f"::{_COMMANDS[diagnostic.severity]} {','.join(properties)}::{_data(message)}"


def _properties(span: Span | None) -> list[str]:
    if span is None or span.is_shipped:
        return []
    file = [f"file={_property(span.file)}"]
    if not span.line:
        return file
    lines = [*file, f"line={span.line}", f"endLine={span.end_line}"]
    # Columns count only within one line.
    columns = [f"col={span.column}", f"endColumn={span.end_column}"]
    return lines + columns if span.line == span.end_line else lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")


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
