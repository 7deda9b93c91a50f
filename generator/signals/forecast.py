"""Forecasts: the day's total at the pace of the last hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Cost, Signal
from generator.model.streams import cost
from generator.model.units import DAY, HOUR
from generator.promql.expr import any_of, call, number
from generator.streams.scope import Scope, join, over_window, rule, summed

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule

PACE = 6 * HOUR
#: A change of clocks shifts the day by this much.
_SHIFT = HOUR


def forecast(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record the last hours' amount and the forecast of the day; without a whole yesterday there is none.

    A day is not flat: the last 24 hours are scaled by these hours over the same hours of yesterday, or those an hour
    before or after, whichever had most, since clocks change. Hours that were nearly idle yesterday would make any
    forecast enormous, so it is limited to the last 24 hours or these hours' flat pace.
    """
    pace_name, like_name = names.windowed(signal, "increase", PACE), names.part(signal, "like_yesterday")
    stream = cost(signal.of) if isinstance(signal.kind, Cost) else signal.of
    amount = summed(over_window(scope.stream(stream), PACE, scope.site))
    pace, like = scope.record(pace_name), scope.record(like_name).now()
    earlier = call("max_over_time", pace.over(2 * _SHIFT, offset=DAY - _SHIFT))
    day, flat = scope.record(names.value(signal)).now(), pace.now() * number(DAY // PACE)
    least = any_of([like <= flat, like <= day, flat > day, day])
    # Yesterday's hours are whole only if there are equally many before them.
    whole = call("last_over_time", pace.over(2 * _SHIFT, offset=DAY + PACE))
    return (
        rule(pace_name, amount),
        rule(like_name, day * (pace.now() / (earlier > number(0)))),
        rule(names.part(signal, "forecast"), join("and", least, whole)),
    )
