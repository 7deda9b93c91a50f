"""Alerting rules: one for each severity of each alert, shared or a service's own; and the bounds of shared alerts.

A bound is resolved once for each service: its own number, else the default. Those that follow from an objective are
computed here, so that a service's file has only its author's numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from generator.alerts.condition import SERVICE_VALUE, Condition, Ground, bound_series, rounded
from generator.alerts.culprit import culprit
from generator.alerts.registry import conditions, dashboard_of_alert, module_of, panel_of
from generator.model import alerts, names
from generator.model.panels import CHOICES
from generator.model.rules import AlertingRule
from generator.model.service import fill_in
from generator.promql.expr import Expr, binary, labelled, number
from generator.streams.scope import Scope, grouped, join, largest, rule, spread, top_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Alert
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal

#: The possible names of links to logs or traces; a shared rule queries each, empty where there is none.
_LINKS = ("logs", "traces")


def alerting_rules(
    alert: Alert, ground: Ground, switch: Expr | None = None, marks: tuple[str, ...] = ()
) -> Iterator[AlertingRule]:
    """Build the rules of an alert.

    ``switch`` is the vector of the services that have a shared alert, with the labels that it takes from them: the
    owner, and ``marks``.
    """
    for condition in conditions(alert, ground):
        expr = condition.expr
        if switch is not None:
            expr = _owned(expr, switch, marks)
        yield AlertingRule(
            alert.name,
            expr.text,
            alert.for_,
            alert.keep_firing_for if ground.scope.site.keeps_firing else 0,
            _labels(alert, condition, ground),
            _annotations(alert, condition, ground),
        )


def _owned(expr: Expr, switch: Expr, marks: tuple[str, ...]) -> Expr:
    """Keep a condition where the alert is on, with the owner as a label; a service with two owners has no owner."""
    return binary("*", expr, top_of_each(switch), on=(names.SERVICE,), group_left=(names.OWNER, *marks))


def _labels(alert: Alert, condition: Condition, ground: Ground) -> dict[str, str]:
    labels = {names.SEVERITY: str(condition.severity)}
    if ground.service is not None:
        labels |= {names.SERVICE: ground.service.name, names.OWNER: ground.service.owner}
        labels |= ground.service.marks
    labels[names.SIGNAL] = alert.signal
    labels |= module_of(alert.kind).labels(alert.kind, ground)
    if alert.by and alert.only:
        labels[alert.by] = alert.only
    return labels


def _annotations(alert: Alert, condition: Condition, ground: Ground) -> dict[str, str]:
    signal = ground.signal(alert)
    return {
        "summary": alert.summary,
        "description": f"{condition.description}{culprit(alert, ground)}",
        "dashboard_url": _dashboard_url(alert, signal, ground),
        "runbook_url": f"{ground.scope.site.runbook_url}/{alert.name}.md",
        **_links(alert, ground),
    }


def _links(alert: Alert, ground: Ground) -> dict[str, str]:
    if ground.service is None:
        return {f"{kind}_url": _asked_link(kind, alert) for kind in _LINKS}
    release = _release() if alert.of_release else None
    links = sorted(ground.service.links.items())
    return {f"{kind}_url": fill_in(link, ground.service.name, release) for kind, link in links}


def _release() -> str:
    return f"{{{{ $labels.{names.RELEASE} | urlquery }}}}"


def _asked_link(kind: str, alert: Alert) -> str:
    """Write the template that queries a link; the release is filled in where the alert is about one."""
    selector = f'{names.LINK}{{link=\\"{kind}\\",{names.SERVICE}=%q}}'
    ask = f'{{{{ with printf "{selector}" $labels.{names.SERVICE} | query }}}}'
    if alert.of_release:
        place = 'reReplaceAll "[{]release[}]"'
        value = f"($labels.{names.RELEASE} | urlquery)"
        shown = f'{{{{ . | first | label "url_of_release" | {place} {value} }}}}'
    else:
        shown = '{{ . | first | label "url" }}'
    return f"{ask}{shown}{{{{ end }}}}"


def _dashboard_url(alert: Alert, signal: Signal, ground: Ground) -> str:
    """Link the panel that shows it, or its dashboard, with the alert's known labels chosen."""
    place, uid = panel_of(alert), dashboard_of_alert(alert, signal)
    service = ground.service.name if ground.service else SERVICE_VALUE
    parts = [] if uid == names.DASHBOARDS["fleet"] else [f"var-{names.SERVICE}={service}"]
    # Only signals on the status board can be chosen there.
    if signal.own and (signal.trend is not None or alert.shown):
        parts.append(f"var-{names.SIGNAL}={signal.name}")
    if alert.by in CHOICES[uid]:
        parts.append(f"var-{alert.by}={{{{ $labels.{alert.by} | urlquery }}}}")
    if alert.only:
        # The panels of its segment are beside each other, so that no single one is opened.
        parts.append(f"var-{alert.by}={quote(alert.only, safe='')}")
    elif place and place.uid == uid:
        parts.append(f"viewPanel={place.number}")
    return f"{ground.scope.site.grafana_url}/d/{uid}?{'&'.join(parts)}"


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
