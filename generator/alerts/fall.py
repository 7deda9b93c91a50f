"""Falls: far fewer events than an hour ago and than yesterday, where it is no night and no weekend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition
from generator.model.alerts import MIN_EVENTS, Alert, Fall, Tier
from generator.model.units import DAY, HOUR, Unit
from generator.promql.expr import Expr, number
from generator.streams.scope import join

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.service import Service

#: The earlier times of comparison, in seconds. A fall an hour sooner or later yesterday is usual: a batch does not
#: always take as long, and clocks change.
AGO = (DAY, HOUR, DAY - HOUR, DAY + HOUR)


def expr(alert: Alert, _kind: Fall, tier: Tier, ground: Ground) -> Expr:
    """Compare the count with every earlier one, each of enough events; the value is the fall since yesterday."""
    parts = condition.input_series(alert, ground)
    crossed, *others = (_fell(ago, alert, tier, parts, ground) for ago in AGO)
    for one in others:
        crossed = join("and", crossed, one, parts.each)
    return crossed


def _fell(ago: int, alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    before = parts.value.now(offset=ago)
    fall = number(1) - parts.value.now() / (before > number(0))
    fell = ground.bound(alert, tier).compare(">=", condition.rounded(fall))
    return condition.enough(fell, before, ground.floor(alert, MIN_EVENTS), parts.each)


def sentence(alert: Alert, _kind: Fall, _tier: Tier, ground: Ground) -> str:
    """Describe the fall."""
    signal = ground.signal(alert)
    return (
        f"{condition.subject(signal, alert, ground)} fell by {condition.value_of(Unit.RATIO)} against the same time "
        f"yesterday, and against an hour ago, to be seen over {condition.window_of(signal)}."
    )


def words(alert: Alert, _kind: Fall, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    named = condition.signal_in_words(service.signals[alert.signal], alert)
    return f"{named} fell by {tier.text} against an hour ago and against yesterday, 23 to 25 hours ago"
