"""Time zones by their names in the database of the IANA, whose rules for the years to come are in the POSIX form.

The database is that of the package ``tzdata``, so that the same specs have the same output on every machine.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from generator.diagnostics.wording import did_you_mean
from generator.model.hours import ClockChange, Season, Zone
from generator.model.units import DAY, HOUR, MINUTE, WEEK

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from zoneinfo import ZoneInfo

    from generator.diagnostics import Findings
    from generator.spec.types import Text

#: ``CET-1CEST,M3.5.0,M10.5.0/3``: names with what they lack of UTC, and when summer begins and ends.
_RULE = re.compile(
    r"(?:[A-Za-z]+|<[^>]+>)(?P<usual>[-+0-9:]+)"
    r"(?:(?:[A-Za-z]+|<[^>]+>)(?P<summer>[-+0-9:]*),(?P<begin>M[^,]+),(?P<end>M[^,]+))?"
)
_CHANGE = re.compile(r"M(\d+)\.(\d+)\.(\d+)(?:/(.+))?")
#: Clocks change at two, where nothing else is written.
_USUALLY = 2 * HOUR
#: The years in which a rule must hold, for nobody announces changes earlier.
_FIRST, _END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2027, 2037))


def time_zone(text: Text | None, findings: Findings) -> Zone | None:
    """Read the name of a time zone; None for UTC."""
    if text is None:
        return None
    name = text.value
    if name not in _names():
        help_ = did_you_mean(name, sorted(_names())) or "write a name such as Europe/Berlin, or UTC"
        findings.error("unit/time-zone", f'there is no time zone "{name}"', text.span, help_)
        return None
    found = zone_of(name)
    if found is None:
        findings.error(
            "unit/time-zone",
            f"the clocks of {name} do not change by the same rule each year",
            text.span,
            "leave time_zone out, and write the hours in UTC",
        )
    return found if found and (found.added or found.season) else None


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(_database().joinpath("zones").read_text("utf-8").split())


def _database() -> Traversable:
    from importlib import resources  # noqa: PLC0415 - takes as long as to read a service, and few have a zone

    return resources.files("tzdata")


@lru_cache(maxsize=64)
def zone_of(name: str) -> Zone | None:
    """Read the zone of a name in the database; None if its clocks follow no rule in the years to come."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    file = _database().joinpath("zoneinfo", *name.split("/"))
    rule = file.read_bytes().rstrip(b"\n").rpartition(b"\n")[2].decode()
    read = _RULE.fullmatch(rule)
    if read is None:
        return None
    usual = -_seconds(read["usual"])
    found = Zone(name, usual)
    if read["begin"]:
        summer = -_seconds(read["summer"]) if read["summer"] else usual + HOUR
        found = _with_summer(name, usual, summer, (read["begin"], read["end"]))
    with file.open("rb") as data:
        return found if _holds(found, ZoneInfo.from_file(data)) else None


def _with_summer(name: str, usual: int, summer: int, changes: tuple[str, str]) -> Zone:
    """Add the season within a year: where summer goes over New Year, that is the winter."""
    begin, end = _change(changes[0], usual), _change(changes[1], summer)
    if begin.month < end.month:
        return Zone(name, usual, Season(begin, end, summer - usual))
    return Zone(name, summer, Season(end, begin, usual - summer))


def _change(text: str, added: int) -> ClockChange:
    """Read when clocks change that add so many seconds until then."""
    month, week, day, time = _CHANGE.fullmatch(text).groups()  # type: ignore[union-attr]  # the database is right
    local = _seconds(time) if time else _USUALLY
    return ClockChange(int(month), int(week), int(day), local - added)


def _seconds(text: str) -> int:
    """Read a time such as ``-1:30``."""
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    length = sum(part * unit for part, unit in zip(parts, (HOUR, MINUTE, 1), strict=False))
    return -length if text.startswith("-") else length


def _holds(found: Zone, clocks: ZoneInfo) -> bool:
    """Whether the rule gives what the clocks show in the years to come."""
    return all(_shown(clocks, time) == found.added_at(time) for time in range(_FIRST, _END, WEEK + DAY))


def _shown(clocks: ZoneInfo, time: int) -> float:
    added = datetime.fromtimestamp(time, clocks).utcoffset()
    return added.total_seconds() if added is not None else 0
