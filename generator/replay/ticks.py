"""The marks of a time axis: at round times, and not too many."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil

from msgspec import Struct

from generator.model.units import DAY, HOUR, MINUTE

_WIDTHS = (
    *(MINUTE * count for count in (1, 2, 5, 10, 15, 30)),
    *(HOUR * count for count in (1, 2, 3, 6, 12)),
    *(DAY * count for count in (1, 2, 7, 14, 28, 91, 364)),
)
_MOST = 12


class Tick(Struct, frozen=True):
    """A mark of an axis; ``day`` is whether a day begins there."""

    time: int
    label: str
    day: bool


def ticks(start: float, end: float) -> tuple[Tick, ...]:
    """Mark an axis from ``start`` to ``end`` (Unix seconds) in UTC."""
    width = next((width for width in _WIDTHS if (end - start) / width <= _MOST), _WIDTHS[-1])
    return tuple(_tick(time) for time in range(ceil(start / width) * width, int(end) + 1, width))


def _tick(time: int) -> Tick:
    moment = datetime.fromtimestamp(time, UTC)
    day = time % DAY == 0
    return Tick(time, f"{moment:%a} {moment.day} {moment:%b}" if day else f"{moment:%H:%M}", day)
