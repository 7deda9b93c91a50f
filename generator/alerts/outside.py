"""Values that generated instrumentation exposed as ``other``: the series stay bounded, the values are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import SERVICE, Ground
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, OUTSIDE_WINDOW, Alert, Outside, Tier
from generator.model.units import duration
from generator.promql.expr import Expr, number
from generator.streams.scope import summed

if TYPE_CHECKING:
    from generator.model.service import Service


def expr(alert: Alert, kind: Outside, _tier: Tier, ground: Ground) -> Expr:
    """Count recent values, label by label: the counter itself never forgets a stray value."""
    stream = kind.stream
    counted = ground.scope.record(names.increase(stream, stream.kept, OUTSIDE_WINDOW))
    late = summed(counted.now(), (kind.label.name,))
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    return floor.compare(">=", late) if floor else late >= number(0.5)


def fewest(alert: Alert) -> int:
    """Return the number of values from which the alert fires."""
    return max(1, alert.min_bad_events)


def sentence(_alert: Alert, kind: Outside, _tier: Tier, _ground: Ground) -> str:
    """Describe the number of values, and the log that names them."""
    often = '{{ $value | printf "%.0f" }} times'
    return (
        f"{SERVICE} met values of {{{{ $labels.{kind.label.name} }}}} that its spec does not allow, {often} "
        f"within {duration(OUTSIDE_WINDOW)}, and did not expose them. Its log names the first."
    )


def words(alert: Alert, kind: Outside, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return (
        f"{kind.stream.metric} counts at least {fewest(alert)} values of one label outside the spec within "
        f"{duration(OUTSIDE_WINDOW)}"
    )
