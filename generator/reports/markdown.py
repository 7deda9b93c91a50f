"""Markdown from Jinja templates.

Autoescape is off: it escapes for HTML, and Markdown needs other characters escaped. So nothing of a spec goes into a
template as it is: a name goes through the filter ``code``, any other text through ``text``. An undefined name in a
template is an error.
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator.model.units import duration
from generator.reports import numbers

#: An underscore inside a word means nothing.
_SPECIAL = re.compile(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_MUCH = 0.8


def render(template: str, **values: object) -> str:
    """Fill a template of this package."""
    return _environment().get_template(template).render(values)


def code(value: str) -> str:
    """Write a name as code; what would end the code or the cell is replaced."""
    inside = _one_line(value).translate({ord("`"): "'", ord("|"): "/"})
    return f"`{inside}`"


def text(value: str) -> str:
    """Write text so that no character of it means anything to Markdown or HTML."""
    escaped = _SPECIAL.sub(r"\\\1", _one_line(value).replace("&", "&amp;"))
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def percent(value: float) -> str:
    """Write a share of a budget, bold where little is left."""
    return f"**{numbers.percent(value)}**" if value > _MUCH else text(numbers.percent(value))


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701 - Markdown, as said above
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        code=code, text=text, number=numbers.number, percent=percent, duration=duration
    )
    return environment
