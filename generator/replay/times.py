"""Times and amounts as people read them; all times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite, isnan
from typing import TYPE_CHECKING

from generator.model.units import MINUTE, duration

if TYPE_CHECKING:
    from generator.model.rules import AlertingRule

_HUNDREDTH = 0.01
_MONEY = "${{ if lt $value"


def iso(time: float) -> str:
    """Write a time for machines: ``2026-03-21T09:00:00Z``."""
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def utc(time: float) -> str:
    """Write a time for people, to the minute: ``2026-03-21 09:00 UTC``; seconds only where there are some."""
    return f"{clock(time)} UTC"


def clock(time: float) -> str:
    """Write a time where UTC is named elsewhere."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def lasting(seconds: float) -> str:
    """Write a length of time: ``45m``, ``1h30m``, ``2d3h``; 0 is ``0s``."""
    return duration(round(seconds))


def after(seconds: float) -> str:
    """Write the time after a start; negative for a start that was written down late."""
    return f"{lasting(-seconds)} before" if round(seconds) < 0 else f"after {lasting(seconds)}"


def share(value: float | None) -> str:
    """Write a share; a dash for None."""
    return "-" if value is None else f"{value:.0%}"


def alert_value(value: float | None, rule: AlertingRule) -> str:
    """Write a value as the alert's own description does; ``""`` for None."""
    if value is None:
        return ""
    if isnan(value) or not isfinite(value):
        return "NaN" if isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    description = rule.annotations.get("description", "")
    if "$value | humanizePercentage" in description:
        return f"{_digits(value * 100, 3)}%"
    if "$value | humanizeDuration" in description:
        return _time(value)
    return f"{'$' if _MONEY in description else ''}{_digits(value, 4)}"


def _time(seconds: float) -> str:
    if abs(seconds) >= MINUTE:
        return f"{'-' if seconds < 0 else ''}{lasting(abs(seconds))}"
    return f"{seconds:.3g}s" if abs(seconds) >= _HUNDREDTH or not seconds else f"{seconds * 1000:.3g}ms"


def _digits(value: float, digits: int) -> str:
    """Write a number with some digits, and a large one whole, never with an exponent: ``3,590``."""
    text = f"{value:.{digits}g}"
    return f"{value:,.0f}" if "e+" in text else text
