"""Overflow: observations beyond the last bucket, where a quantile is stuck at the bucket's bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, Overflow, Tier
from generator.model.units import Unit

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.service import Service
    from generator.promql.expr import Expr


def expr(alert: Alert, _kind: Overflow, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded share with the bound, on enough observations above the allowed number."""
    signal, bound = ground.signal(alert), ground.bound(alert, tier)
    parts = condition.input_series(alert, ground)
    share = ground.scope.record(names.part(signal, "overflow")).now()
    crossed = bound.compare(">", condition.rounded(share))
    excess = bound.less(share) * parts.denominator.now()
    return condition.enough(crossed, excess, ground.floor(alert, MIN_BAD_EVENTS), parts.on)


def sentence(alert: Alert, _kind: Overflow, tier: Tier, ground: Ground) -> str:
    """Describe the share of events beyond the last bucket."""
    signal = ground.signal(alert)
    bound = condition.bound_of(alert, tier, Unit.RATIO, ground)
    share, title = condition.value_of(Unit.RATIO), condition.title_template(signal, ground)
    return (
        f"{share} of the observations behind {title} of {condition.SERVICE} "
        f"lie beyond the last bucket of the histogram, above {bound}: the true value is higher than shown. Give the "
        "histogram larger buckets."
    )


def words(alert: Alert, _kind: Overflow, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    metric = service.signals[alert.signal].of.metric
    return f"More than {tier.text} of the observations lie beyond the last bucket of {metric}"
