"""Markdown from Jinja templates: the one place that knows what of a text Markdown would read.

Autoescape is off: it escapes for HTML, and Markdown needs other characters escaped. So nothing of a spec goes into a
template as it is: a name goes through the filter ``code``, what a link leads to through ``address``, any other text
through ``text``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator import templates
from generator.diagnostics.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

#: An underscore inside a word means nothing; an address, also one of mail, would become a link by itself.
_SPECIAL = re.compile(
    r"([\\`*\[\]|#~$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.)", re.IGNORECASE
)
#: What at the beginning of a line makes a list, a rule, or a heading of the line above.
_MARKER = re.compile(r"[-+=]|[0-9]+[.)](?= |$)")
#: What Markdown reads as spaces between words; others are shown.
_SPACES = re.compile(r"[ \t\r\n]+")
_CODE = re.compile(r"[^`|\n]+")


def environment(folder: Path) -> Environment:
    """Make the environment of the templates in a directory."""
    found = templates.environment(folder, autoescape=False)
    found.filters.update(address=address, code=code, text=text)
    return found


def text(value: str) -> str:
    """Write text on one line so that no character of it means anything to Markdown or HTML; blank text is quotes."""
    line = printable(_SPACES.sub(" ", value).strip(" ")) or '""' * bool(value)
    escaped = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;"))
    if marker := _MARKER.match(escaped):
        escaped = f"{escaped[: marker.end() - 1]}\\{escaped[marker.end() - 1 :]}"
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def code(value: str) -> str:
    """Write a name as code, and one that would end the code or the cell as text."""
    shown = printable(value)
    return f"`{shown}`" if _CODE.fullmatch(shown) and shown == shown.strip(" ") else text(value)


def address(value: str) -> str:
    """Write what a link leads to; the schemas let no bracket and no space into an address."""
    return f"<{value.replace('&', '&amp;')}>"
