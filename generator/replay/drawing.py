"""A drawing of a report as values: lanes, bars, bands and marks with their places, in units of the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.replay.ticks import Tick

#: The width of the whole drawing; names of alerts are in the gutter.
WIDTH, GUTTER, MARGIN = 1240.0, 250.0, 16.0


class Label(Struct, frozen=True):
    """Text at ``x``, about an event at ``at``; ``row`` keeps it from other texts."""

    x: float
    text: str
    row: int
    at: float


class Band(Struct, frozen=True):
    """An incident: shaded behind all lanes. ``found`` is the place of its first detection; None without one."""

    x: float
    width: float
    label: Label
    tip: str
    verdict: str
    found: float | None


class Bar(Struct, frozen=True):
    """An active alert on a track: pending from ``pending`` to ``x``, firing for ``width``; 0 is pending only."""

    pending: float
    x: float
    width: float
    y: float
    severity: str
    tip: str
    false_alarm: bool
    open_end: bool


class Lane(Struct, frozen=True):
    """The whole activity of one alert; ``quiet`` is one that never fired."""

    name: str
    note: str
    y: float
    height: float
    bars: tuple[Bar, ...]
    quiet: bool


class Section(Struct, frozen=True):
    """The lanes of a service, below its name; without a name where it is the only one."""

    name: str
    y: float
    lanes: tuple[Lane, ...]

    @property
    def bottom(self) -> float:
        """The end of its last lane."""
        return self.lanes[-1].y + self.lanes[-1].height


class Timeline(Struct, frozen=True):
    """The whole drawing: the axis, the names of incidents, the lanes from ``top`` to ``bottom``, the releases.

    Incidents and releases concern the lanes above ``judged`` only.
    """

    height: float
    axis_y: float
    top: float
    bottom: float
    judged: float
    axis: tuple[tuple[float, Tick], ...]
    bands: tuple[Band, ...]
    releases: tuple[Label, ...]
    sections: tuple[Section, ...]


class Scale(Struct, frozen=True):
    """The scale from times to places."""

    start: float
    end: float

    def __call__(self, time: float) -> float:
        """Return the place of ``time``; a time beyond an end is at that end."""
        part = (min(max(time, self.start), self.end) - self.start) / (self.end - self.start)
        return round(GUTTER + part * (WIDTH - GUTTER - MARGIN), 2)


def free(taken: Iterable[tuple[float, float]], left: float, right: float) -> bool:
    """Whether the range from ``left`` to ``right`` overlaps none of ``taken``."""
    return all(right <= begin or left >= end for begin, end in taken)
