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
        signals: An alert on any of them tells of it; the best first.
        usual: The profiles' alerts for it, the best first.
        sudden: A fixed threshold does not tell of it; a change, a regression or a burn rate does.
    """

    name: str
    signals: tuple[str, ...]
    usual: tuple[str, ...]
    sudden: bool = False


ANOMALIES = (
    Anomaly("tool spam", ("tool_calls_per_run",), ("AgentToolCallsPerRunHigh",)),
    Anomaly(
        "a drop of the success rate",
        ("success_rate",),
        ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn"),
        sudden=True,
    ),
    Anomaly(
        "growing latency",
        ("latency_p95", "latency_p50", "latency_p99"),
        ("AgentLatencyP95High", "AgentLatencyP95Rising"),
    ),
    Anomaly(
        "growing cost",
        ("token_usage_per_run", "cost_per_run", "cost_rate", "spend"),
        (
            "AgentTokensPerRunRegression",
            "AgentCostPerRunRegression",
            "AgentCostBudgetExceeded",
            "AgentCostForecastExceeded",
        ),
    ),
)


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of a service that leaves key anomalies without an alert."""
    return tuple(
        _warning(each.service, missed) for each in facts.services if (missed := uncovered(each.service))
    )


def uncovered(service: Service) -> tuple[Anomaly, ...]:
    """Find the anomalies that no alert of a service tells of."""
    return tuple(
        anomaly for anomaly in ANOMALIES if not any(_tells_of(alert, anomaly) for alert in service.alerts)
    )


def _tells_of(alert: Alert, anomaly: Anomaly) -> bool:
    if alert.signal not in anomaly.signals or isinstance(alert.kind, _ABOUT_DATA):
        return False
    return not (anomaly.sudden and isinstance(alert.kind, Threshold))


def _warning(service: Service, missed: tuple[Anomaly, ...]) -> Diagnostic:
    return warning(
        CODE,
        f"no alert of {service.name} tells of {', '.join(anomaly.name for anomaly in missed)}",
        service.where(""),
        "; ".join(f"for {anomaly.name} {advice(anomaly, service)}" for anomaly in missed),
        *(note for anomaly in missed for note in _turned_off(anomaly, service)),
    )


def advice(anomaly: Anomaly, service: Service) -> str:
    """Say what would tell of an anomaly: an alert that is declared already, or a new one."""
    declared = (name for name in anomaly.usual if f"alerts.{name}" in service.origins)
    name = next(declared, None)
    return f"turn on {name}" if name else f"add an alert on {anomaly.signals[0]}"


def _turned_off(anomaly: Anomaly, service: Service) -> Iterator[Note]:
    """Point at the alerts that would tell of it and are declared, but disabled or out of reach."""
    for name in anomaly.usual:
        span = service.origins.get(f"alerts.{name}")
        if span is not None and not any(alert.name == name for alert in service.alerts):
            yield Note(f"{name} is off", span)
