"""The line of a source that a span is about, with its underline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.credentials import masked
from generator.diagnostics.printable import cells, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.diagnostics.diagnostic import Span

_BREAK = re.compile(r"\r\n|\r|\n")
_TAB = " " * 4
_BEFORE = 50
_WINDOW = 120


class Excerpt(Struct, frozen=True):
    """A line made safe to show; ``marks`` is the line below it, spaces and carets."""

    number: int
    line: str
    marks: str


def split_lines(text: str) -> tuple[str, ...]:
    """The lines without their ends; these are the lines that spans count."""
    return tuple(_BREAK.split(text))


def excerpt(lines: Sequence[str], span: Span) -> Excerpt | None:
    """The first line of the span, or None when the source has no such line."""
    if not 1 <= span.line <= len(lines):
        return None
    line = masked(lines[span.line - 1])
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    return _marked(span.line, line, start, max(end, start))


def _marked(number: int, line: str, start: int, end: int) -> Excerpt:
    left = max(0, start - _BEFORE) if len(line) > _WINDOW else 0
    right = left + _WINDOW
    head = "..." if left else ""
    tail = "..." if right < len(line) else ""
    before = head + _shown(line[left:start])
    marked = _shown(line[start : min(end, right)])
    after = _shown(line[max(start, min(end, right)) : right]) + tail
    marks = " " * cells(before) + "^" * max(1, cells(marked))
    return Excerpt(number, (before + marked + after).rstrip(), marks)


def _shown(text: str) -> str:
    return "".join(_TAB if character == "\t" else shown(character) for character in text)
