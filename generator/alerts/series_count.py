"""Series: how many the service's targets expose, by what Prometheus itself counts at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.condition import SERVICE
from generator.model import names
from generator.promql.expr import Expr, number
from generator.streams.scope import summed

if TYPE_CHECKING:
    from generator.alerts.condition import Ground
    from generator.model.alerts import Alert, SeriesCount, Tier
    from generator.model.service import Service


def expr(_alert: Alert, kind: SeriesCount, _tier: Tier, ground: Ground) -> Expr:
    """Sum one series a target, where counting the real ones would read them all."""
    return summed(ground.scope.written(names.SCRAPED).now()) > number(kind.allowed)


def sentence(_alert: Alert, kind: SeriesCount, _tier: Tier, _ground: Ground) -> str:
    """Describe the number of series."""
    return (
        f"The targets of {SERVICE} expose {{{{ $value | humanize }}}} series, and the site allows a service "
        f"{kind.allowed}."
    )


def words(_alert: Alert, kind: SeriesCount, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"The service's targets expose more than {kind.allowed} series"
