"""What the pace of the last hours makes of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.units import DAY, HOUR
from generator.prometheus.recording.streams import of_signal, over_window, record, recorded
from generator.promql.expr import any_of, binary, number, total

if TYPE_CHECKING:
    from generator.model.service import Service, Site
    from generator.model.signals import Signal
    from generator.prometheus.rules import RecordingRule

PACE = 6 * HOUR


def forecast(signal: Signal, service: Service, site: Site) -> tuple[RecordingRule, ...]:
    """Record the last hours' amount and the day that it makes.

    A day is not flat: the last 24 hours are scaled by these hours against the same hours of yesterday. Hours in
    which yesterday nearly stood still would make any day enormous, so it is no more than the last 24 hours or these
    hours' flat pace come to. Without a whole yesterday the flat pace has to do.
    """
    pace_name, like_name = names.windowed(signal, "increase", PACE), names.part(signal, "like_yesterday")
    amount = total(over_window(of_signal(signal, service).rate(service), PACE, site))
    pace, like = recorded(pace_name, service), recorded(like_name, service).now()
    # Yesterday's hours are whole only if there were as many before them.
    whole = binary("and", pace.now(offset=DAY), pace.now(offset=DAY + PACE), on=(names.SERVICE,))
    day, flat = recorded(names.value(signal), service).now(), pace.now() * number(DAY // PACE)
    least = any_of([like <= flat, like <= day, flat > day, day & like, flat])
    return (
        record(pace_name, amount, service),
        record(like_name, day * (pace.now() / (whole > number(0))), service),
        record(names.part(signal, "forecast"), least, service),
    )
