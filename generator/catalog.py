"""The catalogue of a compilation's output, for machines: metrics, signals, alerts, dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.json_text import json_member, json_with_members
from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.metrics import Label
    from generator.model.service import Service
    from generator.model.signals import Signal

_PATH = "catalog.json"
_VERSION = 1
#: The directories of rule files, by their contents.
_RULES, _ALERTS = (path("").rpartition("/")[0] for path in (names.rules_path, names.alerts_path))


def catalog(services: Mapping[str, str], rules: Iterable[str]) -> Artifact:
    """List everything by name, with the series and labels to query.

    Args:
        services: The ``catalog_entry`` of each service, with its own rule files.
        rules: The paths of the rule files about all services.
    """
    paths = sorted(rules)
    head = {
        "version": _VERSION,
        "rules": [path for path in paths if path.startswith(_RULES)],
        "alerting_rules": [path for path in paths if path.startswith(_ALERTS)],
        "dashboards": {uid: names.dashboard_path(uid) for uid in sorted(names.DASHBOARDS.values())},
    }
    return Artifact(_PATH, json_with_members(head, "services", services.items()))


def catalog_entry(service: Service) -> str:
    """List the parts of one service, as JSON for its place in the catalogue."""
    return json_member(_listing(service))


def _listing(service: Service) -> dict[str, object]:
    return {
        "profile": service.profile,
        "description": service.description,
        "owner": service.owner,
        **({"environment": service.environment} if service.environment else {}),
        **({"alert_labels": dict(service.alert_labels)} if service.alert_labels else {}),
        "selector": dict(service.selector),
        "rules": names.rules_path(service.name),
        **(
            {"alerting_rules": names.alerts_path(service.name)}
            if any(not one.shared for one in service.alerts)
            else {}
        ),
        "metrics": {
            metric.name: {
                "type": str(metric.type),
                **({"help": metric.help} if metric.help else {}),
                "unit": metric.unit,
                "labels": list(metric.labels),
            }
            for metric in service.metrics.values()
        },
        "labels": {label.name: _label(label) for label in service.labels.values()},
        "signals": {signal.name: _signal(signal, service) for signal in service.signals.values()},
        "alerts": _alerts(service),
    }


def _label(label: Label) -> dict[str, object]:
    bound = {"values": list(label.values)} if label.values else {"max_live": label.max_live}
    return {**({"description": label.description} if label.description else {}), **bound}


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


def _alerts(service: Service) -> dict[str, object]:
    alerts: dict[str, dict[str, object]] = {}
    for alert in service.alerts:
        known = alerts.get(alert.name, {"summary": alert.summary, "severities": []})
        severities = known["severities"]
        if isinstance(severities, list):
            severities += [str(tier.severity) for tier in alert.tiers if str(tier.severity) not in severities]
        alerts[alert.name] = known
    return dict(alerts)
