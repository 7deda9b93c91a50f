"""Diagnostics about a spec: the message, the place, and the way out."""

from generator.diagnostics.diagnostic import (
    MAX_PER_FILE,
    SHIPPED,
    Diagnostic,
    Findings,
    Note,
    Result,
    Severity,
    Span,
    at_home,
    displayed,
    error,
    has_errors,
    left_out,
    limited,
    ordered,
    warning,
)

__all__ = [
    "MAX_PER_FILE",
    "SHIPPED",
    "Diagnostic",
    "Findings",
    "Note",
    "Result",
    "Severity",
    "Span",
    "at_home",
    "displayed",
    "error",
    "has_errors",
    "left_out",
    "limited",
    "ordered",
    "warning",
]
