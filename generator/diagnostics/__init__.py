"""Findings about a spec: a code, a severity, a message, a place and a way out; and those of a stage together."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The prefix of shipped files' names: the reader has no such file.
SHIPPED_PREFIX = "shipped:"
#: A longer list overwhelms its reader: the rest is counted.
MAX_PER_FILE = 50
_LEFT_OUT = "source/too-many-errors"
T = TypeVar("T")


class Severity(StrEnum):
    """The severity of a finding; only an error stops the compiler."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Span(Struct, frozen=True, order=True):
    """A stretch of a source file; lines and columns count characters from 1, the end is exclusive.

    Line 0 means the file as a whole, such as one that cannot be read.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of_file(cls, file: str) -> Span:
        """The span of ``file`` as a whole."""
        return cls(file, 0, 0, 0, 0)

    @property
    def is_shipped(self) -> bool:
        """Whether it lies in a shipped file."""
        return self.file.startswith(SHIPPED_PREFIX)

    def lies_in(self, whole: Span) -> bool:
        """Whether it lies within another place of the same file."""
        begins = (whole.line, whole.column) <= (self.line, self.column)
        ends = (self.end_line, self.end_column) <= (whole.end_line, whole.end_column)
        return self.file == whole.file and begins and ends


class Note(Struct, frozen=True):
    """A second place that explains the first, such as the other of two duplicate keys."""

    message: str
    span: Span


class Diagnostic(Struct, frozen=True):
    """A finding; ``code`` is ``area/name`` and has an entry in ``codes``."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()


class Result(Struct, Generic[T], frozen=True):
    """The result of a stage: a value that may come with warnings, or no value and at least one error.

    No exception leaves a stage for bad input: it reports all its findings.
    """

    value: T | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, value: T, diagnostics: tuple[Diagnostic, ...] = ()) -> Result[T]:
        """The value, unless one of the diagnostics is an error."""
        return cls(None if has_errors(diagnostics) else value, diagnostics)

    @classmethod
    def failed(cls, *diagnostics: Diagnostic) -> Result[T]:
        """No value; at least one of the diagnostics is an error."""
        return cls(None, diagnostics)


def error(code: str, message: str, span: Span | None, help_: str = "", *notes: Note) -> Diagnostic:
    """An error; the arguments are a diagnostic's, in its order."""
    return Diagnostic(code, Severity.ERROR, message, span, help_, notes)


def warning(code: str, message: str, span: Span | None, help_: str = "", *notes: Note) -> Diagnostic:
    """A warning; the arguments are a diagnostic's, in its order."""
    return Diagnostic(code, Severity.WARNING, message, span, help_, notes)


def at_home(diagnostics: Iterable[Diagnostic], home: Span | None) -> tuple[Diagnostic, ...]:
    """Move findings about shipped files to ``home``, the reader's own place, with a note on the shipped file."""
    return tuple(
        replace(each, span=home, notes=(Note(f"this comes from {_whose(each.span)}", each.span), *each.notes))
        if home and each.span and each.span.is_shipped
        else each
        for each in diagnostics
    )


def _whose(shipped: Span) -> str:
    return (
        "its profile" if shipped.file.startswith(f"{SHIPPED_PREFIX}profiles/") else "the library of signals"
    )


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the compiler must stop."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each diagnostic once, by file and place; those without a place come first."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=_place))


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    span = diagnostic.span or Span.of_file("")
    return span.file, span.line, span.column, diagnostic.code, diagnostic.message


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
        left_out(min(out, key=_position).span, len(out)),
    ]


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    return (diagnostic.span.line, diagnostic.span.column) if diagnostic.span else (0, 0)
