"""Diagnostics for programs: one JSON object."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from generator.diagnostics.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable


FORMAT_VERSION = 1


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
