"""Where a stage puts what it finds, so that all of it is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from generator.diagnostics.diagnostic import Note, Span


class Findings:
    """Collects the diagnostics of a stage, in the order in which they are found."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def add(self, *found: Diagnostic) -> None:
        """Add what is told in the same words elsewhere."""
        self._found += found

    def error(self, code: str, message: str, span: Span | None, help_: str, *notes: Note) -> None:
        """Add what makes the spec wrong."""
        self._found.append(Diagnostic(code, Severity.ERROR, message, span, help_, notes))

    def warning(self, code: str, message: str, span: Span | None, help_: str, *notes: Note) -> None:
        """Add what the author should look at."""
        self._found.append(Diagnostic(code, Severity.WARNING, message, span, help_, notes))

    def info(self, code: str, message: str, span: Span | None, help_: str = "") -> None:
        """Add what was decided on the author's behalf."""
        self._found.append(Diagnostic(code, Severity.INFO, message, span, help_))

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """What was found so far."""
        return tuple(self._found)

    @property
    def failed(self) -> bool:
        """Whether an error is among it."""
        return any(found.severity is Severity.ERROR for found in self._found)
