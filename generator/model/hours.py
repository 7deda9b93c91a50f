"""The hours of a promise: a time of the day, and the days on which it begins, by the clocks of a time zone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from generator.model.units import DAY, HOUR, MINUTE, WEEK
from generator.model.zones import Zone

#: The days of a week, as PromQL counts them.
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
#: After each beginning, nothing is missed for so many seconds: services start, and runs need time to finish.
GRACE = 15 * MINUTE
#: 1970-01-01 was a Thursday.
_FIRST_DAY = DAYS.index("thu")
_MONDAY = DAYS.index("mon")


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
