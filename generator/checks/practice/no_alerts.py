"""``practice/no-alerts``: key anomalies that nobody is told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, warning
from generator.model.alerts import Absence, Idle, Threshold, Unpriced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.alerts import Alert
    from generator.model.service import Service

CODE = "practice/no-alerts"

#: Alerts that say nothing about how good a signal is.
_ABOUT_DATA = Absence | Idle | Unpriced


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that must not go unnoticed.

    Attributes:
        name: For people.
        signals: An alert on any of them tells of it.
        usual: The profiles' alerts for it, the best first.
        sudden: A fixed threshold does not tell of it; a change, a regression or a burn rate does.
    """

    name: str
    signals: frozenset[str]
    usual: tuple[str, ...]
    sudden: bool = False


ANOMALIES = (
    Anomaly("tool spam", frozenset({"tool_calls_per_run"}), ("AgentToolCallsPerRunHigh",)),
    Anomaly(
        "a drop of the success rate",
        frozenset({"success_rate"}),
        ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn"),
        sudden=True,
    ),
    Anomaly(
        "growing latency",
        frozenset({"latency_p50", "latency_p95", "latency_p99"}),
        ("AgentLatencyP95High", "AgentLatencyP95Rising"),
    ),
    Anomaly(
        "growing cost",
        frozenset({"token_usage_per_run", "cost_per_run", "cost_rate", "spend"}),
        (
            "AgentTokensPerRunRegression",
            "AgentCostPerRunRegression",
            "AgentCostBudgetExceeded",
            "AgentCostForecastExceeded",
        ),
    ),
)


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of every key anomaly that no alert of a service tells of."""
    return tuple(found for each in facts.services for found in _of_service(each.service))


def uncovered(service: Service) -> tuple[Anomaly, ...]:
    """Find the anomalies that no alert of a service tells of."""
    return tuple(
        anomaly for anomaly in ANOMALIES if not any(_tells_of(alert, anomaly) for alert in service.alerts)
    )


def _tells_of(alert: Alert, anomaly: Anomaly) -> bool:
    if alert.signal not in anomaly.signals or isinstance(alert.kind, _ABOUT_DATA):
        return False
    return not (anomaly.sudden and isinstance(alert.kind, Threshold))


def _of_service(service: Service) -> Iterator[Diagnostic]:
    for anomaly in uncovered(service):
        yield warning(
            CODE,
            f"no alert of {service.name} tells of {anomaly.name}",
            service.where(""),
            f"turn on {anomaly.usual[0]}, or add an alert on {' or '.join(sorted(anomaly.signals))}",
            *_turned_off(anomaly, service),
        )


def _turned_off(anomaly: Anomaly, service: Service) -> Iterator[Note]:
    """Point at the alerts that would tell of it and are declared, but disabled or out of reach."""
    for name in anomaly.usual:
        span = service.origins.get(f"alerts.{name}")
        if span is not None and not any(alert.name == name for alert in service.alerts):
            yield Note(f"{name} is off", span)
