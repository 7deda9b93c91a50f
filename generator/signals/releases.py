"""Releases in the order they were first seen, and the newest one's signals beside the previous one's.

``release`` is only a label, and v10 sorts before v9: what came later is what was first seen later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.alerts import NEWEST_WINDOW, PREVIOUS_WINDOW, Regression
from generator.model.signals import Cost, Share, Signal, Tokens, divisor
from generator.model.streams import Stream, billed, cost
from generator.model.units import DAY
from generator.promql.expr import Expr, call, number
from generator.signals.events import long_window, rate_at
from generator.streams.scope import grouped, having, join, largest, rule, spread, summed, top

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.alerts import Alert
    from generator.model.rules import RecordingRule
    from generator.streams.scope import Scope

#: How long a release counts as new, in seconds.
NEW_FOR = DAY

_BY = (names.RELEASE,)


class _Side(Struct, frozen=True):
    """One side of a comparison: the marker of its release, and how far back it is read."""

    name: str
    marker: str
    window: int


_NEWEST = _Side("newest", names.NEWEST, NEWEST_WINDOW)
_PREVIOUS = _Side("previous", names.PREVIOUS, PREVIOUS_WINDOW)


def compared(signals: Iterable[Signal], alerts: Iterable[Alert]) -> tuple[tuple[Signal, Stream], ...]:
    """Find the signals whose releases are compared, by their trend or by an alert, and what each divides by."""
    watched = {alert.signal for alert in alerts if isinstance(alert.kind, Regression)}
    return tuple(
        (signal, stream)
        for signal in signals
        if (stream := divisor(signal))
        and (signal.name in watched or (signal.trend is not None and signal.trend.over is None))
    )


def order(runs: Stream, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record when each live release was first seen, and which are the newest and the previous."""
    live = grouped(having(scope.stream(runs), _BY).now(), _BY)
    first_seen = scope.record(names.FIRST_SEEN)
    lasting = call("last_over_time", first_seen.over(DAY))
    known = join("and", lasting, live, _BY)
    new = number(0) * live + Expr("time()")
    newest = top(first_seen.now())
    young = Expr("time()") - newest < number(NEW_FOR)
    earlier = spread("<", lasting, largest(first_seen.now()))
    return (
        rule(names.FIRST_SEEN, join("or", known, new, _BY)),
        rule(names.NEWEST, join("and", newest, young, _BY)),
        rule(names.PREVIOUS, top(earlier)),
    )


def comparison(signal: Signal, per: Stream, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record the newest and the previous release's value, on how many events each stands, and the change."""
    return (
        rate_at(per, _BY, scope),
        _amount(signal, per, scope),
        *_side(signal, per, _NEWEST, scope),
        *_side(signal, per, _PREVIOUS, scope),
        rule(names.part(signal, "release_change", _BY), _change(signal, scope)),
    )


def events_name(per: Stream, side: str) -> str:
    """Name the events that one side of a comparison stands on."""
    return f"{names.level(_BY)}:{per.stem}:{side}"


def _amount_name(signal: Signal) -> str:
    """Name the numerator's events per second; of a share these are the matching ones only."""
    if isinstance(signal.kind, Share):
        return names.part(signal, "numerator_rate", _BY)
    return names.level_rate(_numerator(signal), _BY)


def _numerator(signal: Signal) -> Stream:
    if isinstance(signal.kind, Tokens):
        return billed(signal.of)
    return cost(signal.of) if isinstance(signal.kind, Cost) else signal.of


def _amount(signal: Signal, per: Stream, scope: Scope) -> RecordingRule:
    if not isinstance(signal.kind, Share):
        return rate_at(_numerator(signal), _BY, scope)
    matching = summed(having(scope.stream(signal.of).where(**signal.kind.where), _BY).now(), _BY)
    every = scope.record(names.level_rate(per, _BY)).now()
    return rule(_amount_name(signal), matching | number(0) * every)


def _side(signal: Signal, per: Stream, side: _Side, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record one side: its events, then its value."""
    chosen = scope.record(side.marker).now()
    counted = long_window(names.level_rate(per, _BY), side.window, scope)
    amount = long_window(_amount_name(signal), side.window, scope)
    events = scope.record(events_name(per, side.name)).now()
    return (
        rule(events_name(per, side.name), join("and", counted, chosen, _BY)),
        rule(names.part(signal, side.name, _BY), amount / (events > number(0))),
    )


def _change(signal: Signal, scope: Scope) -> Expr:
    newest, previous = (_marked(signal, side, scope) for side in (_NEWEST, _PREVIOUS))
    if isinstance(signal.kind, Share):
        return spread("-", newest, previous)
    return spread("/", newest, previous > number(0)) - number(1)


def _marked(signal: Signal, side: _Side, scope: Scope) -> Expr:
    """Select the value of the one release that is marked; a marker's value is when its release was first seen.

    Prometheus does not end what it recorded before it started again, so for some minutes another one is there too.
    """
    value = scope.record(names.part(signal, side.name, _BY)).now()
    return join("and", value, top(scope.record(side.marker).now()), _BY)
