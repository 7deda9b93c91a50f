"""The status board: current values and trends of signals, and of each signal its status.

They read the signals' own groups, so they follow these by up to one rule interval. The status is one rule for all:
what alerts say, pending or firing, so that a board cannot be green while a page fires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Distribution, Share
from generator.model.units import duration
from generator.promql.expr import Expr, Series, aggregate, any_of, call, literal, number
from generator.streams.scope import join, largest, rule, top

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal, Trend
    from generator.streams.scope import Scope

#: Fewest events on which a breakdown's value is worse than another's.
WORST_FLOOR = 20
_ROW = (names.SERVICE, names.SIGNAL)


def row(signal: Signal, scope: Scope, *, is_watched: bool = False) -> tuple[RecordingRule, ...]:
    """Record a row of the board; one without a trend has none, unless an alert of its own shows its status there."""
    labels = {names.SIGNAL: signal.name, names.UNIT: str(signal.unit)}
    current = rule(names.BOARD_CURRENT, _current(signal, scope), **labels)
    if signal.trend is None:
        return (current,) if is_watched else ()
    over = {names.OVER: "after release" if signal.trend.over is None else f"in {duration(signal.trend.over)}"}
    change = {names.UNIT: "relative" if signal.trend.relative else "points"}
    return current, rule(names.BOARD_TREND, _trend(signal, signal.trend, scope), **labels | change | over)


def status(scope: Scope) -> RecordingRule:
    """Record 2, 1 or 0: the worst alert of a signal, pending or firing; a service that is gone has none."""
    alerts = Series("ALERTS").where("!=", **{names.SERVICE: "", names.SIGNAL: ""})
    arms = [
        number(code) * aggregate("group", alerts.where(severity=severity).now(), _ROW)
        for severity, code in (("critical", 2), ("warning", 1))
    ]
    shown = number(0) * aggregate("group", scope.record(names.BOARD_CURRENT).now(), _ROW)
    worst = any_of([*arms, shown])
    return rule(names.BOARD_STATUS, join("and", worst, scope.record(names.KNOWN).now()))


def _current(signal: Signal, scope: Scope) -> Expr:
    if isinstance(signal.kind, Distribution):
        return _worst_share(signal, signal.kind, scope)
    if signal.worst_by is None:
        return scope.record(names.value(signal)).now()
    values = scope.record(names.value(signal, (signal.worst_by,)))
    if not isinstance(signal.kind, Share):
        return _named(top(values.now()), signal.worst_by)
    events = scope.record(names.denominator(signal, (signal.worst_by,))).now()
    busy = top(values.now() & (events >= number(WORST_FLOOR - 0.5)))
    return _named(join("or", busy, top(values.now())), signal.worst_by)


def _worst_share(signal: Signal, kind: Distribution, scope: Scope) -> Expr:
    """Find the largest share of a limit, or of any value where none is called one."""
    values = scope.record(names.value(signal, (kind.label,)))
    worst = top((values.one_of(kind.label, kind.limits) if kind.limits else values).now())
    # A limit that no run has met yet has no series: 0 then, as long as there are runs.
    none = number(0) * scope.record(names.denominator(signal)).now()
    return _named(join("or", worst, none), kind.label)


def _named(expr: Expr, label: str) -> Expr:
    """Move ``label`` to the one that the board reads, whatever broke the signal down."""
    copied = call("label_replace", expr, literal(names.WORST), literal("$1"), literal(label), literal("(.+)"))
    return largest(copied, (names.WORST,))


def _trend(signal: Signal, trend: Trend, scope: Scope) -> Expr:
    if trend.over is None:
        return largest(scope.record(names.part(signal, "release_change", (names.RELEASE,))).now())
    by = () if signal.worst_by is None else (signal.worst_by,)
    values = scope.record(names.value(signal, by))
    before = earlier(signal, values, trend.over)
    change = values.now() / (before > number(0)) - number(1) if trend.relative else values.now() - before
    if signal.worst_by is None:
        return change
    shown = scope.record(names.BOARD_CURRENT).where(**{names.SIGNAL: signal.name}).now()
    # Prometheus does not end what it recorded before it started again: what was worst then may still be there.
    latest = top(call("timestamp", shown))
    return join("and", _named(change, signal.worst_by), latest, (names.WORST,))


def earlier(signal: Signal, values: Series, ago: int) -> Expr:
    """Select values ``ago`` seconds earlier; a share's part that did not occur then was 0."""
    before = values.now(offset=ago)
    if isinstance(signal.kind, Distribution):
        return before | number(0) * values.now()
    return before
