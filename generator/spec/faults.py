"""A fault of the YAML parser, seen in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.spec.places import rest_of_line, start_of_line

if TYPE_CHECKING:
    from generator.spec.source import Source


class Fault(Struct, frozen=True):
    """The parser's own words, and the offsets of the problem and of the construct that it ends."""

    problem: str
    context: str = ""
    at: int | None = None
    opened: int | None = None


class Site(Struct, frozen=True):
    """A fault in its text."""

    source: Source
    fault: Fault

    @property
    def at(self) -> int:
        """The offset of the problem; the end of the file counts as the end of its last text."""
        end = len(self.source.text.rstrip())
        return min(self.fault.at or 0, end)

    @property
    def opened(self) -> int:
        """The offset of the construct in which the problem lies."""
        return self.at if self.fault.opened is None else self.fault.opened

    @property
    def character(self) -> str:
        """The character at the problem."""
        return self.source.text[self.at : self.at + 1]

    @property
    def before(self) -> str:
        """What stands before the problem on its line."""
        return start_of_line(self.source.text, self.at)

    @property
    def rest(self) -> str:
        """What stands on the line from the problem on."""
        return rest_of_line(self.source.text, self.at)
