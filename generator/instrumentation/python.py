"""Texts of a spec as Python: literals and names."""

from __future__ import annotations

from functools import lru_cache
from keyword import iskeyword, issoftkeyword
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LATIN, _BASIC = 0x100, 0x10000
#: Characters of a line; an escape may make one a little longer.
_LINE = 100


@lru_cache(maxsize=4096)
def python_literal(text: str) -> str:
    r"""Write any string as a literal in printable ASCII, on one line: ``a "b"\n`` becomes ``'a "b"\n'``.

    The quotes are double ones unless others save escapes, as formatters prefer.
    """
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char in {quote, "\\"}:
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    code = ord(char)
    if char in "\n\r\t":
        return repr(char)[1:-1]
    if code < _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BASIC else f"\\U{code:08x}"


def docstring_literal(text: str) -> str:
    """Write a literal into a docstring: ``help`` shows the text to type, and its quotes do not end the docstring."""
    return python_literal(text).replace("\\", "\\\\").replace('"""', r"\"\"\"")


@lru_cache(maxsize=1024)
def docstring(text: str, indent: int) -> str:
    """Write a docstring, on one line if it fits; no text can end it early."""
    plain = "".join(_escaped(char, '"') for char in " ".join(text.split()))
    lines = wrap(plain, _LINE - indent, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1:
        return f'"""{plain}"""'
    return f"\n{' ' * indent}".join(('"""' + lines[0], *lines[1:], '"""'))


def python_number(value: float) -> str:
    """Write a number, a whole one without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def class_name(name: str) -> str:
    """Join the words of a name: ``support-agent`` becomes ``SupportAgent``."""
    return "".join(word[:1].upper() + word[1:] for word in name.replace("-", "_").split("_"))


def distinct_names(wanted: Iterable[tuple[str, str]], reserved: Iterable[str]) -> dict[str, str]:
    """Assign each key a unique name: the wanted one if it is free, else with ``_`` appended.

    ``wanted`` are pairs of a key and an identifier.
    """
    taken, found = set(reserved), {}
    for key, name in wanted:
        free = name
        while free in taken or iskeyword(free) or issoftkeyword(free):
            free += "_"
        taken.add(free)
        found[key] = free
    return found


def wrapped(text: str, indent: int) -> str:
    """Write a literal over several lines where it is too long for one; all but the first are indented."""
    if len(text) <= _LINE - indent:
        return python_literal(text)
    pieces, rest = [], text
    while len(rest) > _LINE - indent:
        cut = rest.rfind(" ", 1, _LINE - indent) + 1 or _LINE - indent
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return f"\n{' ' * indent}".join(python_literal(piece) for piece in (*pieces, rest))
