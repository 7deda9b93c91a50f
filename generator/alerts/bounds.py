"""Bounds of shared alerts, resolved once for each service: its own numbers, else the defaults.

Bounds that follow from an objective are computed here, so that a service's file has only its author's numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import bound_series, rounded
from generator.model import alerts, names
from generator.promql.expr import Expr, binary, labelled, number
from generator.streams.scope import Scope, grouped, join, largest, rule, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule


def bound_rules(alert: alerts.Alert, scope: Scope) -> Iterator[RecordingRule]:
    """Record every number of an alert."""
    numbers = tuple(alert.numbers)
    yield from (_number(alert, one, scope) for one in numbers if one.severity)
    if alerts.has_mildest(alert):
        severe, mild = (
            bound_series(alert, str(tier.severity), alerts.BOUND)
            for tier in (alert.tiers[0], alert.tiers[-1])
        )
        either = join("or", largest(mild.now()), largest(severe.now()))
        yield rule(names.MILDEST, either, **{names.ALERT: alert.name})
    yield from (_number(alert, one, scope) for one in numbers if not one.severity)


def _number(alert: alerts.Alert, one: alerts.Number, scope: Scope) -> RecordingRule:
    if isinstance(one.written, alerts.Bound):
        return _bound(alert, one.severity, one.part, one.written, scope)
    default = one.written.factor if isinstance(one.written, alerts.Burn) else one.written
    return _plain(alert, one.severity, one.part, default, scope)


def variant_bounds(alert: alerts.Alert, scope: Scope, *, promised: bool) -> Iterator[RecordingRule]:
    """Record every number of a variant, without defaults: each service with the variant has its own.

    ``promised`` is whether the signal can have an objective that a number depends on.
    """
    for one in bound_rules(alert, scope):
        if one.record == names.MILDEST:
            yield one
            continue
        part, severity = one.labels[names.PART], one.labels.get(names.SEVERITY, "")
        if part not in {alerts.BOUND, alerts.BEYOND}:
            yield _rule(alert, severity, part, largest(_written(alert, severity, part, scope)))
        else:
            own = largest(_written(alert, severity, part, scope), (names.WORDS,))
            whole = _from_objective(own, alert, severity, part, scope) if promised else own
            yield _rule(alert, severity, part, whole)


def _plain(alert: alerts.Alert, severity: str, part: str, default: float, scope: Scope) -> RecordingRule:
    """Record a number that depends on nothing else."""
    own = largest(_written(alert, severity, part, scope))
    return _rule(alert, severity, part, join("or", own, number(default) * _everyone(scope)))


def _bound(
    alert: alerts.Alert, severity: str, part: str, default: alerts.Bound, scope: Scope
) -> RecordingRule:
    """Record a bound with its words; a bound that depends on a missing objective has no series."""
    own = largest(_written(alert, severity, part, scope), (names.WORDS,))
    if default.factor is None:
        return _rule(
            alert,
            severity,
            part,
            join("or", own, _worded(number(default.amount) * _everyone(scope), default)),
        )
    own = _from_objective(own, alert, severity, part, scope)
    by_default = _of_objective(_objective(alert, scope), default)
    return _rule(alert, severity, part, join("or", own, _worded(by_default, default)))


def _objective(alert: alerts.Alert, scope: Scope) -> Expr:
    return largest(scope.record(f"{names.SERVICE}:agent_{alert.signal}:objective").now())


def _from_objective(own: Expr, alert: alerts.Alert, severity: str, part: str, scope: Scope) -> Expr:
    """Take a number of a service, else its factor of the objective, else its amount added to the objective."""
    times = largest(_written(alert, severity, part + alerts.FACTOR, scope), (names.WORDS,))
    plus = largest(_written(alert, severity, part + alerts.OFFSET, scope), (names.WORDS,))
    own = join("or", own, spread("*", times, _objective(alert, scope)))
    return join("or", own, rounded(spread("+", plus, _objective(alert, scope))))


def _of_objective(objective: Expr, bound: alerts.Bound) -> Expr:
    times = objective if bound.factor == 1 else number(bound.factor or 0) * objective
    if not bound.amount:
        return times
    shifted = binary("-" if bound.amount < 0 else "+", times, number(abs(bound.amount)))
    return rounded(shifted)


def _worded(expr: Expr, bound: alerts.Bound) -> Expr:
    return labelled(expr, names.WORDS, bound.words)


def _written(alert: alerts.Alert, severity: str, part: str, scope: Scope) -> Expr:
    labels = {names.ALERT: alert.name, names.PART: part, names.SEVERITY: severity}
    return scope.written(names.OVERRIDE, **labels).now()


def _everyone(scope: Scope) -> Expr:
    return grouped(scope.record(names.KNOWN).now())


def _rule(alert: alerts.Alert, severity: str, part: str, expr: Expr) -> RecordingRule:
    labels = {names.ALERT: alert.name, names.PART: part}
    return rule(names.BOUND, expr, **labels, **({names.SEVERITY: severity} if severity else {}))
