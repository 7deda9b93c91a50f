"""Units, and quantities as people write them: ``2s``, ``5%``, ``5pp``, ``$200``, ``2x``, ``40``."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
DURATION_UNITS = {"ms": 0.001, "s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
#: Prometheus takes no more than 292 years; ten are beyond any use.
LONGEST_DURATION = 3650 * DAY
_DURATION = re.compile(r"(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m(?!s))?(?:[0-9]+s)?(?:[0-9]+ms)?")
_DURATION_PART = re.compile(r"([0-9]+)(ms|[smhdw])")
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_WRITTEN = {
    "share": re.compile(_NUMBER + "%"),
    "points": re.compile(_NUMBER + "pp"),
    "money": re.compile(r"\$" + _NUMBER),
    "factor": re.compile(_NUMBER + "x"),
    "number": re.compile(_NUMBER),
}
_MAX_DIGITS = 18
_WHOLE_FROM = 10


class Unit(StrEnum):
    """The base unit of a signal; the value is also the last part of its recorded name."""

    SECONDS = "seconds"
    RATIO = "ratio"
    USD = "usd"
    COUNT = "count"

    @property
    def changes_in_points(self) -> bool:
        """Whether changes are percentage points, as those of shares, and not parts of the earlier value."""
        return self is Unit.RATIO


#: The base unit of an amount, by the unit that specs write for it; none is written for counts.
UNIT_OF = {"": Unit.COUNT, "ms": Unit.SECONDS, "s": Unit.SECONDS, "usd": Unit.USD}


class Quantity(Struct, frozen=True):
    """A written amount: ``kind`` is duration, share, points, money, factor or number; ``value`` in base units."""

    kind: str
    value: float


#: How a threshold or objective of each unit is written.
WRITTEN_AS = {
    Unit.SECONDS: ("duration", "2s"),
    Unit.RATIO: ("share", "5%"),
    Unit.USD: ("money", "$0.25"),
    Unit.COUNT: ("number", "40"),
}


def parse_quantity(text: str) -> Quantity | None:
    """Read ``text``; None when it is not a quantity."""
    if len(text) > _MAX_DIGITS:
        return None
    for kind, pattern in _WRITTEN.items():
        if match := pattern.fullmatch(text):
            # 99.9 / 100 is 0.9990000000000001.
            scale = "e-2" if kind in {"share", "points"} else ""
            return Quantity(kind, float(f"{match[1]}{scale}"))
    seconds = parse_duration(text)
    return None if seconds is None else Quantity("duration", seconds)


def parse_duration(text: str) -> float | None:
    """Seconds of a Prometheus duration such as ``30m`` or ``1h30m``; None when it is invalid, zero or too long."""
    if not text or len(text) > _MAX_DIGITS or not _DURATION.fullmatch(text):
        return None
    seconds = sum(int(count) * DURATION_UNITS[unit] for count, unit in _DURATION_PART.findall(text))
    return seconds if 0 < seconds <= LONGEST_DURATION else None


@lru_cache(maxsize=1024, typed=True)
def duration(seconds: int) -> str:
    """Write whole seconds as Prometheus does: 899 is ``14m59s``."""
    parts = []
    rest = seconds
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


@lru_cache(maxsize=4096)
def plain(value: float) -> str:
    """Write a number without an exponent or a needless ``.0``: 1e-05 is ``0.00001``."""
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def scientific(value: float) -> str:
    """Write a number with an exponent, with all its digits: 16777216 is ``1.6777216e+07``, as client libraries do."""
    mantissa, exponent = f"{Decimal(plain(value)).normalize():e}".split("e")
    return f"{mantissa}e{int(exponent):+03d}"


def human(value: float, unit: Unit) -> str:
    """Write an amount for people: 0.97 as ``97%``, 2.4 as ``2.4s``, 0.05 as ``$0.05``."""
    match unit:
        case Unit.RATIO:
            return f"{plain(round(value * 100, 4))}%"
        case Unit.SECONDS:
            return human_seconds(value)
        case Unit.USD:
            return f"${plain(round(value, 6))}"
        case Unit.COUNT:
            return plain(round(value, 6))


def human_seconds(value: float) -> str:
    """Write seconds for people: 0.25 as ``250ms``, 2.4 as ``2.4s``, 5400 as ``1h30m``."""
    if value < 1:
        return f"{plain(round(value * 1000, 3))}ms"
    if value < MINUTE or value != int(value):
        return f"{plain(round(value, 3))}s"
    return duration(int(value))


def points(value: float) -> str:
    """Write a difference of ratios: 0.05 as ``5pp``."""
    return f"{plain(round(value * 100, 4))}pp"


def human_change(value: float, unit: Unit) -> str:
    """Write a change for people: 0.05 as ``5pp`` of a share, as ``5%`` of anything else."""
    return points(value) if unit.changes_in_points else human(value, Unit.RATIO)


def human_number(value: float) -> str:
    """Write a number with separators, whole from ten up."""
    whole = value == int(value) or value >= _WHOLE_FROM
    return f"{value:,.0f}" if whole else f"{value:,.1f}"


def percent(value: float) -> str:
    """Write a share: 0.47 as ``47 %``, 0.004 as ``0.4 %``."""
    return f"{human_number(value * 100)} %" if value * 100 < 1 else f"{value * 100:,.0f} %"
