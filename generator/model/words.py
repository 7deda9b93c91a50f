"""The word for a run: a source may measure requests, sessions, turns or generations."""

from __future__ import annotations

import re

#: The word for a run where a profile sets none.
RUN = "run"
#: The word in a sentence; in a name, such as ``run_count``, it stays.
_WORD = re.compile(r"(?<![\w:.$-])([Rr])un(s?)(?![\w:-])")


def worded(text: str, run: str, capital: str | None = None) -> str:
    """Call runs in a sentence as a profile calls them; ``capital`` is the word with a capital letter."""
    first = run.capitalize() if capital is None else capital
    return _WORD.sub(lambda match: f"{first if match[1] == 'R' else run}{match[2]}", text)
