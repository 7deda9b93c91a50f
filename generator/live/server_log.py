"""Prometheus's log, for people."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ERROR = re.compile(r'\berr=(?P<text>"(?:[^"\\]|\\.)*"|\S+)')
_LINES = 3


def last_errors(log: Path) -> str:
    """Return the reasons in the last lines of ``log``; without a reason the lines; ``""`` for an empty log.

    ``ts=... caller=... level=error msg="loading groups failed" err="a.yml: 5:11: parse error"`` becomes
    ``a.yml: 5:11: parse error``.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reasons = [_unquoted(found["text"]) for line in lines if (found := _ERROR.search(line))]
    return "\n".join((reasons or lines)[-_LINES:])


def _unquoted(text: str) -> str:
    """Undo Go's quoting, which is JSON's except for rare escapes."""
    try:
        return str(json.loads(text)) if text.startswith('"') else text
    except ValueError:
        return text
