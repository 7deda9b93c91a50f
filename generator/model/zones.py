"""Time zones: what a clock on the wall adds to UTC, which may be other in the summer of each year.

The year of a season is that of UTC: no clock changes within a day of New Year.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from generator.model.units import DAY

_DAYS_OF_WEEK = 7
#: The number of a day's last occurrence in a month.
LAST = 5
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Change(Struct, frozen=True):
    """The time of each year at which clocks change: on the first Sunday of a month, say.

    Attributes:
        month: From 1.
        week: The first to the fourth of these days in the month, or ``LAST``.
        day: The day of the week, as PromQL counts: Sunday is 0.
        after: Seconds from midnight UTC of that date to the change; negative where it is on the day before.
    """

    month: int
    week: int
    day: int
    after: int

    @property
    def earliest(self) -> int:
        """The earliest day of the month that it can be."""
        days = (
            _LENGTHS[self.month - 1] - _DAYS_OF_WEEK if self.week == LAST else (self.week - 1) * _DAYS_OF_WEEK
        )
        return days + 1


class Season(Struct, frozen=True):
    """The part of each year in which clocks add other seconds: from one change to a later one of the same year."""

    begin: Change
    end: Change
    added: int

    def holds(self, time: float) -> bool:
        """Whether a Unix time is in it."""
        first, second = _date(time - self.begin.after), _date(time - self.end.after)
        began = self.begin.month < first.month <= self.end.month or _is_past(self.begin, first)
        return began and (second.month < self.end.month or _is_before(self.end, second))


class Zone(Struct, frozen=True):
    """A time zone: the seconds that its clocks add to UTC, outside of its season."""

    name: str
    added: int
    season: Season | None = None

    def added_at(self, time: float) -> int:
        """Return the seconds that its clocks add to UTC at a Unix time."""
        return self.added + (self.season.added if self.season and self.season.holds(time) else 0)


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(time // DAY * DAY, UTC)


def _is_past(change: Change, date: datetime) -> bool:
    return date.month == change.month and _latest(change, date) >= change.earliest


def _is_before(change: Change, date: datetime) -> bool:
    return date.month == change.month and _latest(change, date) < change.earliest


def _latest(change: Change, date: datetime) -> int:
    """Return the day of the month of the latest such day of the week, 0 or less if it was in the month before."""
    return date.day - (date.isoweekday() - change.day) % _DAYS_OF_WEEK
