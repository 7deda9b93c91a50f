"""No file buries its reader: after so many findings the rest is counted only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.diagnostic import Diagnostic, Severity, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics.diagnostic import Span

MAX_PER_FILE = 50


def limited(diagnostics: Iterable[Diagnostic], limit: int = MAX_PER_FILE) -> tuple[Diagnostic, ...]:
    """The first ``limit`` diagnostics of each file in order; one more says how many were left out."""
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in ordered(diagnostics):
        by_file.setdefault(diagnostic.span.file if diagnostic.span else "", []).append(diagnostic)
    return tuple(kept for found in by_file.values() for kept in _cut(found, limit))


def left_out(first: Span | None, count: int) -> Diagnostic:
    """What tells that ``count`` findings are not shown, the first of them at ``first``."""
    return Diagnostic(
        "source/too-many-errors",
        Severity.WARNING,
        f"findings from here on that are not shown: {count}",
        first,
        help="mend those above first; one mistake often causes many",
    )


def _cut(found: list[Diagnostic], limit: int) -> list[Diagnostic]:
    rest = len(found) - limit
    return [*found[:limit], left_out(found[limit].span, rest)] if rest > 0 else found
