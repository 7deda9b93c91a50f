"""Diagnostics as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.diagnostic import Diagnostic, Severity, Span
from generator.diagnostics.printable import printable
from generator.diagnostics.text import location

if TYPE_CHECKING:
    from collections.abc import Iterable


_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


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
