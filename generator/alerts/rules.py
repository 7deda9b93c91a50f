"""Alerting rules: one for each severity of each alert, shared or a service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from generator.alerts.condition import SERVICE, Condition, Ground
from generator.alerts.culprit import culprit
from generator.alerts.registry import conditions, dashboard_of_alert, module_of, panel_of
from generator.model import names
from generator.model.panels import CHOICES
from generator.model.rules import AlertingRule
from generator.model.service import fill_in
from generator.promql.expr import Expr, binary
from generator.streams.scope import top

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Alert
    from generator.model.signals import Signal

#: The possible names of links to logs or traces; a shared rule queries each, empty where there is none.
LINKS = ("logs", "traces")


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
    return binary("*", expr, top(switch), on=(names.SERVICE,), group_left=(names.OWNER, *marks))


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
        return {f"{kind}_url": _asked_link(kind, alert) for kind in LINKS}
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
    service = ground.service.name if ground.service else SERVICE
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
