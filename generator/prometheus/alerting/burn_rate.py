"""Burn rates: an error budget that is spent too fast, in a long and in a short window at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.units import Unit, human
from generator.prometheus.alerting import condition as shared
from generator.prometheus.alerting.condition import HALF_EVENT
from generator.prometheus.recording.streams import recorded
from generator.promql.expr import Expr, all_of, any_of, call, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Burn, BurnRate, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: BurnRate, tier: Tier, service: Service) -> Expr:
    """Compare the share of bad events with the budget, times each pace; any pace is enough."""
    return any_of([_pace(alert, kind, burn, service) for burn in tier.burns])


def _pace(alert: Alert, kind: BurnRate, burn: Burn, service: Service) -> Expr:
    signal = service.signals[alert.signal]
    bound = number(round(burn.factor * kind.budget, 9))
    long, short = (
        recorded(names.windowed(signal, "error_ratio", window), service).now()
        for window in (burn.long, burn.short)
    )
    bad = recorded(names.windowed(signal, "errors", burn.long), service).now()
    # Ten minutes after the first deployment three days say what ten minutes say.
    seen = call("count_over_time", recorded(names.part(signal, "events_rate"), service).over(burn.long - 1))
    half = number(burn.long // kind.interval // 2)
    return all_of(
        [long > bound, short > bound, bad >= number(alert.min_bad_events - HALF_EVENT), seen >= half]
    )


def sentence(alert: Alert, kind: BurnRate, tier: Tier, service: Service) -> str:
    """Say the share of bad events and the budget."""
    signal = service.signals[alert.signal]
    budget = human(kind.budget, Unit.RATIO)
    return (
        f"{shared.title(signal)} of {service.name}: {{{{ $value | humanizePercentage }}}} of the events were bad, "
        f"against an error budget of {budget}, which burns at {tier.text}. At 1x it would last exactly its window."
    )


def words(_alert: Alert, kind: BurnRate, tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return f"The error budget of {human(kind.budget, Unit.RATIO)} burns at {tier.text}"
