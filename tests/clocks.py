"""Clocks of places as Python reads them in the pinned database, independent of the compiler."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from zoneinfo import ZoneInfo

#: From here on, the rules of all places in tests hold.
FIRST = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())

#: Clocks that change in the north, in the south, on the day before in UTC, at night, by half an hour, and never.
PLACES = (
    *(
        "Europe/Berlin",
        "Europe/Dublin",
        "America/New_York",
        "America/Santiago",
        "Africa/Cairo",
        "Asia/Beirut",
    ),
    *("Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Asia/Kolkata"),
)


def of_place(name: str) -> ZoneInfo:
    """Read a place, not from the machine's own database."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file)


def added(clocks: ZoneInfo, time: float) -> float:
    """Return the seconds that clocks add to UTC."""
    offset = datetime.fromtimestamp(time, clocks).utcoffset()
    assert offset is not None
    return offset.total_seconds()
