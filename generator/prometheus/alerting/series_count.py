"""Series: how many the service's targets expose, by what Prometheus itself counts at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.promql.expr import Expr, number, series, total

if TYPE_CHECKING:
    from generator.model.alerts import Alert, SeriesCount, Tier
    from generator.model.service import Service

SCRAPED = "scrape_samples_post_metric_relabeling"


def expr(_alert: Alert, kind: SeriesCount, _tier: Tier, service: Service) -> Expr:
    """Sum one series a target, where counting the real ones would read them all."""
    return total(series(SCRAPED, service.selector).now()) > number(kind.allowed)


def sentence(_alert: Alert, kind: SeriesCount, _tier: Tier, service: Service) -> str:
    """Say how many."""
    return (
        f"The targets of {service.name} expose {{{{ $value | humanize }}}} series, and the site allows a service "
        f"{kind.allowed}."
    )


def words(_alert: Alert, kind: SeriesCount, _tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return f"The service's targets expose more than {kind.allowed} series"
