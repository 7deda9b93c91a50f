"""Amounts as Grafana writes them in the units that the dashboards use."""

from __future__ import annotations

import time
from math import floor, isfinite, log10

_SECONDS = ((1, "s", 1), (1e-3, "ms", 1e3), (1e-6, "µs", 1e6))
_LONG = ((86_400, "days"), (3_600, "hours"), (60, "mins"))
_THOUSANDS = ((1e12, " Tri"), (1e9, " Bil"), (1e6, " Mil"), (1e3, " K"))
_SUFFIX = "suffix:"


def amount(value: float, unit: str, decimals: int | None = None) -> str:
    """Write a value for people; without ``decimals`` three digits count."""
    if not isfinite(value):
        return "-"
    if unit in _UNITS:
        return _UNITS[unit](value, decimals)
    return _digits(value, decimals) + (unit.removeprefix(_SUFFIX) if unit.startswith(_SUFFIX) else "")


def _share(value: float, decimals: int | None) -> str:
    return f"{_digits(value * 100, decimals)}%"


def _money(value: float, decimals: int | None) -> str:
    return f"{'-' if value < 0 else ''}${_short(abs(value), decimals)}"


def _ago(value: float, _decimals: int | None) -> str:
    return f"{_seconds(time.time() - value / 1000, 0)} ago"


def _short(value: float, decimals: int | None) -> str:
    for size, name in _THOUSANDS:
        if abs(value) >= size:
            return f"{_digits(value / size, decimals)}{name}"
    return _digits(value, decimals)


def _seconds(value: float, decimals: int | None) -> str:
    for size, name in _LONG:
        if abs(value) >= 2 * size:
            return f"{_digits(value / size, decimals)} {name}"
    for least, name, factor in _SECONDS:
        if abs(value) >= least:
            return f"{_digits(value * factor, decimals)} {name}"
    return f"{_digits(value, decimals)} s"


def _digits(value: float, decimals: int | None) -> str:
    """Write a number with some digits after the point, or with three digits that count."""
    if decimals is None:
        size = floor(log10(abs(value))) if value else 0
        decimals = max(0, min(6, 2 - size))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # -0.0 would show its sign


_UNITS = {
    "percentunit": _share,
    "currencyUSD": _money,
    "s": _seconds,
    "dateTimeFromNow": _ago,
    "short": _short,
}
