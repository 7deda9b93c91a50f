"""The status board: current values and trends of signals, the status of each, and the time since which it is bad.

They read the signals' own groups, and follow these by up to one rule interval. The status is one rule for all signals:
the state of their alerts, pending or firing, so that a board cannot be green while a page fires. Alerts that are not
about a signal's value, but about labels, series or the rules themselves, have a row of their own: instrumentation.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.alerts import Alert, AlertSeverity, RuleHealth, Watch
from generator.model.signals import Distribution, Share, Signal, Trend
from generator.model.units import HOUR, duration
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, call, labelled, literal, number
from generator.streams.scope import Scope, grouped, join, largest, rule, top_of_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.model.rules import RecordingRule

#: The fewest events with which a breakdown's value can be the worst.
_WORST_FLOOR = 20
_ROW = (names.SERVICE, names.SIGNAL)
_ALERTS, _FOR_STATE = Series(names.ALERTS), Series(names.ALERTS_FOR_STATE)
_NAME = "alertname"
#: The time of a trend between releases, and the relative change within an hour that is shown in its place.
_RELEASE, _DOUBLED = "after release", 1


def board_row(signal: Signal, scope: Scope, alerts: Iterable[Alert] = ()) -> tuple[RecordingRule, ...]:
    """Record a row of the board; a signal without a trend has one only if one of ``alerts`` shows its status there."""
    about = [alert for alert in alerts if alert.signal == signal.name]
    labels = {names.SIGNAL: signal.name, names.UNIT: str(signal.unit)}
    titled = {names.TITLE: signal.title} if signal.brings_title else {}
    current = rule(names.BOARD_CURRENT, _current(signal, about, scope), **labels, **titled)
    if signal.trend is None:
        return (current,) if any(alert.shown for alert in about) else ()
    labels |= {names.UNIT: names.RELATIVE if signal.trend.relative else names.POINTS}
    if signal.trend.over is None:
        return current, rule(names.BOARD_TREND, _after_release(signal, signal.trend, scope), **labels)
    change = _within(signal, signal.trend, signal.trend.over, scope)
    return current, rule(names.BOARD_TREND, change, **labels | {names.OVER: _in(signal.trend.over)})


def status_records(alerts: Iterable[Alert], scope: Scope) -> tuple[RecordingRule, ...]:
    """Record each row's status (2, 1 or 0, by its worst alert), the worst of each service, and the time of its start.

    A service that no longer exists has none.
    """
    about = _Instrumentation.of(alerts)
    arms = [
        number(code) * expr
        for severity, code in (("critical", 2), ("warning", 1))
        for expr in about.rows("group", _ALERTS.where(severity=severity), scope)
    ]
    shown = scope.record(names.BOARD_CURRENT).now()
    arms += [number(0) * aggregate("group", shown, _ROW), number(0) * _as_instrumentation(grouped(shown))]
    known = scope.record(names.KNOWN).now()
    if about.unknown:
        nobodys = _ALERTS.one_of(_NAME, about.unknown).where("!=", **{names.SERVICE: ""})
        known = any_of([known, grouped(nobodys.now())])
    return (
        rule(names.BOARD_STATUS, join("and", any_of(arms), known)),
        rule(names.BOARD_WORST, largest(scope.record(names.BOARD_STATUS).now())),
        rule(names.BOARD_SINCE, any_of(list(about.rows("min", _FOR_STATE, scope)))),
    )


class _Instrumentation(Struct, frozen=True):
    """The names of alerts that are not about a signal's value.

    Attributes:
        named: All such alerts.
        rules: Those about rules, which may have no service.
        unknown: Those about unknown services, whose constants are missing.
    """

    named: tuple[str, ...]
    rules: tuple[str, ...]
    unknown: tuple[str, ...]

    @staticmethod
    def of(alerts: Iterable[Alert]) -> _Instrumentation:
        """Find them among the shared alerts."""
        about = {alert.name: alert.kind for alert in alerts if not alert.about_signal}
        rules = {name: kind for name, kind in about.items() if isinstance(kind, RuleHealth)}
        unknown = (name for name, kind in rules.items() if kind.watch is Watch.CONSTANTS)
        return _Instrumentation(tuple(sorted(about)), tuple(sorted(rules)), tuple(sorted(unknown)))

    def rows(self, operator: str, alerts: Series, scope: Scope) -> Iterator[Expr]:
        """Aggregate alerts to their rows; an alert without a service is in every service's row.

        The row of instrumentation is made after that: two alerts that differ only in their signal would be one.
        """
        of_one = alerts.where("!=", **{names.SERVICE: "", names.SIGNAL: ""})
        if not self.named:
            yield aggregate(operator, of_one.now(), _ROW)
            return
        yield aggregate(operator, of_one.none_of(_NAME, self.named).now(), _ROW)
        expr = of_one.one_of(_NAME, self.named).now()
        if self.rules:
            of_all = alerts.where(**{names.SERVICE: ""}).one_of(_NAME, self.rules).now()
            everyone = grouped(scope.record(names.KNOWN).now())
            expr = expr | binary("*", everyone, aggregate(operator, of_all), on=(), group_left=())
        yield _as_instrumentation(aggregate(operator, expr, (names.SERVICE,)))


def _as_instrumentation(expr: Expr) -> Expr:
    """Move one series a service into the row of instrumentation."""
    return labelled(expr, names.SIGNAL, names.INSTRUMENTATION)


def _current(signal: Signal, alerts: Sequence[Alert], scope: Scope) -> Expr:
    label = signal.kind.label if isinstance(signal.kind, Distribution) else signal.worst_by
    if label is None:
        return scope.record(names.value(signal)).now()
    values = scope.record(names.value(signal, (label,)))
    worst = _worst(signal, values, scope) > number(0)
    bad = reduce(partial(join, "or"), (*_alerting(signal, label, alerts, values), worst))
    # Where all are 0, none of them is worse than the others: a name would be an accident.
    return join("or", _named(bad, label), number(0) * grouped(values.now()))


def _alerting(signal: Signal, label: str, alerts: Iterable[Alert], values: Series) -> Iterator[Expr]:
    """Find the worst value that an alert of the signal by ``label`` is about, of a critical one first.

    An alert that goes on firing when its own value is good again is explained by that value, not by another one's.
    """
    severities = {tier.severity for alert in alerts if alert.by == label for tier in alert.tiers}
    about = _ALERTS.where(**{names.SIGNAL: signal.name}).where("!=", **{label: ""})
    critical = about.where(**{names.SEVERITY: str(AlertSeverity.CRITICAL)})
    for true in ([critical] if AlertSeverity.CRITICAL in severities else []) + (
        [about] if severities else []
    ):
        parts = aggregate("group", true.now(), (names.SERVICE, label))
        yield top_of_each(join("and", values.now(), parts, (label,)))


def _worst(signal: Signal, values: Series, scope: Scope) -> Expr:
    """Find the worst value, of those with enough events first; of a distribution, the largest share of a limit."""
    if isinstance(signal.kind, Distribution) and signal.kind.limits:
        return top_of_each(values.one_of(signal.kind.label, signal.kind.limits).now())
    if not isinstance(signal.kind, Share):
        return top_of_each(values.now())
    events = scope.record(names.denominator(signal, (signal.worst_by,) if signal.worst_by else ())).now()
    busy = top_of_each(values.now() & (events >= number(_WORST_FLOOR - 0.5)))
    return join("or", busy, top_of_each(values.now()))


def _named(expr: Expr, label: str) -> Expr:
    """Copy ``label`` to the label that the board reads, independent of the breakdown."""
    copied = call("label_replace", expr, literal(names.WORST), literal("$1"), literal(label), literal("(.+)"))
    return largest(copied, (names.WORST,))


def _after_release(signal: Signal, trend: Trend, scope: Scope) -> Expr:
    """Compare releases; without two of them, or where a value has doubled since, compare with an hour ago.

    A run that suddenly costs far more is news, also where no release is to blame. A label says which of both it is.
    """
    released = largest(scope.record(names.part(signal, "release_change", (names.RELEASE,))).now())
    if signal.worst_by is not None:
        return labelled(released, names.OVER, _RELEASE)
    lately = _within(signal, trend, HOUR, scope)
    if trend.relative:
        released = join("unless", released, lately >= number(_DOUBLED))
    return join("or", labelled(released, names.OVER, _RELEASE), labelled(lately, names.OVER, _in(HOUR)))


def _within(signal: Signal, trend: Trend, over: int, scope: Scope) -> Expr:
    """Compare with the value of ``over`` seconds ago."""
    by = () if signal.worst_by is None else (signal.worst_by,)
    values = scope.record(names.value(signal, by))
    before = earlier(signal, values, over)
    change = values.now() / (before > number(0)) - number(1) if trend.relative else values.now() - before
    if signal.worst_by is None:
        return change
    shown = scope.record(names.BOARD_CURRENT).where(**{names.SIGNAL: signal.name}).now()
    # After a restart Prometheus does not end the series that it recorded before; the worst one of then may still exist.
    latest = top_of_each(call("timestamp", shown))
    return join("and", _named(change, signal.worst_by), latest, (names.WORST,))


def _in(seconds: int) -> str:
    return f"in {duration(seconds)}"


def earlier(signal: Signal, values: Series, ago: int) -> Expr:
    """Select values ``ago`` seconds earlier; a share's part that did not occur then was 0."""
    before = values.now(offset=ago)
    if isinstance(signal.kind, Distribution):
        return before | number(0) * values.now()
    return before
