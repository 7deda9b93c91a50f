"""Runbooks from a template: one page for each alert, with the bounds of every service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact
from generator.markdown import environment
from generator.model import names
from generator.model.alerts import Absence
from generator.model.panels import dashboard_of_alert
from generator.prometheus.alerting.conditions import in_words
from generator.runbooks.questions import first_questions

if TYPE_CHECKING:
    from generator.model.alerts import Alert
    from generator.model.service import Model, Service


class Firing(Struct, frozen=True):
    """When an alert fires for one service."""

    service: str
    severity: str
    words: str


def runbooks(model: Model) -> tuple[Artifact, ...]:
    """Write the page of every alert that some service has."""
    template = environment(Path(__file__).parent).get_template("alert.md.j2")
    pages = []
    for name, alerts in sorted(_by_name(model).items()):
        alert, service = alerts[0]
        signal = service.signals[alert.signal]
        text = template.render(
            alert=alert,
            signal=None if isinstance(alert.kind, Absence) else signal,
            firings=_firings(alerts),
            questions=first_questions(alert, signal),
            dashboard=dashboard_of_alert(alert, signal),
            overview=names.DASHBOARDS["overview"],
        )
        pages.append(Artifact(names.runbook_path(name), text))
    return tuple(pages)


def _by_name(model: Model) -> dict[str, list[tuple[Alert, Service]]]:
    found: dict[str, list[tuple[Alert, Service]]] = {}
    for service in model.services:
        for alert in service.alerts:
            found.setdefault(alert.name, []).append((alert, service))
    return found


def _firings(alerts: list[tuple[Alert, Service]]) -> list[Firing]:
    return [
        Firing(service.name, str(tier.severity), in_words(alert, tier, service))
        for alert, service in alerts
        for tier in alert.tiers
    ]
