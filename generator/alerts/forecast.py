"""Forecasts: at the current pace the day will exceed its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.tiers import BELOW_ZERO, bounded_tiers, value_bound
from generator.model import names
from generator.model.alerts import Forecast
from generator.model.signals import Cost, Count
from generator.model.units import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
    from generator.alerts.guide import Guide
    from generator.model.alerts import Alert, Tier
    from generator.model.service import Service
    from generator.promql.expr import Expr

KEY, KIND = "forecast", Forecast
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = None
records, labels, variant_parts, panel = usual.records, usual.labels, usual.variant_parts, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a daily total, which a pace can be compared with."""
    about = about_signal(draft)
    if about is None:
        return
    signal = about.signal
    is_amount = signal.kind == Cost(None) or (signal.kind == Count() and not signal.of.is_histogram)
    if not about.fits("a count or a cost of the last 24h", fits=is_amount and signal.window == DAY):
        return
    if tiers := bounded_tiers(about, value_bound, _out_of_reach):
        yield about.resolved(Forecast(), tiers)


def _out_of_reach(value: float, _about: SignalDraft) -> str | None:
    return BELOW_ZERO if value < 0 else None


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
