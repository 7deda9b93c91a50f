"""Diagnostics about a spec: the message, the place, and the way out."""

from generator.diagnostics.diagnostic import (
    Diagnostic,
    Note,
    Result,
    Severity,
    Span,
    at_home,
    error,
    has_errors,
    ordered,
    warning,
)
from generator.diagnostics.findings import displayed, limited

__all__ = [
    "Diagnostic",
    "Note",
    "Result",
    "Severity",
    "Span",
    "at_home",
    "displayed",
    "error",
    "has_errors",
    "limited",
    "ordered",
    "warning",
]
