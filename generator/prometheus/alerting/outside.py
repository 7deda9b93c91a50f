"""Values that generated instrumentation exposed as ``other``: the bound of series holds, what they say is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.alerts import OUTSIDE_WINDOW
from generator.model.units import duration
from generator.prometheus.alerting.condition import HALF_EVENT
from generator.prometheus.recording.streams import of_metric
from generator.promql.expr import Expr, number, total

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Outside, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: Outside, _tier: Tier, service: Service) -> Expr:
    """Count what came of late, label by label: the counter itself never forgets a stray value."""
    counted = of_metric(kind.metric).increase(service, OUTSIDE_WINDOW)
    return total(counted.now(), (kind.label.name,)) >= number(fewest(alert) - HALF_EVENT)


def fewest(alert: Alert) -> int:
    """Say how many such values in the window are enough."""
    return max(1, alert.min_bad_events)


def sentence(_alert: Alert, kind: Outside, _tier: Tier, service: Service) -> str:
    """Say how many, and where to find which."""
    often = '{{ $value | printf "%.0f" }} times'
    return (
        f"{service.name} met values of {{{{ $labels.{kind.label.name} }}}} that its spec does not allow, {often} "
        f"within {duration(OUTSIDE_WINDOW)}, and did not expose them. Its log names the first."
    )


def words(alert: Alert, kind: Outside, _tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return (
        f"{kind.metric.name} counts at least {fewest(alert)} values of one label outside the spec within "
        f"{duration(OUTSIDE_WINDOW)}"
    )
