"""Hours as written, such as ``07:00-19:00`` on ``mon-fri``, become times of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.hours import DAYS, Hours
from generator.model.units import DAY, HOUR, MINUTE, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.diagnostics import Findings
    from generator.spec.types import Text

#: Shorter hours would be over soon after the first alert may fire.
_SHORTEST = HOUR


def promised_hours(hours: Text | None, days: Iterable[Text], findings: Findings) -> Hours | None:
    """Read the hours of a promise; None where it is for any hour of every day."""
    begin, length = _times(hours, findings) if hours else (0, DAY)
    listed = {day for text in days for day in _days(text.value)}
    found = Hours(begin, length, tuple(sorted(listed)) or Hours().days)
    return None if found == Hours() else found


def _times(text: Text, findings: Findings) -> tuple[int, int]:
    begin, end = map(_seconds, text.value.split("-"))
    length = (end - begin) % DAY
    if length >= _SHORTEST:
        return begin, length
    what = f"are shorter than {duration(_SHORTEST)}" if length else "end when they begin"
    help_ = f"promise traffic for at least {duration(_SHORTEST)}; for whole days, leave hours out"
    findings.error("unit/hours", f"the hours {text.value} {what}", text.span, help_)
    return 0, DAY


def _seconds(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * HOUR + int(minute) * MINUTE


def _days(text: str) -> Iterator[int]:
    """List the days from the first named to the last, also over the end of a week."""
    first, _, last = text.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    yield from ((begin + day) % len(DAYS) for day in range((end - begin) % len(DAYS) + 1))
