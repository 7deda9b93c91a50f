"""The diagnostics of a stage, of which only the first ones for each file are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.diagnostic import Diagnostic, Note, Severity, Span, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable


MAX_PER_FILE = 50
"""A longer list overwhelms its reader: the rest is counted."""

_LEFT_OUT = "source/too-many-errors"


class Findings:
    """Collects the diagnostics of a stage, in the order in which they are found."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def add(self, *diagnostics: Diagnostic) -> None:
        """Add complete diagnostics."""
        self._found += diagnostics

    def error(self, code: str, message: str, span: Span | None, help_: str, *notes: Note) -> None:
        """Add an error."""
        self._found.append(Diagnostic(code, Severity.ERROR, message, span, help_, notes))

    def warning(self, code: str, message: str, span: Span | None, help_: str, *notes: Note) -> None:
        """Add a warning for the author."""
        self._found.append(Diagnostic(code, Severity.WARNING, message, span, help_, notes))

    def info(self, code: str, message: str, span: Span | None, help_: str = "") -> None:
        """Add a note on a decision made on the author's behalf."""
        self._found.append(Diagnostic(code, Severity.INFO, message, span, help_))

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """The diagnostics so far."""
        return tuple(self._found)

    @property
    def failed(self) -> bool:
        """Whether one of them is an error."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._found)


def limited(diagnostics: Iterable[Diagnostic], limit: int = MAX_PER_FILE) -> tuple[Diagnostic, ...]:
    """The first ``limit`` diagnostics of each file in order; one more has the number of omitted ones.

    Errors are kept before warnings: no warning may hide an error. Notes on decisions, and the number of findings that
    an earlier stage omitted, are not counted.
    """
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in ordered(diagnostics):
        by_file.setdefault(diagnostic.span.file if diagnostic.span else "", []).append(diagnostic)
    return tuple(kept for of_file in by_file.values() for kept in _cut(of_file, limit))


def displayed(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics to show of all stages: each once, in order, and for each file only the first ones."""
    return ordered(limited(diagnostics))


def left_out(first: Span | None, count: int) -> Diagnostic:
    """The note that ``count`` findings are not shown, the first of them at ``first``."""
    return Diagnostic(
        _LEFT_OUT,
        Severity.WARNING,
        f"findings from here on that are not shown: {count}",
        first,
        help="mend those above first; one mistake often causes many",
    )


def _cut(diagnostics: list[Diagnostic], limit: int) -> list[Diagnostic]:
    counted = [one for one in diagnostics if one.code != _LEFT_OUT and one.severity is not Severity.INFO]
    errors = [one for one in counted if one.severity is Severity.ERROR]
    others = [one for one in counted if one.severity is not Severity.ERROR]
    out = [*errors[limit:], *others[max(0, limit - len(errors)) :]]
    if not out:
        return diagnostics
    dropped = set(out)
    return [
        *(one for one in diagnostics if one not in dropped),
        left_out(min(out, key=_place).span, len(out)),
    ]


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    return (diagnostic.span.line, diagnostic.span.column) if diagnostic.span else (0, 0)
