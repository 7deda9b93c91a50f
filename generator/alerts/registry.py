"""The kinds of alerts, each with its module. A new kind is a module and a line here.

mypy proves that each module has all of ``KindModule``, and ``tests/alerts`` that every member of ``AlertKind`` has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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
from generator.alerts.condition import Condition, Ground
from generator.model import names
from generator.model.panels import PANELS, PanelPlace
from generator.model.service import Service, worded
from generator.model.units import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.alerts.draft import Draft, Resolved
    from generator.alerts.guide import Guide
    from generator.model.alerts import Alert, AlertKind, Tier
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal
    from generator.promql.expr import Expr
    from generator.scenarios import Subject, TestCase

K = TypeVar("K")


class KindModule(Protocol[K]):
    """Everything that is known of a kind of alert; ``kind`` is the kind's own part of the alert.

    Attributes:
        KEY: Its key in the spec; kinds of one key are written as one.
        KIND: The class of its own part in the model.
        FLOORS: The floors of events that it reads.
        GUIDE: The action and the questions of its runbook; None for those of the signal.
    """

    KEY: str
    KIND: type[K]
    FLOORS: tuple[str, ...]
    GUIDE: Guide | None

    def resolve(self, draft: Draft, /) -> Iterable[Resolved]:
        """Resolve an alert from the spec: none, one, or one for each of many subjects."""
        ...

    def variant_parts(self, kind: K, /) -> Mapping[str, str]:
        """List the parts in which a variant of a service can differ, besides numbers and those of every alert."""
        ...

    def records(self, alert: Alert, kind: K, ground: Ground, /) -> Iterable[RecordingRule]:
        """Record what it reads beside what is recorded of its signal; shared rules may have some of it already."""
        ...

    def expr(self, alert: Alert, kind: K, tier: Tier, ground: Ground, /) -> Expr:
        """Compose the condition of a tier."""
        ...

    def compared(self, alert: Alert, kind: K, ground: Ground, /) -> Expr | None:
        """Compose the value that its condition compares, for people to query; None where it compares none."""
        ...

    def labels(self, kind: K, ground: Ground, /) -> Mapping[str, str]:
        """List the labels that it adds to the firing alert."""
        ...

    def sentence(self, alert: Alert, kind: K, tier: Tier, ground: Ground, /) -> str:
        """Write the description of the firing alert, a template of Prometheus."""
        ...

    def words(self, alert: Alert, kind: K, tier: Tier, service: Service, /) -> str:
        """Describe the condition of a tier for people, with its floors of events."""
        ...

    def cases(self, kind: K, subject: Subject, /) -> Iterable[TestCase]:
        """Build the test cases of one severity, the clearest one first."""
        ...

    def panel(self, alert: Alert, kind: K, /) -> str:
        """Name the panel that shows its subject; a name that is not in ``PANELS`` stands for none."""
        ...


def _kind(module: KindModule[K]) -> KindModule[Any]:
    """Have mypy prove that all parts of a module are about the same kind."""
    return module


KINDS: tuple[KindModule[Any], ...] = (
    _kind(threshold),
    _kind(change),
    _kind(regression),
    _kind(burn_rate),
    _kind(overflow),
    _kind(forecast),
    _kind(fall),
    _kind(unpriced),
    _kind(idle),
    _kind(absence),
    _kind(undeclared),
    _kind(outside),
    _kind(series_count),
    _kind(rule_health),
)
#: The keys that a spec may have, and the kinds of each.
BY_KEY = {
    key: tuple(one for one in KINDS if key == one.KEY) for key in dict.fromkeys(one.KEY for one in KINDS)
}
_BY_CLASS = {one.KIND: one for one in KINDS}


def module_of(kind: AlertKind) -> KindModule[Any]:
    """Find the module of an alert's kind."""
    return _BY_CLASS[type(kind)]


def conditions(alert: Alert, ground: Ground) -> Iterator[Condition]:
    """Build the condition of each tier of an alert."""
    module = module_of(alert.kind)
    for tier in alert.tiers:
        yield Condition(
            tier.severity,
            module.expr(alert, alert.kind, tier, ground),
            module.sentence(alert, alert.kind, tier, ground),
        )


def alert_records(alert: Alert, ground: Ground) -> Iterator[RecordingRule]:
    """Record what an alert reads beside what is recorded of its signal."""
    yield from module_of(alert.kind).records(alert, alert.kind, ground)


def compared(alert: Alert, ground: Ground) -> Expr | None:
    """Compose the value that an alert compares, as people query it; None where it compares none."""
    return module_of(alert.kind).compared(alert, alert.kind, ground)


def in_words(alert: Alert, tier: Tier, service: Service) -> str:
    """Describe the condition of an alert's tier, with its floors of events, for people who read no PromQL."""
    condition = module_of(alert.kind).words(alert, alert.kind, tier, service)
    holds = f", for {duration(alert.for_)}" if alert.for_ else ""
    return worded(f"{condition}{holds}.", service.run)


def guide_of(alert: Alert) -> Guide | None:
    """Find the guide of an alert's kind; None where that of its signal applies."""
    return module_of(alert.kind).GUIDE


def panel_of(alert: Alert) -> PanelPlace | None:
    """Find the panel that shows the subject of an alert; None where no panel does."""
    return PANELS.get(module_of(alert.kind).panel(alert, alert.kind))


def dashboard_of_alert(alert: Alert, signal: Signal) -> str:
    """Name the dashboard that shows the subject of an alert, or else the dashboard of its signal."""
    if signal.own:
        return names.DASHBOARDS["overview"]
    place = panel_of(alert)
    return place.uid if place else names.dashboard_of(signal)
