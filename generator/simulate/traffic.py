"""The arrivals of runs: a working day's rhythm around a mean."""

from __future__ import annotations

from math import cos, pi

from msgspec import Struct

from generator.model.units import DAY, HOUR

# 1970-01-01 was a Thursday; in a week that starts there, Saturday is day 2.
_WEEKEND = (2, 3)
_PEAK_HOUR = 14


class Traffic(Struct, frozen=True):
    """Arrivals of runs over all instances.

    Attributes:
        runs_per_hour: The mean of a working day.
        swing: The part of the mean by which the peak at 14:00 UTC exceeds it, and the night falls below it;
            0 is the same all day.
        weekend: The traffic of a day at the weekend, as a part of a working day's.
    """

    runs_per_hour: float
    swing: float = 0.7
    weekend: float = 0.5

    @property
    def lowest(self) -> float:
        """Runs an hour at the quietest time of a week."""
        return self.runs_per_hour * (1 - self.swing) * self.weekend

    def at(self, time: float) -> float:
        """Runs per second at a Unix time."""
        hours = time % DAY / HOUR
        daily = 1 + self.swing * cos((hours - _PEAK_HOUR) / 24 * 2 * pi)
        weekly = self.weekend if time // DAY % 7 in _WEEKEND else 1
        return self.runs_per_hour / HOUR * daily * weekly
