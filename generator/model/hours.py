"""The hours of a promise: a time of the day, and the days on which it begins, by the clocks of a time zone.

These clocks may add other seconds to UTC in the summer of each year. The year is that of UTC: no clock changes within
a day of New Year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from generator.model.units import DAY, HOUR, MINUTE, WEEK

#: The days of a week, as PromQL counts them.
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
#: After each beginning, nothing is missed for so many seconds: services start, and runs need time to finish.
GRACE = 15 * MINUTE
#: 1970-01-01 was a Thursday.
_FIRST_DAY = DAYS.index("thu")
_MONDAY = DAYS.index("mon")
#: The number of a day's last occurrence in a month.
LAST = 5
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class ClockChange(Struct, frozen=True):
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
        days = _LENGTHS[self.month - 1] - len(DAYS) if self.week == LAST else (self.week - 1) * len(DAYS)
        return days + 1


class Season(Struct, frozen=True):
    """The part of each year in which clocks add other seconds: from one change to a later one of the same year."""

    begin: ClockChange
    end: ClockChange
    added: int

    def holds(self, time: float) -> bool:
        """Whether a Unix time is in the season."""
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


class Hours(Struct, frozen=True):
    """The times of each week in which runs are promised.

    Attributes:
        begin: Seconds after midnight.
        length: Seconds, up to a day; from the evening on, they go over midnight.
        days: The days on which they begin, as PromQL counts them: Sunday is 0.
        zone: The time zone; None for UTC.
    """

    begin: int = 0
    length: int = DAY
    days: tuple[int, ...] = tuple(range(len(DAYS)))
    zone: Zone | None = None

    def at(self, time: float) -> bool:
        """Whether a Unix time is within them."""
        local = time + (self.zone.added_at(time) if self.zone else 0)
        since = (local - self.begin + _FIRST_DAY * DAY) % WEEK
        return int(since // DAY) in self.days and since % DAY < self.length

    def within(self, window: int) -> int:
        """Count the seconds of a window that are within them, at most."""
        days, rest = divmod(window, DAY)
        return days * self.length + min(rest, self.length)

    @property
    def words(self) -> str:
        """Write them for people: ``mon-fri 07:00-19:00 UTC``."""
        daily = len(self.days) == len(DAYS)
        days = "" if daily else ", ".join(_named(*each) for each in spans_of_days(self.days, _MONDAY))
        times = "" if self.length == DAY else f"{_clock(self.begin)}-{_clock(self.begin + self.length)}"
        return " ".join(part for part in (days, times, self.zone.name if self.zone else "UTC") if part)


def spans_of_days(days: tuple[int, ...], first: int = 0) -> Iterator[tuple[int, int]]:
    """List the first and the last of days that follow each other, in a week that begins on ``first``."""
    places = sorted((day - first) % len(DAYS) for day in days)
    begins = [place for place in places if place - 1 not in places]
    ends = [place for place in places if place + 1 not in places]
    for begin, end in zip(begins, ends, strict=True):
        yield (begin + first) % len(DAYS), (end + first) % len(DAYS)


def _named(begin: int, end: int) -> str:
    return DAYS[begin] if begin == end else f"{DAYS[begin]}-{DAYS[end]}"


def _clock(seconds: int) -> str:
    return f"{seconds // HOUR % 24:02}:{seconds // MINUTE % 60:02}"


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(time // DAY * DAY, UTC)


def _is_past(change: ClockChange, date: datetime) -> bool:
    return date.month == change.month and _latest(change, date) >= change.earliest


def _is_before(change: ClockChange, date: datetime) -> bool:
    return date.month == change.month and _latest(change, date) < change.earliest


def _latest(change: ClockChange, date: datetime) -> int:
    """Return the day of the month of the latest such day of the week, 0 or less if it was in the month before."""
    return date.day - (date.isoweekday() - change.day) % len(DAYS)
