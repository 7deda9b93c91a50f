"""Runbooks from a template: one page for each alert, with the bounds of every service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.markdown import environment
from generator.model import names
from generator.model.alerts import Absence
from generator.model.panels import dashboard_of_alert
from generator.prometheus.alerting.conditions import in_words

if TYPE_CHECKING:
    from generator.model.alerts import Alert
    from generator.model.service import Model, Service


@dataclass(frozen=True, slots=True)
class Firing:
    """When an alert fires for one service."""

    service: str
    severity: str
    words: str


_FIRST_QUESTIONS = {
    "run": (
        "Did a release start just before? Compare the newest release with the previous one.",
        "Which stop reasons grew? They say whether a tool, a model or a limit ends the runs.",
        "Is it all traffic or one release, and does it go on?",
    ),
    "tools": (
        "Which tool or model is it, and which error class?",
        "Did its latency change as well, or only its errors?",
        "Do agents call it more often than before (tool calls per run)?",
    ),
    "cost": (
        "Which model and which token type grew?",
        "Did a release start just before, or did traffic grow?",
        "Do runs take more steps or more tool calls than before?",
    ),
    "stop_reasons": (
        "Which stop reason grew, and in which release?",
        "Do runs take more steps or more tool calls than before?",
        "Is a tool slow or failing, so that agents try again and again?",
    ),
}


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
            questions=_FIRST_QUESTIONS[signal.layer],
            dashboard=dashboard_of_alert(alert, signal),
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
