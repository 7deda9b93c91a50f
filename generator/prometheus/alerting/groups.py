"""Alerting rules of a service: one rule for each severity of each alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import Absence, Undeclared
from generator.model.links import filled
from generator.model.panels import CHOICES, dashboard_of_alert, panel_of
from generator.prometheus.grouping import split
from generator.prometheus.rules import AlertingRule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.alerts import Alert
    from generator.model.service import Service, Site
    from generator.prometheus.alerting.condition import Condition
    from generator.prometheus.alerting.conditions import Judgement
    from generator.prometheus.rules import RuleGroup

#: What mixtool allows.
_LONGEST_NAME = 40


def alerting_groups(service: Service, site: Site, judged: Iterable[Judgement]) -> tuple[RuleGroup, ...]:
    """Build the alerting rules of a service, a group for each signal; they read the recording groups.

    Signals whose names begin with the same many letters share one.
    """
    grouped: dict[str, list[AlertingRule]] = {}
    for each in judged:
        group = grouped.setdefault(f"alerts_{each.alert.signal}"[:_LONGEST_NAME], [])
        group += [_rule(each.alert, condition, service, site) for condition in each.conditions]
    return tuple(
        group
        for name, rules in grouped.items()
        for group in split(name, [(rule,) for rule in rules], site.rule_interval)
    )


def _rule(alert: Alert, condition: Condition, service: Service, site: Site) -> AlertingRule:
    labels = {
        "severity": str(condition.severity),
        names.SERVICE: service.name,
        "owner": service.owner,
        names.SIGNAL: alert.signal,
    }
    if isinstance(alert.kind, Absence):
        labels["metric"] = alert.kind.metric.name
    if isinstance(alert.kind, Undeclared):
        labels["label"] = alert.kind.label.name
    annotations = {
        "summary": alert.summary,
        "description": condition.description,
        "dashboard_url": _dashboard_url(alert, service, site),
        "runbook_url": f"{site.runbook_url}/{alert.name}.md",
    }
    release = f"{{{{ $labels.{names.RELEASE} | urlquery }}}}" if alert.of_release else None
    annotations |= {
        f"{kind}_url": filled(link, service.name, release) for kind, link in sorted(service.links.items())
    }
    return AlertingRule(
        alert.name, condition.expr.text, alert.for_, alert.keep_firing_for, labels, annotations
    )


def _dashboard_url(alert: Alert, service: Service, site: Site) -> str:
    """Link the panel that shows it, or its dashboard, with what the alert knows chosen."""
    signal, place = service.signals[alert.signal], panel_of(alert)
    uid = dashboard_of_alert(alert, signal)
    parts = [f"{site.grafana_url}/d/{uid}?var-{names.SERVICE}={service.name}"]
    # Only what is on the status board can be chosen there.
    if signal.own and signal.trend is not None:
        parts.append(f"var-{names.SIGNAL}={signal.name}")
    if alert.by in CHOICES[uid]:
        parts.append(f"var-{alert.by}={{{{ $labels.{alert.by} | urlquery }}}}")
    if place and place.uid == uid:
        parts.append(f"viewPanel={place.number}")
    return "&".join(parts)
