"""``practice/no-alerts``: key anomalies that no alert watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Note, warning
from generator.model.alerts import Alert, Threshold, is_compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.service import Service

CODE = "practice/no-alerts"


class Anomaly(Struct, frozen=True):
    """An anomaly that must not go unnoticed.

    Attributes:
        name: For people.
        signals: An alert on any of them detects it; the best first.
        usual: The profiles' alerts for it, the best first.
        example: An alert on the best signal, as written in a spec.
        sudden: Whether only a change, a regression or a burn rate detects it, not a fixed threshold.
    """

    name: str
    signals: tuple[str, ...]
    usual: tuple[str, ...]
    example: str
    sudden: bool = False


ANOMALIES = (
    Anomaly(
        "tool spam",
        ("tool_calls_per_run",),
        ("AgentToolCallsPerRunHigh",),
        "threshold: {signal: tool_calls_per_run}, warning: 25",
    ),
    Anomaly(
        "a drop of the success rate",
        ("success_rate",),
        ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn"),
        "change: {signal: success_rate, over: 1h}, warning: 5pp",
        sudden=True,
    ),
    Anomaly(
        "growing latency",
        ("latency_p95", "latency_p50", "latency_p99"),
        ("AgentLatencyP95High", "AgentLatencyP95Rising", "AgentLatencyP95Regression"),
        "change: {signal: latency_p95, over: 30m}, warning: 30%",
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
        "change: {signal: token_usage_per_run, over: 1h}, warning: 20%",
    ),
)


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of a service that leaves key anomalies without an alert."""
    return tuple(
        _warning(each.service, missed) for each in facts.services if (missed := uncovered(each.service))
    )


def uncovered(service: Service) -> tuple[Anomaly, ...]:
    """Find the anomalies that a service measures and no alert of it detects."""
    return tuple(
        anomaly
        for anomaly in ANOMALIES
        if is_measured(anomaly, service) and not any(_covers(alert, anomaly) for alert in service.alerts)
    )


def is_measured(anomaly: Anomaly, service: Service) -> bool:
    """Whether a service can have a signal that shows an anomaly."""
    return any(map(service.measures, anomaly.signals))


def _covers(alert: Alert, anomaly: Anomaly) -> bool:
    if alert.signal not in anomaly.signals or not is_compared(alert.kind):
        return False
    return not (anomaly.sudden and isinstance(alert.kind, Threshold))


def _warning(service: Service, missed: tuple[Anomaly, ...]) -> Diagnostic:
    return warning(
        CODE,
        f"no alert of {service.name} watches {', '.join(anomaly.name for anomaly in missed)}",
        service.where(""),
        "; ".join(f"for {anomaly.name} {advice(anomaly, service)}" for anomaly in missed),
        *(note for anomaly in missed for note in _turned_off(anomaly, service)),
    )


def advice(anomaly: Anomaly, service: Service) -> str:
    """Propose an alert for an anomaly: one that is declared already, or a new one."""
    declared = _declared(anomaly, service)
    if declared:
        return f"turn on {declared}"
    signal = _best(anomaly, service)
    return f"add an alert on {signal}" + ("" if signal in service.signals else ", once there is that signal")


def recipe(anomaly: Anomaly, service: Service) -> str:
    """Propose the same as ``advice``, with the text of such an alert."""
    advised = advice(anomaly, service)
    if _declared(anomaly, service):
        return advised
    example = anomaly.example.replace(anomaly.signals[0], _best(anomaly, service))
    return f"{advised}, such as under alerts: <Name>: {{{example}, summary: <a sentence>}}"


def _best(anomaly: Anomaly, service: Service) -> str:
    return next((signal for signal in anomaly.signals if signal in service.signals), anomaly.signals[0])


def _declared(anomaly: Anomaly, service: Service) -> str | None:
    return next((name for name in anomaly.usual if f"alerts.{name}" in service.origins), None)


def _turned_off(anomaly: Anomaly, service: Service) -> Iterator[Note]:
    """Point at the declared alerts that would detect it, but are disabled or out of reach."""
    for name in anomaly.usual:
        span = service.origins.get(f"alerts.{name}")
        if span is not None and not any(alert.name == name for alert in service.alerts):
            yield Note(f"{name} is off", span)
