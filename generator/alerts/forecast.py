"""Forecasts: at the current pace the day will exceed its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition
from generator.model import names

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.alerts import Alert, Forecast, Tier
    from generator.model.service import Service
    from generator.promql.expr import Expr


def expr(alert: Alert, _kind: Forecast, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded forecast with the bound."""
    day = ground.scope.record(names.part(ground.signal(alert), "forecast")).now()
    return ground.bound(alert, tier).compare(">", condition.rounded(day))


def sentence(alert: Alert, _kind: Forecast, tier: Tier, ground: Ground) -> str:
    """Describe the forecast of the day's spend."""
    unit = ground.signal(alert).unit
    bound = condition.bound_of(alert, tier, unit, ground)
    value = condition.value_of(unit)
    return f"At the pace of the last 6 hours {condition.SERVICE} comes to {value} a day, above {bound}."


def words(_alert: Alert, _kind: Forecast, tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"At the pace of the last 6 hours the day comes to more than {tier.text}"
