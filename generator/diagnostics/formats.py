"""Diagnostics for a person at a terminal, each with the line that it is about, and for programs.

Programs read JSON, workflow commands of GitHub, or SARIF.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct, to_builtins

from generator.diagnostics import Diagnostic, Note, Severity, Span
from generator.diagnostics.pages import code_page
from generator.diagnostics.wording import cells, masked, printable, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FORMAT_VERSION = 1
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_NUMBER_WIDTH = 5
_BOLD = "1"
_CYAN = "36"
_SEVERITY_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;34"}
_BREAK = re.compile(r"\r\n|\r|\n")
_TAB = " " * 4
_BEFORE = 50
_WINDOW = 120


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """``{"version", "summary": {"error", "warning", "info"}, "diagnostics": [...]}``, in ASCII.

    Each diagnostic has ``code``, ``severity``, ``message``, ``help``, ``span`` (or null) and ``notes``; a
    span counts lines and columns from 1, and its end is exclusive.
    """
    every = tuple(diagnostics)
    counts = Counter(diagnostic.severity for diagnostic in every)
    report: dict[str, Any] = {
        "version": _FORMAT_VERSION,
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
    explained = code_page(code)
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


class Excerpt(Struct, frozen=True):
    """A line made safe to show; ``marks`` is the line below it, spaces and carets."""

    number: int
    line: str
    marks: str


def render_text(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, colour: bool = False
) -> str:
    """Each diagnostic with its excerpt, then one line that counts them; empty without diagnostics.

    Args:
        diagnostics: the diagnostics, in the order of the output.
        sources: the text of each file by the name that spans use; without it there is no excerpt.
        colour: whether to add ANSI colours.
    """
    every = tuple(diagnostics)
    if not every:
        return ""
    lines = {file: split_lines(sources[file]) for file in _files(every) if file in sources}
    blocks = ["\n".join(_block(diagnostic, lines, colour=colour)) for diagnostic in every]
    return "\n\n".join([*blocks, summary(every)]) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """The number of each severity, as ``2 errors, 1 warning``."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    return ", ".join(f"{count} {_counted(each, count)}" for each in Severity if (count := counts[each]))


def _counted(severity: Severity, count: int) -> str:
    return str(severity) if count == 1 or severity is Severity.INFO else f"{severity}s"


def location(span: Span) -> str:
    """``file:line:column``, or the file alone for a whole file."""
    return printable(span.file) + (f":{span.line}:{span.column}" if span.line else "")


def _files(diagnostics: Sequence[Diagnostic]) -> set[str]:
    spans = [d.span for d in diagnostics] + [note.span for d in diagnostics for note in d.notes]
    return {span.file for span in spans if span}


def _block(diagnostic: Diagnostic, lines: Mapping[str, Sequence[str]], *, colour: bool) -> list[str]:
    paint = _SEVERITY_COLOURS[diagnostic.severity]
    head = _painted(f"{location(diagnostic.span)}: ", _BOLD, colour=colour) if diagnostic.span else ""
    label = _painted(f"{diagnostic.severity}[{diagnostic.code}]", paint, colour=colour)
    block = [f"{head}{label}: {printable(diagnostic.message)}"]
    block += _quoted(diagnostic.span, lines, paint, colour=colour)
    for note in diagnostic.notes:
        block += _note(note, lines, colour=colour)
    if diagnostic.help:
        block.append(f"  {_painted('help:', _CYAN, colour=colour)} {printable(diagnostic.help)}")
    return block


def _note(note: Note, lines: Mapping[str, Sequence[str]], *, colour: bool) -> list[str]:
    label = _painted("note:", _CYAN, colour=colour)
    head = f"  {label} {location(note.span)}: {printable(note.message)}"
    return [head, *_quoted(note.span, lines, _CYAN, colour=colour)]


def _quoted(span: Span | None, lines: Mapping[str, Sequence[str]], paint: str, *, colour: bool) -> list[str]:
    part = _excerpt(lines.get(span.file, ()), span) if span else None
    if part is None:
        return []
    number = f"{part.number:>{_NUMBER_WIDTH}}"
    indent = part.marks[: -len(part.marks.lstrip())]
    carets = _painted(part.marks.lstrip(), paint, colour=colour)
    return [f"{number} | {part.line}".rstrip(), f"{' ' * len(number)} | {indent}{carets}"]


def _painted(text: str, paint: str, *, colour: bool) -> str:
    return f"\x1b[{paint}m{text}\x1b[0m" if colour else text


def split_lines(text: str) -> tuple[str, ...]:
    """The lines without their ends; these are the lines that spans count."""
    return tuple(_BREAK.split(text))


def _excerpt(lines: Sequence[str], span: Span) -> Excerpt | None:
    """The first line of the span, or None when the source has no such line."""
    if not 1 <= span.line <= len(lines):
        return None
    line = masked(lines[span.line - 1])
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    return _marked(span.line, line, start, max(end, start))


def _marked(number: int, line: str, start: int, end: int) -> Excerpt:
    left = max(0, start - _BEFORE) if len(line) > _WINDOW else 0
    right = left + _WINDOW
    head = "..." if left else ""
    tail = "..." if right < len(line) else ""
    before = head + _shown(line[left:start])
    marked = _shown(line[start : min(end, right)])
    after = _shown(line[max(start, min(end, right)) : right]) + tail
    marks = " " * cells(before) + "^" * max(1, cells(marked))
    return Excerpt(number, (before + marked + after).rstrip(), marks)


def _shown(text: str) -> str:
    return "".join(_TAB if character == "\t" else visible(character) for character in text)
