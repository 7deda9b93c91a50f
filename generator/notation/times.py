"""Durations as written become seconds, hours such as ``07:00-19:00`` on ``mon-fri`` times of the week.

Windows must be long enough, and a pace has two windows.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from generator.model.alerts import Burn
from generator.model.hours import DAYS, Hours
from generator.model.units import DAY, HOUR, MINUTE, duration, parse_duration
from generator.notation.quantities import LARGEST
from generator.notation.zones import time_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Findings
    from generator.model.service import Site
    from generator.spec.types import Text, TrafficSpec

#: Prometheus needs two in a range; with four, one may be missed.
_FEWEST_SCRAPES = 4
#: Only dashboards look back further; a rule would read as much every minute.
LONGEST_WINDOW = 31 * DAY
#: No rule reads the whole window of an objective, which may be a quarter or a year.
SHORTEST_OBJECTIVE, LONGEST_OBJECTIVE = DAY, 366 * DAY
#: The window of a signal whose author wrote none.
DEFAULT_WINDOW = 15 * MINUTE
#: How far back a change and a silence of runs look, where their author wrote nothing.
DEFAULT_OVER = 30 * MINUTE
#: The window that paces are written for, and the relative difference up to which another counts as equal.
MONTH = 30 * DAY
_ALIKE = 0.1
#: Shorter hours would be over soon after the first alert may fire.
_SHORTEST_HOURS = HOUR
#: A slower pace never ends a budget.
_SLOWEST = 0.01
_DIGITS_OF_A_DAY = len("20260321")
_NOTHING = re.compile(r"(0+[wdhms])+")
_PACE = re.compile(r"(?P<factor>[0-9]+(?:\.[0-9]+)?)x in (?P<long>[0-9a-z]+) and (?P<short>[0-9a-z]+)")


class _Limits(NamedTuple):
    """The longest allowed time, in seconds, and a usual one."""

    longest: int
    suits: str
    shortest: int = 0


_OF_RULES = _Limits(LONGEST_WINDOW, "15m")
_OF_OBJECTIVES = _Limits(LONGEST_OBJECTIVE, "30d", SHORTEST_OBJECTIVE)


def seconds(text: Text | None, default: int, findings: Findings) -> int:
    """Read a duration of whole seconds."""
    if text is None:
        return default
    length = parse_duration(text.value)
    if length is None or length != int(length):
        findings.error(
            "unit/duration",
            f'"{text.value}" is no duration of whole seconds between 1s and ten years',
            text.span,
            "write a whole number with its unit, such as 30s, 5m, 1h or 30d; 1.5m is 90s",
        )
        return default
    return int(length)


def wait(text: Text | None, default: int, findings: Findings) -> int:
    """Read a waiting time, at most the longest window; ``0s`` is no wait."""
    if text is not None and _NOTHING.fullmatch(text.value):
        return 0
    waited = seconds(text, default, findings)
    if text is not None and waited > LONGEST_WINDOW:
        findings.error(
            "unit/range",
            f"a wait of {duration(waited)} is longer than {duration(LONGEST_WINDOW)}",
            text.span,
            f"wait for at most {duration(LONGEST_WINDOW)}; 5m suits most",
        )
        return default
    return waited


def window(text: Text | None, default: int, site: Site, findings: Findings) -> int:
    """Read a time to look back over: long enough for a recorded sample, and for four scrapes of its input."""
    return _window(text, default, _OF_RULES, site, findings)


def objective_window(text: Text, site: Site, findings: Findings) -> int:
    """Read the window of an objective: like ``window``, but may be longer than a rule's. A refused one is 30d."""
    return _window(text, MONTH, _OF_OBJECTIVES, site, findings)


def _window(text: Text | None, default: int, allowed: _Limits, site: Site, findings: Findings) -> int:
    length = seconds(text, default, findings)
    if text is not None and not _fits(text, length, allowed, site, findings):
        return default
    return length


def _fits(text: Text, length: int, allowed: _Limits, site: Site, findings: Findings) -> bool:
    least = max(_shortest_window(site), allowed.shortest)
    if length < least:
        _too_short(text, length, allowed, site, findings)
    elif length > allowed.longest:
        _too_long(text, length, allowed, findings)
    elif allowed is _OF_RULES and length % site.rule_interval:
        _not_whole(text, length, site, findings)
    else:
        return True
    return False


def _shortest_window(site: Site) -> int:
    """The seconds below which a window has no sample of its own, or too few scrapes for a meaningful rate."""
    return max(site.rule_interval, _FEWEST_SCRAPES * site.scrape_interval)


def burns(text: Text, site: Site, findings: Findings) -> tuple[Burn, ...]:
    """Read paces of a burn rate: ``14.4x in 1h and 5m, 6x in 6h and 30m``; windows as in ``window``."""
    paces = []
    for part in text.value.split(","):
        burn = _burn(part.strip())
        if burn is None:
            findings.error(
                "unit/burn-rate",
                f'"{part.strip()}" is no pace of burning an error budget',
                text.span,
                "write a factor, a long and a short window: 14.4x in 1h and 5m",
            )
            return ()
        if not all(_fits(text, each, _OF_RULES, site, findings) for each in (burn.short, burn.long)):
            return ()
        paces.append(burn)
    return tuple(paces)


def scaled_paces(paces: tuple[Burn, ...], window: int, site: Site) -> tuple[Burn, ...]:
    """Scale the windows of paces in proportion to the budget's: an alert fires at the same spent part of the budget.

    Windows of 27 to 33 days count as a month.
    """
    part = window / MONTH
    if abs(part - 1) <= _ALIKE:
        return paces
    step = site.rule_interval
    least = -(-_shortest_window(site) // step) * step

    def fitted(seconds: int, fewest: int) -> int:
        return max(fewest, min(round(seconds * part / step), LONGEST_WINDOW // step) * step)

    return tuple(Burn(one.factor, fitted(one.long, 2 * least), fitted(one.short, least)) for one in paces)


def _burn(part: str) -> Burn | None:
    match = _PACE.fullmatch(part)
    if match is None:
        return None
    factor = float(match["factor"])
    long, short = (parse_duration(match[name]) for name in ("long", "short"))
    if not long or not short or long <= short or not _SLOWEST <= factor <= LARGEST:
        return None
    return Burn(factor, int(long), int(short))


def _too_short(text: Text, length: int, allowed: _Limits, site: Site, findings: Findings) -> None:
    least = max(_shortest_window(site), allowed.shortest)
    name = "the rule interval" if least == site.rule_interval else "four scrapes"
    what = "a day" if least == allowed.shortest else f"{name}, {duration(least)}"
    verb = "promise" if allowed.shortest else "look back"
    findings.error(
        "unit/window",
        f"a window of {duration(length)} is shorter than {what}",
        text.span,
        f"{verb} over at least {duration(least)}; {allowed.suits} suits most",
    )


def _not_whole(text: Text, length: int, site: Site, findings: Findings) -> None:
    step = site.rule_interval
    below = length // step * step
    findings.error(
        "unit/window",
        f"a window of {duration(length)} is no whole number of rule intervals of {duration(step)}",
        text.span,
        f"write {duration(below)} or {duration(below + step)}; 15m suits most",
    )


def _too_long(text: Text, length: int, allowed: _Limits, findings: Findings) -> None:
    findings.error(
        "unit/window",
        f"a window of {duration(length)} is longer than {duration(allowed.longest)}",
        text.span,
        f"look back over at most {duration(allowed.longest)}; {allowed.suits} suits most",
    )


def promised_hours(traffic: TrafficSpec, findings: Findings) -> Hours | None:
    """Read the hours of a promise; None where it is for any hour of every day."""
    hours, days, place = traffic.hours, traffic.days.values if traffic.days else (), traffic.time_zone
    begin, length = _begin_and_length(hours, findings) if hours else (0, DAY)
    listed = {day for text in days for day in _days(text.value)}
    found = Hours(begin, length, tuple(sorted(listed)) or Hours().days)
    if found != Hours():
        return replace(found, zone=time_zone(place, findings))
    if place and not hours:
        message = "traffic is promised at any hour of every day, so the time zone changes nothing"
        findings.error("unit/time-zone", message, place.span, "add hours or days, or leave time_zone out")
    return None


def _begin_and_length(text: Text, findings: Findings) -> tuple[int, int]:
    begin, end = map(_time_of_day, text.value.split("-"))
    length = (end - begin) % DAY
    if length >= _SHORTEST_HOURS:
        return begin, length
    what = f"are shorter than {duration(_SHORTEST_HOURS)}" if length else "end when they begin"
    help_ = f"promise traffic for at least {duration(_SHORTEST_HOURS)}; for whole days, leave hours out"
    findings.error("unit/hours", f"the hours {text.value} {what}", text.span, help_)
    return 0, DAY


def _time_of_day(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * HOUR + int(minute) * MINUTE


def _days(text: str) -> Iterator[int]:
    """List the days from the first named to the last, also over the end of a week."""
    first, _, last = text.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    yield from ((begin + day) % len(DAYS) for day in range((end - begin) % len(DAYS) + 1))


def is_day(text: str) -> bool:
    """Whether a text is a date alone: ``2026-03-21``, or ``20260321``, which would be Unix seconds as well."""
    if len(text) != _DIGITS_OF_A_DAY and re.fullmatch("[0-9.]+", text):
        return False  # Python reads the first eight of ten digits, and passes over the rest
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
