"""The hours of promised traffic: as a service's file records them, and as alerts read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.hours import DAYS, GRACE, Hours, spans_of_days
from generator.model.units import DAY
from generator.promql.expr import Expr, aggregate, any_of, binary, call, number, vector
from generator.streams.scope import rule, smallest

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
    from generator.streams.scope import Scope


def hours_record(hours: Hours, service: Service) -> RecordingRule:
    """Record 1 in the hours, and 0 outside; after midnight they belong to the day on which they began."""
    now, inside = call("time"), []
    if hours.length < DAY:
        # The remainder of a negative number would be negative, and the clock of promtool begins at 0.
        since = binary("%", now + number(DAY - hours.begin), number(DAY))
        inside.append(call("vector", since) < number(hours.length))
    if len(hours.days) < len(DAYS):
        began = now - number(hours.begin) if hours.begin else now
        inside.append(_on_days(hours.days, call("day_of_week", call("vector", began))))
    found = inside[0] if len(inside) == 1 else inside[0] & inside[1]
    labels = {names.SERVICE: service.name, names.WORDS: hours.words}
    return rule(names.HOURS, aggregate("group", found) | vector(0), **labels)


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
