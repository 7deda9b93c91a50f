"""Forecasts: at the current pace the day will exceed its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.prometheus.alerting import condition as shared
from generator.prometheus.recording.streams import recorded
from generator.promql.expr import Expr, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Forecast, Tier
    from generator.model.service import Service


def expr(alert: Alert, _kind: Forecast, tier: Tier, service: Service) -> Expr:
    """Compare the recorded forecast with the bound."""
    signal = service.signals[alert.signal]
    day = recorded(names.part(signal, "forecast"), service).now()
    return shared.rounded(day, shared.PRECISION[signal.unit]) > number(tier.bound)


def sentence(alert: Alert, _kind: Forecast, tier: Tier, service: Service) -> str:
    """Say what the day will come to."""
    signal = service.signals[alert.signal]
    value = shared.value_of(signal.unit)
    return f"At the pace of the last 6 hours {service.name} comes to {value} a day, above {tier.text}."


def words(_alert: Alert, _kind: Forecast, tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return f"At the pace of the last 6 hours the day comes to more than {tier.text}"
