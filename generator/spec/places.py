"""Where an offset in a text lies."""

from __future__ import annotations

import re
from bisect import bisect_right

from msgspec import Struct

from generator.diagnostics import Span

_BREAK = re.compile(r"\r\n|\r|\n")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


class Places(Struct, frozen=True):
    """The offsets at which the lines of a file's text begin."""

    file: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Places:
        """The places of a text; lines end as they do for YAML: LF, CR or both."""
        return cls(file, (0, *(match.end() for match in _BREAK.finditer(text))))

    def span(self, index: int, length: int = 1) -> Span:
        """The span of ``length`` characters of one line."""
        line = bisect_right(self.starts, index)
        column = index - self.starts[line - 1] + 1
        return Span(self.file, line, column, line, column + length)


def rest_of_line(text: str, index: int) -> str:
    """What stands from an offset to the end of its line, without trailing blanks."""
    match = _REST_OF_LINE.match(text, index)
    return match.group().rstrip() if match else ""


def start_of_line(text: str, index: int) -> str:
    """What stands on the line before an offset."""
    begin = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    return text[begin:index]
