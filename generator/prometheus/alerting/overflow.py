"""Overflow: observations beyond the last bucket, where a quantile is stuck at the bucket's bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import top_bucket
from generator.model.units import Unit, human
from generator.prometheus.alerting import condition as shared
from generator.prometheus.recording.streams import recorded
from generator.promql.expr import Expr, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Overflow, Tier
    from generator.model.service import Service


def expr(alert: Alert, _kind: Overflow, tier: Tier, service: Service) -> Expr:
    """Compare the recorded share with the bound, on enough observations beyond it more than that."""
    signal = service.signals[alert.signal]
    found = shared.parts(alert, service)
    share = recorded(names.part(signal, "overflow"), service).now()
    crossed = shared.rounded(share, shared.PRECISION[Unit.RATIO]) > number(tier.bound)
    excess = (share - number(tier.bound)) * found.denominator.now()
    return shared.enough(crossed, excess, alert.min_bad_events, found.on)


def sentence(alert: Alert, _kind: Overflow, tier: Tier, service: Service) -> str:
    """Say how many lie beyond what."""
    signal = service.signals[alert.signal]
    top = human(top_bucket(signal) or 0, signal.unit)
    return (
        f"{shared.value_of(Unit.RATIO)} of the observations of {signal.of.name} of {service.name} lie beyond its last "
        f"bucket, {top}, above {tier.text}: the true {shared.title(signal)} is higher than shown. "
        "Give it larger buckets."
    )


def words(alert: Alert, _kind: Overflow, tier: Tier, service: Service) -> str:
    """Say when it is true."""
    metric = service.signals[alert.signal].of
    return f"More than {tier.text} of the observations lie beyond the last bucket of {metric.name}"
