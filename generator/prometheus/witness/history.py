"""Raw histories in phases, and their notation in promtool's unit tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generator.model.units import plain
from generator.promql.expr import series

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SeriesId:
    """A raw series: name and labels."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return series(self.name, dict(self.labels)).now().text


#: What each counter gains between two scrapes.
Load = dict[SeriesId, float]


@dataclass(frozen=True, slots=True)
class Phase:
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
    parts = [
        "0" if name in phases[0].load else plain(phases[0].levels[name]) if name in phases[0].levels else "_"
    ]
    value = 0.0
    for phase in phases:
        count = phase.seconds // scrape
        if phase.restarted:
            value = 0.0
        if name in phase.load:
            step = phase.load[name]
            parts.append(f"{plain(value + step)}+{plain(step)}x{count - 1}")
            value += step * count
        elif name in phase.levels:
            parts.append(f"{plain(phase.levels[name])}x{count - 1}")
        else:
            parts.append(f"_x{count}")
    return " ".join(parts)
