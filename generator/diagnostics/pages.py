"""The pages that explain diagnostic codes: one Markdown file a code, ``codes/<area>/<code>.md``.

A page has a fixed form: a heading ``# <code>: <title>``, why it matters, the way out, and where a text can show it, a
wrong example and a right one. Only the page that is needed is read.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from msgspec import Struct

_CODES = Path(__file__).parent / "codes"
_CODE = re.compile(r"[a-z]+/[a-z0-9]+(?:-[a-z0-9]+)*")
_PAGE = re.compile(r"# (?P<code>\S+): (?P<title>.+)\n\n(?P<why>.+?)\n\n\*\*Way out:\*\* ", re.DOTALL)


class Page(Struct, frozen=True):
    """The explanation of a code: its title, why it matters (one line), and the whole page as Markdown."""

    code: str
    title: str
    why: str
    text: str


@cache
def codes() -> tuple[str, ...]:
    """List all codes in alphabetical order, such as ``yaml/tab``."""
    return tuple(
        sorted(path.relative_to(_CODES).with_suffix("").as_posix() for path in _CODES.glob("*/*.md"))
    )


def code_page(code: str) -> Page | None:
    """Read the page of a code; None where the code does not exist."""
    # The code may be any typed text, even a path.
    path = _CODES / f"{code}.md"
    if not _CODE.fullmatch(code) or not path.is_file():
        return None
    return _parsed(path.read_text("utf-8"))


def pages() -> tuple[Page, ...]:
    """Read the pages of all codes, in the order of ``codes()``."""
    return tuple(_parsed((_CODES / f"{code}.md").read_text("utf-8")) for code in codes())


def _parsed(text: str) -> Page:
    parts = _PAGE.match(text)
    if parts is None:
        raise ValueError(f"a page without a heading, a reason or a way out: {text[:60]!r}")
    return Page(parts["code"], parts["title"], parts["why"].replace("\n", " "), text)
