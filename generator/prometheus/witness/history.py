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


class SeriesId(Struct, frozen=True, cache_hash=True):
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
    names = {name for phase in phases for name in (*phase.load, *phase.levels)}
    selectors = {str(name): name for name in names}
    spans = tuple(_Span(phase.seconds // scrape, phase.restarted) for phase in phases)
    return {
        selector: _values(_course(selectors[selector], phases), spans, scrape)
        for selector in sorted(selectors)
    }


class _Span(NamedTuple):
    """How many scrapes a phase has, and whether counters begin again with it."""

    scrapes: int
    restarted: bool


class _Course(NamedTuple):
    """What one series does in each phase: it gains so much a scrape, or stands at a level, or is not there."""

    gains: tuple[float | None, ...]
    levels: tuple[float | None, ...]


def _course(name: SeriesId, phases: tuple[Phase, ...]) -> _Course:
    return _Course(
        tuple([phase.load.get(name) for phase in phases]), tuple([phase.levels.get(name) for phase in phases])
    )


@lru_cache(maxsize=4096)
def _values(course: _Course, spans: tuple[_Span, ...], scrape: int) -> str:
    """Write the values of a series; many series of a case, and of its like, have the same."""
    begun = begun_at(course.gains, scrape)
    quantum = _quantum(begun, course.gains, spans)
    value = round(begun / quantum) * quantum
    parts = [_first(value, course)]
    for gain, level, span in zip(course.gains, course.levels, spans, strict=True):
        if span.restarted:
            value = 0.0
        if gain is not None:
            step = round(gain / quantum) * quantum
            parts.append(f"{_exact(value + step)}+{_exact(step)}x{span.scrapes - 1}")
            value += step * span.scrapes
        elif level is not None:
            parts.append(f"{plain(level)}x{span.scrapes - 1}")
        else:
            parts.append(f"_x{span.scrapes}")
    return " ".join(parts)


def _first(counted: float, course: _Course) -> str:
    if course.gains[0] is not None:
        return _exact(counted)
    level = course.levels[0]
    return "_" if level is None else plain(level)


def begun_at(gains: Sequence[float | None], scrape: int) -> float:
    """Say what a counter has counted when it is seen first: a minute at its fastest.

    From 0 on ``rate`` would tell its first minute short, as it takes it that it began after the window did.
    """
    return max(gain or 0.0 for gain in gains) * MINUTE / scrape


def _quantum(begun: float, gains: Sequence[float | None], spans: Sequence[_Span]) -> float:
    """Choose a power of two of which every sum of the steps is an exact multiple.

    promtool adds step by step. Rounded sums would end a hair above what the next phase begins with, and a counter
    that falls by a hair was restarted.
    """
    gained = sum((gain or 0.0) * span.scrapes for gain, span in zip(gains, spans, strict=True))
    return float(2.0 ** (ceil(log2(begun + gained + 1)) - _DIGITS))


def _exact(value: float) -> str:
    """Write a number so that it is read back as it is, without an exponent."""
    text = repr(value)
    return f"{Decimal(text):f}" if "e" in text else text
