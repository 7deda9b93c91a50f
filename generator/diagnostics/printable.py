"""Text from a spec made safe to show: no invisible characters, none that move the cursor or turn the text."""

from __future__ import annotations

import unicodedata

from generator.diagnostics.credentials import masked

# Cc, Cf: control and invisible characters, including bidi marks; Cn, Co, Cs: no characters at all; Zl, Zp: line breaks
# in some programs; Zs: spaces that look like the plain one.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BYTE = range(0xDC80, 0xDD00)
_BMP_END = 0x10000
_LATIN_END = 0x100
MAX_QUOTED = 60


def printable(text: str) -> str:
    r"""The text with each invisible character written as ``\n``, ``\x07`` or ``\u202e``."""
    # Python's own definition is the same.
    return text if text.isprintable() else "".join(map(visible, text))


def quoted(text: str, limit: int = MAX_QUOTED) -> str:
    """The text in double quotes for a message, cut when it is long."""
    return f'"{shortened(masked(text), limit)}"'


def in_quotes(text: str) -> str:
    """The text as a quoted YAML scalar, for advice: cut when it is long."""
    part = shortened(masked(text))
    if '"' in part or "\\" in part:
        return "'" + part.replace("'", "''") + "'"
    return f'"{part}"'


def shortened(text: str, limit: int = MAX_QUOTED) -> str:
    """The text, cut when it is long."""
    return text if len(text) <= limit else text[:limit] + "..."


def visible(character: str) -> str:
    """One character as it is, or its escape when it is invisible."""
    if character == " " or unicodedata.category(character) not in _HIDDEN:
        return character
    if character in "\n\r\t":
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}[character]
    return _escape(ord(character))


def cells(text: str) -> int:
    """The columns of a terminal that the text takes: wide characters take two, combining ones none."""
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _escape(point: int) -> str:
    if point in _BYTE:  # a byte that was not UTF-8, as surrogateescape keeps it
        return rf"\x{point - 0xDC00:02x}"
    if point < _LATIN_END:
        return rf"\x{point:02x}"
    return rf"\u{point:04x}" if point < _BMP_END else rf"\U{point:08x}"
