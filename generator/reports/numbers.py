"""Numbers as people read them."""

from __future__ import annotations

_WHOLE_FROM = 10


def number(value: float) -> str:
    """Write a number with separators, whole from ten up."""
    whole = value == int(value) or value >= _WHOLE_FROM
    return f"{value:,.0f}" if whole else f"{value:,.1f}"


def percent(value: float) -> str:
    """Write a share: 0.47 as ``47 %``, 0.004 as ``0.4 %``."""
    return f"{number(value * 100)} %" if value * 100 < 1 else f"{value * 100:,.0f} %"
