"""Series: the number that the service's targets expose, as Prometheus itself counts at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import SERVICE, Ground, bound_of
from generator.model import names
from generator.model.units import Unit
from generator.streams.scope import summed

if TYPE_CHECKING:
    from generator.model.alerts import Alert, SeriesCount, Tier
    from generator.model.service import Service
    from generator.promql.expr import Expr


def expr(alert: Alert, _kind: SeriesCount, tier: Tier, ground: Ground) -> Expr:
    """Sum one series a target; counting the real ones would read them all."""
    return ground.bound(alert, tier).compare(">", summed(ground.scope.written(names.SCRAPED).now()))


def sentence(alert: Alert, _kind: SeriesCount, tier: Tier, ground: Ground) -> str:
    """Describe the number of series."""
    budget = bound_of(alert, tier, Unit.COUNT, ground)
    return f"The targets of {SERVICE} expose {{{{ $value | humanize }}}} series, and its budget is {budget}."


def words(_alert: Alert, kind: SeriesCount, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"The service's targets expose more than {kind.allowed} series"
