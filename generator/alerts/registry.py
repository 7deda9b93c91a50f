"""The kinds of alerts, each with its module. A new kind is a module and a line here.

``tests/alerts`` proves that every member of ``AlertKind`` has one; mypy that each has all of ``KindModule``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from generator.alerts import (
    absence,
    burn_rate,
    change,
    fall,
    forecast,
    idle,
    outside,
    overflow,
    regression,
    rule_health,
    series_count,
    threshold,
    undeclared,
    unpriced,
)
from generator.alerts.chance import SIGMAS, sigmas
from generator.alerts.condition import Condition, Ground, side
from generator.model import alerts
from generator.model.service import worded
from generator.model.signals import Better, Quantile, Share, Signal, counts_bad
from generator.model.units import Unit, duration, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.alerts import Alert, Tier
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
    from generator.promql.expr import Expr


class KindModule(Protocol):
    """The functions that every kind of alert has; ``kind`` is the kind's own part of the alert."""

    def expr(self, alert: Alert, kind: Any, tier: Tier, ground: Ground, /) -> Expr:  # noqa: ANN401
        """Compose the condition of a tier."""
        ...

    def sentence(self, alert: Alert, kind: Any, tier: Tier, ground: Ground, /) -> str:  # noqa: ANN401
        """Write the description of the firing alert, a template of Prometheus."""
        ...

    def words(self, alert: Alert, kind: Any, tier: Tier, service: Service, /) -> str:  # noqa: ANN401
        """Describe the condition of a tier for people."""
        ...


KINDS: Mapping[type, KindModule] = MappingProxyType(
    {
        alerts.Threshold: threshold,
        alerts.Change: change,
        alerts.Regression: regression,
        alerts.BurnRate: burn_rate,
        alerts.Overflow: overflow,
        alerts.Forecast: forecast,
        alerts.Fall: fall,
        alerts.Unpriced: unpriced,
        alerts.Absence: absence,
        alerts.Idle: idle,
        alerts.Undeclared: undeclared,
        alerts.Outside: outside,
        alerts.SeriesCount: series_count,
        alerts.RuleHealth: rule_health,
    }
)

#: Their ``words`` include the floors.
_SAY_FLOORS = alerts.Undeclared | alerts.Outside | alerts.Absence | alerts.RuleHealth


class Judgement(Struct, frozen=True):
    """An alert, and the condition of each of its tiers."""

    alert: Alert
    conditions: tuple[Condition, ...]


def judgement(alert: Alert, ground: Ground) -> Judgement:
    """Build the conditions of an alert."""
    kind = KINDS[type(alert.kind)]
    return Judgement(
        alert,
        tuple(
            Condition(
                tier.severity,
                kind.expr(alert, alert.kind, tier, ground),
                kind.sentence(alert, alert.kind, tier, ground),
            )
            for tier in alert.tiers
        ),
    )


def alert_records(alert: Alert, ground: Ground) -> Iterator[RecordingRule]:
    """Record the counts that only one alert reads, over windows longer than its signal's."""
    yield from threshold.records(alert, ground)
    yield from idle.records(alert, ground)


def in_words(alert: Alert, tier: Tier, service: Service) -> str:
    """Describe the condition of an alert's tier, with its floors of events, for people who read no PromQL."""
    condition = KINDS[type(alert.kind)].words(alert, alert.kind, tier, service)
    floors = "".join(f", {floor}" for floor in _floors(alert, service.signals[alert.signal]))
    holds = f", for {duration(alert.for_)}" if alert.for_ else ""
    return worded(f"{condition}{floors}{holds}.", service.run)


def _floors(alert: Alert, signal: Signal) -> list[str]:
    if isinstance(alert.kind, _SAY_FLOORS):
        return []
    floors = []
    if alert.min_events:
        floors.append(f"on at least {alert.min_events} events")
    if alert.min_bad_events:
        floors.append(f"with at least {alert.min_bad_events} {_bad(alert, signal)}")
    of_threshold = isinstance(alert.kind, alerts.Threshold) and bool(alert.min_bad_events)
    compared = isinstance(alert.kind, alerts.Change | alerts.Regression)
    if (compared or of_threshold) and by_chance(alert, signal):
        floors.append(f"by more than chance explains ({_deviations(alert, signal)})")
    return floors


def _deviations(alert: Alert, signal: Signal) -> str:
    """Write the standard deviations that the tiers of an alert need."""
    if not isinstance(alert.kind, alerts.Threshold):
        return f"{SIGMAS} standard deviations"
    least, *more = sorted({sigmas(signal, tier.severity) for tier in alert.tiers})
    return f"{least} standard deviations" + "".join(f", {most} to page" for most in more)


def _bad(alert: Alert, signal: Signal) -> str:
    """Name the events that a floor counts, and their reference."""
    compared = isinstance(alert.kind, alerts.Change | alerts.Regression)
    if isinstance(alert.kind, alerts.Overflow):
        return "more there than that share"
    if isinstance(signal.kind, Quantile) and isinstance(alert.kind, alerts.Threshold):
        may_be = signal.kind.q if signal.better is Better.HIGHER else 1 - signal.kind.q
        return f"more observations {side(signal)} that than the {human(may_be, Unit.RATIO)} that may be"
    if isinstance(signal.kind, Quantile) and compared:
        return f"more observations {side(signal)} that than expected"
    if compared:
        return "bad events more than expected"
    return "bad events more than that allows" if isinstance(alert.kind, alerts.Threshold) else "bad events"


def by_chance(alert: Alert, signal: Signal) -> bool:
    """Whether a comparison counts bad events: their number shows whether a change can be chance."""
    if isinstance(alert.kind, alerts.Regression):
        return isinstance(signal.kind, Share | Quantile)
    if isinstance(signal.kind, Quantile):
        bounded = isinstance(alert.kind, alerts.Change) and alert.kind.beyond is not None
        return bounded or isinstance(alert.kind, alerts.Threshold)
    return counts_bad(signal)
