"""Idleness: no run finishes although the service promises traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.units import duration
from generator.prometheus.recording.streams import of_metric
from generator.promql.expr import Expr, binary, call, number, total

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Idle, Tier
    from generator.model.service import Service


def expr(_alert: Alert, kind: Idle, _tier: Tier, service: Service) -> Expr:
    """Count the runs of the whole time; a run counter that is gone is another alert's matter."""
    seen = total(call("sum_over_time", of_metric(service.runs).rate(service).over(kind.over - 1)))
    return binary("==", seen, number(0))


def sentence(_alert: Alert, kind: Idle, _tier: Tier, service: Service) -> str:
    """Say for how long."""
    return f"No run of {service.name} finished within {duration(kind.over)}, although traffic is promised."


def words(_alert: Alert, kind: Idle, _tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return f"No run finished for {duration(kind.over)}, although traffic is promised"
