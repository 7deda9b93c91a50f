"""Idleness: no run finishes although the service promises traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import SERVICE, in_its_words
from generator.model import names
from generator.model.units import duration
from generator.promql.expr import Expr, binary, call, number
from generator.streams.scope import grouped, join, summed

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.alerts import Alert, Idle, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: Idle, _tier: Tier, ground: Ground) -> Expr:
    """Count the runs of the whole time; a run counter that is gone is another alert's matter."""
    runs, scope = ground.runs or ground.signal(alert).of, ground.scope
    seen = summed(call("sum_over_time", scope.stream(runs).over(kind.over - 1)))
    silent = binary("==", seen, number(0))
    return join("and", silent, grouped(scope.written(names.TRAFFIC).now())) if scope.shared else silent


def sentence(_alert: Alert, kind: Idle, _tier: Tier, ground: Ground) -> str:
    """Describe the time without a finished run."""
    none = in_its_words("No run", ground)
    return f"{none} of {SERVICE} finished within {duration(kind.over)}, although traffic is promised."


def words(_alert: Alert, kind: Idle, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"No run finished for {duration(kind.over)}, although traffic is promised"
