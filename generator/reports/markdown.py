"""The Markdown of reports, with their numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from generator import markdown
from generator.model.units import duration
from generator.reports import numbers

if TYPE_CHECKING:
    from jinja2 import Environment

_MUCH = 0.8


def render(template: str, **values: object) -> str:
    """Fill a template of this package."""
    return _environment().get_template(template).render(values)


def lines(template: str, macro: str, *values: object) -> str:
    """Fill a macro of a template of this package."""
    written: str = getattr(_environment().get_template(template).module, macro)(*values)
    return written


def percent(value: float) -> str:
    """Write a share of a budget, bold where little is left; it contains no text of a spec."""
    return f"**{numbers.percent(value)}**" if value > _MUCH else numbers.percent(value)


@cache
def _environment() -> Environment:
    found = markdown.environment(Path(__file__).parent / "templates")
    found.filters.update(number=numbers.number, percent=percent, duration=duration)
    return found
