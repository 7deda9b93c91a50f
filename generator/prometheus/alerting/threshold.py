"""Thresholds: a signal beyond a bound, on enough events and enough bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.prometheus.alerting import chance
from generator.prometheus.alerting import condition as shared
from generator.promql.expr import Expr, binary, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Threshold, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: Threshold, tier: Tier, service: Service) -> Expr:
    """Compare the value with the tier's bound."""
    signal = service.signals[alert.signal]
    found = shared.parts(alert, service)
    value = shared.rounded(found.value.now(), shared.PRECISION[signal.unit])
    crossed = shared.beyond(signal, value, tier.bound)
    crossed = shared.enough(crossed, found.denominator.now(), alert.min_events, found.on)
    bad = chance.bad_events(alert, found, service, bound=tier.bound)
    if bad is not None:
        share = number(round(chance.allowed_share(signal, tier.bound), 9))
        allowed = share * found.denominator.now()
        excess = (
            bad - allowed if found.each == found.on else binary("-", bad, allowed, on=found.on, group_left=())
        )
        crossed = shared.enough(crossed, excess, alert.min_bad_events, found.each)
    return crossed | _unfinished(alert, tier, found) if kind.unfinished else crossed


def _unfinished(alert: Alert, tier: Tier, found: shared.Parts) -> Expr:
    """Catch what loops without an end: its runs are counted only when they finish."""
    amount = found.numerator.now() / number(max(alert.min_events, 1))
    finished = found.denominator.now() > number(0)
    on = None if found.each == found.on else found.on
    return binary("unless", amount > number(tier.bound), finished, on=on)


def sentence(alert: Alert, _kind: Threshold, tier: Tier, service: Service) -> str:
    """Say the value and the bound."""
    signal = service.signals[alert.signal]
    subject = shared.subject(signal, alert, service)
    value, side = shared.value_of(signal.unit), shared.side(signal)
    return f"{subject} was {value} in {shared.window_of(signal)}, {side} {tier.text}."


def words(alert: Alert, kind: Threshold, tier: Tier, service: Service) -> str:
    """Say when it is true."""
    signal = service.signals[alert.signal]
    also = ", or as much happens while no run finishes" if kind.unfinished else ""
    value = f"{shared.named(signal, alert, service)} over {shared.window_of(signal)}"
    return f"{value} is {shared.side(signal)} {tier.text}{also}"
