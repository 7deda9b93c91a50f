"""Absence: a declared metric that nobody exposes while it should be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.units import DAY, MINUTE, duration
from generator.prometheus.alerting.condition import HALF_EVENT
from generator.prometheus.recording.streams import of_metric, recorded
from generator.promql.expr import Expr, binary, call, number

if TYPE_CHECKING:
    from generator.model.alerts import Absence, Alert, Tier
    from generator.model.service import Service

#: How far back a metric is looked for.
LOOK_BACK = 10 * MINUTE


def expr(alert: Alert, kind: Absence, _tier: Tier, service: Service) -> Expr:
    """Ask the recorded raw pass, which is gone exactly when the raw series are, and costs nothing to read."""
    absent = call("absent_over_time", of_metric(kind.metric).rate(service).over(LOOK_BACK))
    runs = recorded(names.value(service.signals[kind.runs]), service)
    if kind.metric.name != service.runs.name:
        return binary("and", absent, runs.now() >= number(alert.min_events - HALF_EVENT), on=(names.SERVICE,))
    if service.runs_per_hour:
        return absent
    return binary("and", absent, call("count_over_time", runs.over(DAY)), on=(names.SERVICE,))


def sentence(_alert: Alert, kind: Absence, _tier: Tier, service: Service) -> str:
    """Say which metric is missing, and why that is wrong."""
    why = _why_present(kind, service)
    return f"{kind.metric.name} of {service.name} has not been exposed for 10 minutes, although {why}."


def words(alert: Alert, kind: Absence, _tier: Tier, service: Service) -> str:
    """Say when it is true; of the run counter itself no runs can be asked for."""
    why = _why_present(kind, service)
    if kind.metric.name != service.runs.name and alert.min_events:
        window = duration(service.signals[kind.runs].window)
        why = f"at least {alert.min_events} runs finished within {window}"
    return f"No series of {kind.metric.name} for 10 minutes, although {why}"


def _why_present(kind: Absence, service: Service) -> str:
    if kind.metric.name != service.runs.name:
        return "runs finish"
    return "traffic is promised" if service.runs_per_hour else "it was there within the last day"
