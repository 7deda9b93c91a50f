"""The status board: of each signal with a trend its current value, its trend and its status.

They read the signals' own groups, so they follow these by up to one rule interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Distribution, Share, Signal
from generator.model.units import duration
from generator.prometheus.alerting.condition import earlier
from generator.prometheus.recording.streams import record, recorded
from generator.promql.expr import Expr, aggregate, any_of, binary, call, literal, number, top

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.service import Service
    from generator.model.signals import Trend
    from generator.prometheus.alerting.conditions import Judgement
    from generator.prometheus.rules import RecordingRule

#: Fewest events on which a breakdown's value is worse than another's.
WORST_FLOOR = 20


def row(signal: Signal, service: Service, judged: Iterable[Judgement]) -> tuple[RecordingRule, ...]:
    """Record a row of the board; none for a signal without a trend."""
    if signal.trend is None:
        return ()
    labels = {names.SIGNAL: signal.name, names.UNIT: str(signal.unit)}
    over = {names.OVER: "after release" if signal.trend.over is None else f"in {duration(signal.trend.over)}"}
    change = {names.UNIT: "relative" if signal.trend.relative else "points"}
    return (
        record(names.BOARD_CURRENT, _current(signal, service), service, **labels),
        record(names.BOARD_TREND, _trend(signal, signal.trend, service), service, **labels | change | over),
        record(names.BOARD_STATUS, _status(signal, service, judged), service, **{names.SIGNAL: signal.name}),
    )


def _current(signal: Signal, service: Service) -> Expr:
    if signal.worst_by is None:
        return recorded(names.value(signal), service).now()
    values = recorded(names.value(signal, (signal.worst_by,)), service)
    if isinstance(signal.kind, Distribution):
        limits = service.labels[signal.worst_by].limits
        worst = top(values.one_of(signal.worst_by, limits).now())
        # A limit that no run has met yet has no series: 0 then, as long as there are runs.
        none = number(0) * recorded(names.denominator(signal), service).now()
        return _named(binary("or", worst, none, on=(names.SERVICE,)), signal.worst_by)
    if not isinstance(signal.kind, Share):
        return _named(top(values.now()), signal.worst_by)
    events = recorded(names.denominator(signal, (signal.worst_by,)), service).now()
    busy = top(values.now() & (events >= number(WORST_FLOOR - 0.5)))
    picked = binary("or", busy, top(values.now()), on=(names.SERVICE,))
    return _named(picked, signal.worst_by)


def _named(expr: Expr, label: str) -> Expr:
    """Move ``label`` to the one that the board reads, whatever broke the signal down."""
    copied = call("label_replace", expr, literal(names.WORST), literal("$1"), literal(label), literal("(.+)"))
    return aggregate("max", copied, (names.WORST,))


def _trend(signal: Signal, trend: Trend, service: Service) -> Expr:
    if trend.over is None:
        change = recorded(names.part(signal, "release_change", (names.RELEASE,)), service).now()
        return aggregate("max", change)
    by = () if signal.worst_by is None else (signal.worst_by,)
    values = recorded(names.value(signal, by), service)
    before = earlier(signal, values, trend.over)
    change = values.now() / (before > number(0)) - number(1) if trend.relative else values.now() - before
    if signal.worst_by is None:
        return change
    shown = recorded(names.BOARD_CURRENT, service).where(**{names.SIGNAL: signal.name}).now()
    # Prometheus does not end what it recorded before it started again: what was worst then may still be there.
    latest = top(call("timestamp", shown))
    return binary("and", _named(change, signal.worst_by), latest, on=(names.WORST,))


def _status(signal: Signal, service: Service, judged: Iterable[Judgement]) -> Expr:
    """Record 2, 1 or 0: the worst of the conditions of this signal's alerts, before their ``for``."""
    found = [
        condition
        for each in judged
        if each.alert.signal == signal.name and each.alert.about_signal
        for condition in each.conditions
    ]
    shown = recorded(names.BOARD_CURRENT, service).where(**{names.SIGNAL: signal.name}).now()
    arms = []
    for severity, code in (("critical", 2), ("warning", 1)):
        exprs = [condition.expr for condition in found if condition.severity == severity]
        if exprs:
            arms.append(number(code) * aggregate("group", any_of(exprs)))
    return any_of([*arms, number(0) * aggregate("group", shown)])
