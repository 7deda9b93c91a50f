"""The specs as written: typed, with the place of everything that a later stage may complain about."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from generator.diagnostics import Span

T = TypeVar("T")


class Located(Struct, Generic[T], frozen=True):
    """A value and where it was written."""

    value: T
    span: Span


class Entry(Struct, Generic[T], frozen=True):
    """An entry of a map; one of a list has no value."""

    key: Located[str]
    value: T


Text = Located[str]
Names = tuple[Text, ...]


class LabelSpec(Struct, frozen=True):
    """A label of a profile; each entry of ``values`` may name the value that it determines."""

    span: Span
    description: str | None
    values: tuple[Entry[Text | None], ...]
    closed: bool | None
    max_live: int | None
    new_per_week: float | None
    determines: Text | None
    limits: Names


class BoundSpec(Struct, frozen=True):
    """A service's bound of a label: listed values, or the largest number of live ones."""

    span: Span
    values: Names
    max_live: int | None
    new_per_week: float | None


class MetricSpec(Struct, frozen=True):
    """A metric; a service's change of buckets has nothing but these."""

    span: Span
    type: Text | None
    unit: str | None
    help: str | None
    labels: Names
    buckets: tuple[Located[float], ...]
    sparse: bool | None


class SourceSpec(Struct, frozen=True):
    """What a signal is computed from: the body of ``count``, ``share``, ``ratio`` and the others."""

    span: Span
    of: Text
    where: tuple[Entry[Text], ...]
    per: Text | None
    exists_with: Text | None
    q: float | None
    label: Text | None


class TrendSpec(Struct, frozen=True):
    """How a signal's change is told."""

    over: Text


class SignalSpec(Struct, frozen=True):
    """A signal; exactly one of the seven kinds is there."""

    span: Span
    title: str
    description: str
    layer: str | None
    count: SourceSpec | None
    share: SourceSpec | None
    ratio: SourceSpec | None
    tokens: SourceSpec | None
    cost: SourceSpec | None
    quantile: SourceSpec | None
    distribution: SourceSpec | None
    by: Names
    better: str | None
    window: Text | None
    worst_by: Text | None
    trend: TrendSpec | None


class ObjectiveSpec(Struct, frozen=True):
    """What is promised of a signal."""

    span: Span
    min: Text | None
    max: Text | None
    window: Text | None


class AlertKindSpec(Struct, frozen=True):
    """The body of ``threshold``, ``change`` and the others."""

    span: Span
    signal: Text | None
    by: Text | None
    over: Text | None
    beyond: Text | None
    unfinished: bool | None


class AlertSpec(Struct, frozen=True):
    """An alert, or a service's changes to one of its profile."""

    span: Span
    threshold: AlertKindSpec | None
    change: AlertKindSpec | None
    regression: AlertKindSpec | None
    unpriced: AlertKindSpec | None
    absence: AlertKindSpec | None
    idle: AlertKindSpec | None
    burn_rate: AlertKindSpec | None
    overflow: AlertKindSpec | None
    forecast: AlertKindSpec | None
    undeclared: AlertKindSpec | None
    series_budget: AlertKindSpec | None
    warning: Text | None
    critical: Text | None
    severity: Text | None
    for_: Text | None
    keep_firing_for: Text | None
    min_events: Located[int] | None
    min_bad_events: Located[int] | None
    summary: str | None
    means: str | None
    disabled: Text | None


class ProfileSpec(Struct, frozen=True):
    """A profile file."""

    span: Span
    profile: Text
    description: str | None
    labels: tuple[Entry[LabelSpec], ...]
    metrics: tuple[Entry[MetricSpec], ...]
    signals: tuple[Entry[SignalSpec], ...]
    objectives: tuple[Entry[ObjectiveSpec], ...]
    alerts: tuple[Entry[AlertSpec], ...]


class TrafficSpec(Struct, frozen=True):
    """Promised traffic."""

    min_runs_per_hour: float


class BudgetSpec(Struct, frozen=True):
    """What may be spent."""

    per_day: Text


class ServiceSpec(Struct, frozen=True):
    """A service file."""

    span: Span
    service: Text
    profile: Text
    description: str | None
    owner: str
    selector: tuple[Entry[Text], ...]
    replicas: int | None
    traffic: TrafficSpec | None
    labels: tuple[Entry[BoundSpec], ...]
    metrics: tuple[Entry[MetricSpec], ...]
    signals: tuple[Entry[SignalSpec], ...]
    objectives: tuple[Entry[ObjectiveSpec], ...]
    budget: BudgetSpec | None
    alerts: tuple[Entry[AlertSpec], ...]
    links: tuple[Entry[str], ...]
    adapters: Names

    @property
    def claims(self) -> Claims:
        """What other services must not claim as well, and the profile that it uses."""
        return Claims(
            self.service, self.profile.value, self.selector, tuple(alert.key for alert in self.alerts)
        )


class Claims(Struct, frozen=True):
    """What is looked at together of all services: none may share its name, its series or the names of its alerts."""

    service: Text
    profile: str
    selector: tuple[Entry[Text], ...]
    alerts: Names


class SeriesBudgetSpec(Struct, frozen=True):
    """The largest numbers of series."""

    metric: int | None
    service: int | None
    recorded: int | None
    total: int | None


class SiteSpec(Struct, frozen=True):
    """The site file."""

    span: Span
    scrape_interval: Text | None
    rule_interval: Text | None
    retention: Text | None
    grafana_url: str | None
    runbook_url: str | None
    created_series: bool | None
    oldest_prometheus: Text | None
    series_budget: SeriesBudgetSpec | None


class ProviderSpec(Struct, frozen=True):
    """What a provider counts inside what."""

    includes: tuple[Entry[Names], ...]
    free: bool | None


class PricesSpec(Struct, frozen=True):
    """The price list: for each model its ``provider``, ``free``, factors, and USD for a million tokens of each type."""

    span: Span
    providers: tuple[Entry[ProviderSpec], ...]
    models: tuple[Entry[tuple[Entry[Text], ...]], ...]
    date: str | None = None


class Shared(Struct, frozen=True):
    """What all services share; ``profiles`` are the directory's own, and those that ship with the compiler."""

    site: SiteSpec | None
    prices: PricesSpec | None
    profiles: tuple[ProfileSpec, ...]


class Specs(Struct, frozen=True):
    """All files of a compilation."""

    shared: Shared
    services: tuple[ServiceSpec, ...]
