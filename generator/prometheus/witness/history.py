"""Raw histories in phases, and their notation in promtool's unit tests."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import ceil, log2
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from generator.model.units import MINUTE, plain
from generator.promql.expr import series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


#: Binary digits of a sum; a float has 53.
_DIGITS = 50


class SeriesId(NamedTuple):
    """A raw series: name and labels."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return _selector(self)


@lru_cache(maxsize=4096)
def _selector(name: SeriesId) -> str:
    return series(name.name, dict(name.labels)).now().text


#: What each counter gains between two scrapes.
Load = dict[SeriesId, float]


class Phase(Struct, frozen=True):
    """A stretch of time with a constant load.

    Attributes:
        seconds: Its length, whole scrapes.
        load: What the counters gain a scrape; a counter that is not named is not exposed.
        levels: Gauges and their values.
        restarted: The counters begin again at zero.
    """

    seconds: int
    load: Mapping[SeriesId, float]
    levels: Mapping[SeriesId, float] = field(default_factory=dict)
    restarted: bool = False


def merged(*loads: Mapping[SeriesId, float]) -> Load:
    """Add loads up."""
    total: Load = {}
    for load in loads:
        for name, amount in load.items():
            total[name] = total.get(name, 0) + amount
    return total


def notation(phases: tuple[Phase, ...], scrape: int) -> dict[str, str]:
    """Write the values of every series in promtool's notation, by selector; the first sample is at 0."""
    names = sorted({name for phase in phases for name in (*phase.load, *phase.levels)}, key=str)
    return {str(name): _values(name, phases, scrape) for name in names}


def _values(name: SeriesId, phases: tuple[Phase, ...], scrape: int) -> str:
    gains = [phase.load.get(name) for phase in phases]
    levels = [phase.levels.get(name) for phase in phases]
    quantum = _quantum(name, phases, scrape)
    value = round(begun_at(name, phases, scrape) / quantum) * quantum
    parts = [_exact(value) if gains[0] is not None else "_" if levels[0] is None else plain(levels[0])]
    for phase, gain, level in zip(phases, gains, levels, strict=True):
        count = phase.seconds // scrape
        if phase.restarted:
            value = 0.0
        if gain is not None:
            step = round(gain / quantum) * quantum
            parts.append(f"{_exact(value + step)}+{_exact(step)}x{count - 1}")
            value += step * count
        elif level is not None:
            parts.append(f"{plain(level)}x{count - 1}")
        else:
            parts.append(f"_x{count}")
    return " ".join(parts)


def begun_at(name: SeriesId, phases: Sequence[Phase], scrape: int) -> float:
    """Say what a counter has counted when it is seen first: a minute at its fastest.

    From 0 on ``rate`` would tell its first minute short, as it takes it that it began after the window did.
    """
    return max(phase.load.get(name, 0.0) for phase in phases) * MINUTE / scrape


def _quantum(name: SeriesId, phases: Sequence[Phase], scrape: int) -> float:
    """Choose a power of two of which every sum of the steps is an exact multiple.

    promtool adds step by step. Rounded sums would end a hair above what the next phase begins with, and a counter
    that falls by a hair was restarted.
    """
    gained = sum(phase.load.get(name, 0.0) * (phase.seconds // scrape) for phase in phases)
    largest = begun_at(name, phases, scrape) + gained
    return float(2.0 ** (ceil(log2(largest + 1)) - _DIGITS))


def _exact(value: float) -> str:
    """Write a number so that it is read back as it is, without an exponent."""
    return f"{Decimal(repr(value)):f}"
