"""The hours of promised traffic: as a service's file records them, and as alerts read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.hours import DAYS, GRACE, ClockChange, Hours, Season, Zone, spans_of_days
from generator.model.units import DAY
from generator.promql.expr import Expr, aggregate, any_of, binary, call, number, series, vector
from generator.streams.scope import rule, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
    from generator.streams.scope import Scope


def hours_records(hours: Hours, service: Service) -> Iterator[RecordingRule]:
    """Record 1 in the hours, and 0 outside; after midnight they belong to the day on which they began.

    Before it, for a zone whose clocks change: the seconds that they add to UTC.
    """
    zone, now, inside = hours.zone, call("time"), []
    if zone and zone.season:
        yield rule(names.CLOCK, _added(zone, zone.season), **{names.SERVICE: service.name})
        now += series(names.CLOCK, {names.SERVICE: service.name}).now()
    elif zone:
        now += number(zone.added)

    def as_vector(clock: Expr) -> Expr:
        return clock if zone and zone.season else call("vector", clock)

    if hours.length < DAY:
        # The remainder of a negative number would be negative, and the clock of promtool begins at 0.
        since = binary("%", now + number((2 * DAY if zone else DAY) - hours.begin), number(DAY))
        inside.append(as_vector(since) < number(hours.length))
    if len(hours.days) < len(DAYS):
        began = now - number(hours.begin) if hours.begin else now
        inside.append(_on_days(hours.days, call("day_of_week", as_vector(began))))
    found = inside[0] if len(inside) == 1 else inside[0] & inside[1]
    labels = {names.SERVICE: service.name, names.WORDS: hours.words}
    yield rule(names.HOURS, aggregate("group", found) | vector(0), **labels)


def _added(zone: Zone, season: Season) -> Expr:
    return vector(zone.added) + (aggregate("group", _in_season(season)) * number(season.added) | vector(0))


def _in_season(season: Season) -> Expr:
    """Select a sample in the season, and none outside, as ``Season.holds`` decides it."""
    begin, end = season.begin, season.end
    first, second = (call("vector", _less(call("time"), one.after)) for one in (begin, end))
    month = (call("month", first) > number(begin.month)) <= number(end.month)
    began = month | _in_month(begin, first) & (_latest(begin, first) >= number(begin.earliest))
    not_over = _in_month(end, second) & (_latest(end, second) < number(end.earliest))
    return began & ((call("month", second) < number(end.month)) | not_over)


def _less(time: Expr, seconds: int) -> Expr:
    return time - number(seconds) if seconds >= 0 else time + number(-seconds)


def _in_month(change: ClockChange, date: Expr) -> Expr:
    return binary("==", call("month", date), number(change.month))


def _latest(change: ClockChange, date: Expr) -> Expr:
    """Find the day of the month of the latest such day of the week, 0 or less if it was in the month before."""
    weekday, week = call("day_of_week", date), number(len(DAYS))
    since = binary("%", weekday + number(len(DAYS) - change.day), week) if change.day else weekday
    return call("day_of_month", date) - since


def _on_days(days: tuple[int, ...], day: Expr) -> Expr:
    return any_of(
        [
            binary("==", day, number(first)) if first == last else (day >= number(first)) <= number(last)
            for first, last in spans_of_days(days)
        ]
    )


def due(scope: Scope) -> RecordingRule:
    """Record 1 while the hours have lasted for the grace, so that runs are missed, and 0 at all other times."""
    return rule(names.DUE, smallest(call("min_over_time", scope.written(names.HOURS).over(GRACE - 1))))


def may_have_hours(ground: Ground) -> bool:
    """Whether a service that a rule is about may promise its traffic in hours."""
    return ground.service is None or ground.service.hours is not None


def resting(ground: Ground) -> Expr:
    """Find the services whose runs nobody misses now."""
    return binary("==", ground.scope.record(names.DUE).now(), number(0))
