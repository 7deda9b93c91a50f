"""Markdown from Jinja templates: the one place with the rules for escaping Markdown.

Autoescape is off: it escapes for HTML, and Markdown needs other characters escaped. So no text of a spec goes into a
template as it is: a name goes through the filter ``code``, a link's target through ``address``, any other text through
``text``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics.wording import printable

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

#: An underscore inside a word means nothing; a web or mail address would become a link by itself.
_SPECIAL = re.compile(
    r"([\\`*\[\]|#~$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.)", re.IGNORECASE
)
#: Characters at the beginning of a line that make a list, a rule, or a heading of the line above.
_MARKER = re.compile(r"[-+=]|[0-9]+[.)](?= |$)")
#: Spaces between words for Markdown; other spaces are escaped.
_SPACES = re.compile(r"[ \t\r\n]+")
_CODE = re.compile(r"[^`|\n]+")


def markdown_environment(folder: Path) -> Environment:
    """Make the environment of the templates in a directory."""
    from generator import templates  # noqa: PLC0415 - Jinja is imported only where a text has changed

    made = templates.template_environment(folder, autoescape=False)
    made.filters.update(address=address, code=code, text=text)
    return made


def text(value: str) -> str:
    """Write text on one line with everything escaped that Markdown or HTML would read; blank text becomes quotes."""
    line = printable(_SPACES.sub(" ", value).strip(" ")) or '""' * bool(value)
    escaped = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;"))
    if marker := _MARKER.match(escaped):
        escaped = f"{escaped[: marker.end() - 1]}\\{escaped[marker.end() - 1 :]}"
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def code(value: str) -> str:
    """Write a name as code; a name that would end the code or the cell as text."""
    shown = printable(value)
    return f"`{shown}`" if _CODE.fullmatch(shown) and shown == shown.strip(" ") else text(value)


def address(value: str) -> str:
    """Write a link's target; the schemas allow no brackets and no spaces in an address."""
    return f"<{value.replace('&', '&amp;')}>"
