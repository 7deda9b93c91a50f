"""Releases in the order they were first seen, and the newest one's signals beside the previous one's.

``release`` is only a label, and v10 sorts before v9: what came later is what was first seen later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.alerts import NEWEST_WINDOW, PREVIOUS_WINDOW, Regression
from generator.model.signals import Share, Signal, divisor
from generator.model.units import DAY
from generator.prometheus.recording.streams import of_metric, of_signal, over_window, record, recorded
from generator.promql.expr import Expr, aggregate, binary, call, number, top, total

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service, Site
    from generator.prometheus.rules import RecordingRule

#: How long a release counts as new, in seconds.
NEW_FOR = DAY

_BY = (names.RELEASE,)


class _Side(Struct, frozen=True):
    """One side of a comparison: what marks its release, and how far back it is read."""

    name: str
    marker: str
    window: int


_NEWEST = _Side("newest", names.NEWEST, NEWEST_WINDOW)
_PREVIOUS = _Side("previous", names.PREVIOUS, PREVIOUS_WINDOW)


def compared(service: Service) -> tuple[tuple[Signal, Metric], ...]:
    """Find the signals whose releases are compared, by their trend or by an alert, and what each divides by."""
    alerts = {alert.signal for alert in service.alerts if isinstance(alert.kind, Regression)}
    return tuple(
        (signal, metric)
        for signal in service.signals.values()
        if (metric := divisor(signal))
        and (signal.name in alerts or (signal.trend is not None and signal.trend.over is None))
    )


def order(service: Service) -> tuple[RecordingRule, ...]:
    """Record when each live release was first seen, and which are the newest and the previous."""
    runs = of_metric(service.runs).rate(service).now()
    live = aggregate("group", runs, _BY)
    first_seen = recorded(names.FIRST_SEEN, service)
    known = binary("and", call("last_over_time", first_seen.over(DAY)), live, on=_BY)
    new = number(0) * live + Expr("time()")
    newest = top(first_seen.now())
    young = Expr("time()") - newest < number(NEW_FOR)
    earlier = call("last_over_time", first_seen.over(DAY)) < call(
        "scalar", aggregate("max", first_seen.now())
    )
    return (
        record(names.FIRST_SEEN, binary("or", known, new, on=_BY), service),
        record(names.NEWEST, binary("and", newest, young, on=_BY), service),
        record(names.PREVIOUS, top(earlier), service),
    )


def rates(signal: Signal, metric: Metric, service: Service) -> tuple[RecordingRule, ...]:
    """Record a signal's two sides by release, once an interval, so that long windows are cheap."""
    stream = of_signal(signal, service)
    amount = stream.rate(service)
    every = total(of_metric(metric).rate(service).now(), _BY)
    if isinstance(signal.kind, Share):
        matching = total(amount.where(**signal.kind.where).now(), _BY)
        numerator = matching | number(0) * every
    else:
        numerator = total(amount.now(), _BY)
    return (
        record(names.part(signal, "numerator_rate", _BY), numerator, service),
        record(names.part(signal, "denominator_rate", _BY), every, service),
    )


def comparison(signal: Signal, service: Service, site: Site) -> tuple[RecordingRule, ...]:
    """Record the newest and the previous release's value, on how many events each stands, and the change."""
    return (
        *_side(signal, _NEWEST, service, site),
        *_side(signal, _PREVIOUS, service, site),
        record(names.part(signal, "release_change", _BY), _change(signal, service), service),
    )


def _side(signal: Signal, side: _Side, service: Service, site: Site) -> tuple[RecordingRule, ...]:
    """Record one side: its events, then its value."""
    chosen = recorded(side.marker, service).now()
    events_name = names.part(signal, f"{side.name}_denominator", _BY)
    counted = over_window(recorded(names.part(signal, "denominator_rate", _BY), service), side.window, site)
    amount = over_window(recorded(names.part(signal, "numerator_rate", _BY), service), side.window, site)
    events = recorded(events_name, service).now()
    return (
        record(events_name, binary("and", counted, chosen, on=_BY), service),
        record(names.part(signal, side.name, _BY), amount / (events > number(0)), service),
    )


def _change(signal: Signal, service: Service) -> Expr:
    newest, previous = (_marked(signal, side, service) for side in (_NEWEST, _PREVIOUS))
    on = (names.SERVICE,)
    if isinstance(signal.kind, Share):
        return binary("-", newest, previous, on=on, group_left=())
    return binary("/", newest, previous > number(0), on=on, group_left=()) - number(1)


def _marked(signal: Signal, side: _Side, service: Service) -> Expr:
    """Select the value of the one release that is marked; a marker's value is when its release was first seen.

    Prometheus does not end what it recorded before it started again, so for some minutes another one is there too.
    """
    value = recorded(names.part(signal, side.name, _BY), service).now()
    return binary("and", value, top(recorded(side.marker, service).now()), on=_BY)
