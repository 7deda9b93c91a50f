"""The catalogue of what a compilation made, for machines: metrics, signals, alerts, dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.json_text import json_member, json_with_members
from generator.model import names
from generator.prometheus.rules import AlertingRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Service
    from generator.model.signals import Signal
    from generator.prometheus.compiled import Compiled

PATH = "catalog.json"
VERSION = 1


def catalog(services: Mapping[str, str]) -> Artifact:
    """List everything by name, with the series and labels to ask for; each service has its ``catalog_entry``."""
    head = {
        "version": VERSION,
        "dashboards": {uid: names.dashboard_path(uid) for uid in sorted(names.DASHBOARDS.values())},
    }
    return Artifact(PATH, json_with_members(head, "services", services.items()))


def catalog_entry(service: Service, compiled: Compiled) -> str:
    """List what there is of one service, as JSON for its place in the catalogue."""
    return json_member(_listing(service, compiled))


def _listing(service: Service, compiled: Compiled) -> dict[str, object]:
    return {
        "profile": service.profile,
        "description": service.description,
        "owner": service.owner,
        "selector": dict(service.selector),
        "rules": names.rules_path(service.name),
        "alerting_rules": names.alerts_path(service.name),
        "metrics": {
            metric.name: {"type": str(metric.type), "unit": metric.unit, "labels": list(metric.labels)}
            for metric in service.metrics.values()
        },
        "signals": {signal.name: _signal(signal, service) for signal in service.signals.values()},
        "alerts": _alerts(compiled),
    }


def _signal(signal: Signal, service: Service) -> dict[str, object]:
    objective = service.objectives.get(signal.name)
    return {
        "title": signal.title,
        "description": signal.description,
        "unit": str(signal.unit),
        "better": str(signal.better),
        "window_seconds": signal.window,
        "records": {names.value(signal, labels): [names.SERVICE, *labels] for labels in signal.levels},
        **({"objective": objective.bound} if objective else {}),
    }


def _alerts(compiled: Compiled) -> dict[str, object]:
    alerts: dict[str, dict[str, object]] = {}
    for group in compiled.alerting:
        for rule in group.rules:
            if isinstance(rule, AlertingRule):
                alert = alerts.setdefault(
                    rule.alert, {"summary": rule.annotations["summary"], "severities": []}
                )
                severities = alert["severities"]
                if isinstance(severities, list) and rule.labels["severity"] not in severities:
                    severities.append(rule.labels["severity"])
    return dict(alerts)
