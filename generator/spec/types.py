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


class OneOrMany(Struct, frozen=True):
    """A value, or a list of values; ``single`` is whether a value was written."""

    values: Names
    single: bool


class Keyed(Struct, frozen=True):
    """An entry that another file may change key by key; ``written`` are the fields whose keys are written."""

    span: Span
    written: frozenset[str]


class LabelSpec(Keyed, frozen=True):
    """A label of a profile; each entry of ``values`` may name the value that it determines."""

    description: str | None
    values: tuple[Entry[OneOrMany | None], ...]
    ignore: Names
    from_: Text | None
    label: Text | None
    closed: bool | None
    max_live: int | None
    new_per_week: float | None
    determines: Text | None
    limits: Names
    per: tuple[Entry[int], ...]


class BoundSpec(Struct, frozen=True):
    """A service's bound of a label: listed values, or the largest number of live ones, also for each of another's."""

    span: Span
    values: Names
    max_live: int | None
    new_per_week: float | None
    per: tuple[Entry[int], ...] = ()


class SegmentSpec(Struct, frozen=True):
    """A label of a service's choice: its values or their largest number, and the streams that have it."""

    span: Span
    values: Names
    max_live: int | None
    new_per_week: float | None
    description: str | None
    label: Text | None
    of: Names


class MetricSpec(Keyed, frozen=True):
    """A metric; a change of one has only the keys that change, and that of a service only ``buckets``."""

    type: Text | None
    unit: str | None
    help: str | None
    labels: Names
    buckets: Names
    sparse: bool | None
    across: Text | None


class SourceSpec(Struct, frozen=True):
    """The source of a signal: the body of ``count``, ``share``, ``ratio`` and the others."""

    span: Span
    of: Text
    where: tuple[Entry[Text], ...]
    among: tuple[Entry[Text], ...]
    per: Text | None
    exists_with: Text | None
    q: float | None
    label: Text | None
    limits: Names
    take: str | None


class TrendSpec(Struct, frozen=True):
    """The change of a signal to show."""

    over: Text


class SignalSpec(Keyed, frozen=True):
    """A signal; exactly one of the eight kinds is set. A change of one has only the keys that change."""

    title: str | None
    description: str | None
    layer: str | None
    count: SourceSpec | None
    share: SourceSpec | None
    ratio: SourceSpec | None
    tokens: SourceSpec | None
    cost: SourceSpec | None
    quantile: SourceSpec | None
    distribution: SourceSpec | None
    level: SourceSpec | None
    by: Names
    better: str | None
    window: Text | None
    worst_by: Text | None
    trend: TrendSpec | None


class ObjectiveSpec(Keyed, frozen=True):
    """The objective of a signal."""

    min: Text | None
    max: Text | None
    window: Text | None
    by: tuple[Entry[tuple[Entry[Text], ...]], ...]


class AlertKindSpec(Struct, frozen=True):
    """The body of ``threshold``, ``change`` and the others."""

    span: Span
    signal: Text | None
    by: Text | None
    over: Text | None
    beyond: Text | None
    unfinished: bool | None
    also_over: Text | None
    watch: Text | None


class AlertSpec(Keyed, frozen=True):
    """An alert, or a service's changes to one of its profile."""

    threshold: AlertKindSpec | None
    change: AlertKindSpec | None
    regression: AlertKindSpec | None
    unpriced: AlertKindSpec | None
    absence: AlertKindSpec | None
    idle: AlertKindSpec | None
    burn_rate: AlertKindSpec | None
    overflow: AlertKindSpec | None
    forecast: AlertKindSpec | None
    fall: AlertKindSpec | None
    undeclared: AlertKindSpec | None
    series_budget: AlertKindSpec | None
    rule_health: AlertKindSpec | None
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


class StreamSpec(Struct, frozen=True):
    """A stream of the library."""

    span: Span
    type: Text
    unit: str | None
    help: str
    labels: Names
    sparse: bool | None
    across: Text | None


class SignalsSpec(Struct, frozen=True):
    """The library: streams, signals and default alerts."""

    span: Span
    streams: tuple[Entry[StreamSpec], ...]
    signals: tuple[Entry[SignalSpec], ...]
    alerts: tuple[Entry[AlertSpec], ...]


class SourceOfStreamSpec(Struct, frozen=True):
    """The source of a stream, or of a part of it: an exposed metric, and the mapping of its labels and values."""

    span: Span
    of: OneOrMany | None
    value: Text | None
    where: tuple[Entry[OneOrMany], ...]
    labels: tuple[Entry[OneOrMany], ...]
    set: tuple[Entry[Text], ...]
    minus: OneOrMany | None
    scale: float | None


class FeedSpec(Keyed, frozen=True):
    """The sources of a stream: one metric, or ``parts`` of several; the other keys apply to all parts."""

    of: OneOrMany | None
    parts: tuple[SourceOfStreamSpec, ...]
    value: Text | None
    where: tuple[Entry[OneOrMany], ...]
    labels: tuple[Entry[OneOrMany], ...]
    set: tuple[Entry[Text], ...]
    minus: OneOrMany | None
    scale: float | None
    unit: str | None
    buckets: Names
    histograms: Text | None
    drop: Names


#: The value by which a profile declares that its metrics are emitted elsewhere.
ELSEWHERE = "elsewhere"


class ProfileSpec(Struct, frozen=True):
    """A profile file."""

    span: Span
    profile: Text
    description: str | None
    extends: Text | None
    run: str | None
    emitted: str | None
    created_series: bool | None
    includes: tuple[Entry[Names], ...]
    labels: tuple[Entry[LabelSpec], ...]
    metrics: tuple[Entry[MetricSpec], ...]
    streams: tuple[Entry[FeedSpec], ...]
    signals: tuple[Entry[SignalSpec], ...]
    objectives: tuple[Entry[ObjectiveSpec], ...]
    alerts: tuple[Entry[AlertSpec], ...]

    def label(self, name: str) -> Entry[LabelSpec] | None:
        """Find a label."""
        return next((entry for entry in self.labels if entry.key.value == name), None)

    @property
    def open_labels(self) -> tuple[str, ...]:
        """The labels that each service must bound."""
        every = ((entry.key.value, entry.value) for entry in self.labels)
        return tuple(name for name, label in every if not label.values and label.max_live is None)


class TrafficSpec(Struct, frozen=True):
    """Promised traffic."""

    min_runs_per_hour: Located[float]
    hours: Text | None
    days: OneOrMany | None
    time_zone: Text | None


class BudgetSpec(Struct, frozen=True):
    """The spending limit."""

    per_day: Text


class EnvironmentSpec(Struct, frozen=True):
    """The changes that a service has in one environment; the keys are those of a service."""

    span: Span
    owner: Text | None
    selector: tuple[Entry[Text], ...]
    scrape_interval: Text | None
    histograms: Text | None
    replicas: int | None
    traffic: TrafficSpec | None
    objectives: tuple[Entry[ObjectiveSpec], ...]
    budget: BudgetSpec | None
    series_budget: SeriesBudgetSpec | None
    alerts: tuple[Entry[AlertSpec], ...]
    alert_labels: tuple[Entry[Text], ...]
    links: tuple[Entry[str], ...]
    severity_at_most: str | None


class Inhabited(Struct, frozen=True):
    """The environment that a service is in, and the service as its file calls it.

    ``place`` is its own selector, and ``whole`` are all of its keys.
    """

    environment: Text
    system: Text
    place: Span
    whole: Span


class ServiceSpec(Struct, frozen=True):
    """A service file, or its form in one of its environments.

    ``inhabits`` and ``severity_at_most`` are set in an environment only.
    """

    span: Span
    service: Text
    profile: Text
    description: str | None
    owner: Text
    selector: tuple[Entry[Text], ...]
    replicas: int | None
    traffic: TrafficSpec | None
    labels: tuple[Entry[BoundSpec], ...]
    segments: tuple[Entry[SegmentSpec], ...]
    metrics: tuple[Entry[MetricSpec], ...]
    signals: tuple[Entry[SignalSpec], ...]
    objectives: tuple[Entry[ObjectiveSpec], ...]
    budget: BudgetSpec | None
    alerts: tuple[Entry[AlertSpec], ...]
    alert_labels: tuple[Entry[Text], ...]
    links: tuple[Entry[str], ...]
    adapters: Names
    series_budget: SeriesBudgetSpec | None
    scrape_interval: Text | None
    histograms: Text | None
    environments: tuple[Entry[EnvironmentSpec | None], ...]
    severity_at_most: str | None
    inhabits: Inhabited | None

    @property
    def claims(self) -> Claims:
        """The names and series that no other service may claim as well, and the profile that it uses."""
        alerts = tuple(alert.key for alert in self.alerts)
        labels = frozenset(label.value for metric in self.metrics for label in metric.value.labels)
        return Claims(self.service, self.profile.value, self.selector, alerts, labels, self.inhabits)


class Claims(Struct, frozen=True):
    """The parts that are compared between all services: their names, series and alert names must differ.

    ``labels`` are those of its own metrics, of which a profile may declare some for its services.
    """

    service: Text
    profile: str
    selector: tuple[Entry[Text], ...]
    alerts: Names
    labels: frozenset[str]
    inhabits: Inhabited | None

    @property
    def system(self) -> Text:
        """The service's name in its file, which is also the name of its module."""
        return self.inhabits.system if self.inhabits else self.service

    @property
    def place(self) -> Span:
        """The place of its selector."""
        return self.inhabits.place if self.inhabits else self.selector[0].key.span


class SeriesBudgetSpec(Struct, frozen=True):
    """The largest numbers of series; a service has no ``total``."""

    metric: int | None
    service: int | None
    recorded: int | None
    total: int | None


class KubernetesSpec(Struct, frozen=True):
    """Objects for a cluster."""

    span: Span
    namespace: str | None
    rule_labels: tuple[Entry[str], ...]
    dashboard_labels: tuple[Entry[str], ...]
    folder_annotation: str | None
    grafana_operator: bool | None
    receiver_secret: Text | None
    grafana_labels: tuple[Entry[str], ...]


class HelmSpec(Struct, frozen=True):
    """A chart."""

    span: Span
    rule_labels: tuple[Entry[str], ...]
    dashboard_labels: tuple[Entry[str], ...]
    folder_annotation: str | None
    receiver_secret: Text | None


class MimirSpec(Struct, frozen=True):
    """Namespaces of a ruler, and its limit of groups."""

    span: Span
    max_groups: int | None


class TerraformSpec(Struct, frozen=True):
    """A module, and the system for its rules."""

    span: Span
    rules: str | None


class VictoriaMetricsSpec(Struct, frozen=True):
    """Objects for the VictoriaMetrics operator."""

    span: Span
    namespace: str | None
    rule_labels: tuple[Entry[str], ...]


class OpenSloSpec(Struct, frozen=True):
    """Objectives as documents of OpenSLO."""

    span: Span


class BackstageSpec(Struct, frozen=True):
    """Annotations and links for Backstage."""

    span: Span


class DeliverSpec(Struct, frozen=True):
    """The delivery targets of the site."""

    span: Span
    kubernetes: KubernetesSpec | None
    helm: HelmSpec | None
    mimir: MimirSpec | None
    terraform: TerraformSpec | None
    victoriametrics: VictoriaMetricsSpec | None
    openslo: OpenSloSpec | None
    backstage: BackstageSpec | None


class PagerDutySpec(Struct, frozen=True):
    """A service of PagerDuty."""

    span: Span
    routing_key_file: str


class SlackSpec(Struct, frozen=True):
    """A channel of Slack."""

    span: Span
    api_url_file: str
    channel: str | None


class WebhookSpec(Struct, frozen=True):
    """An address that takes alerts as JSON."""

    span: Span
    url: Text | None
    url_file: str | None
    token_file: str | None


class EmailSpec(Struct, frozen=True):
    """An address of mail, and the server that sends to it."""

    span: Span
    to: str
    from_: str
    smarthost: Text
    auth_username: str | None
    auth_password_file: str | None


class ReceiverSpec(Struct, frozen=True):
    """A receiver of alerts and its channels; without ``for_`` it gets the alerts that no other receiver gets."""

    span: Span
    for_: tuple[Entry[OneOrMany], ...]
    repeat_interval: Text | None
    pagerduty: PagerDutySpec | None
    slack: SlackSpec | None
    webhook: WebhookSpec | None
    email: EmailSpec | None


class SiteSpec(Struct, frozen=True):
    """The site file."""

    span: Span
    scrape_interval: Text | None
    rule_interval: Text | None
    retention: Text | None
    grafana_url: str | None
    grafana_v2: bool | None
    runbook_url: str | None
    created_series: bool | None
    oldest_prometheus: Text | None
    histograms: Text | None
    series_budget: SeriesBudgetSpec | None
    alert_labels: tuple[Entry[Text], ...]
    receivers: tuple[Entry[ReceiverSpec], ...]
    shards: tuple[Entry[Names], ...]
    deliver: DeliverSpec | None


class ProviderSpec(Struct, frozen=True):
    """The token types that a provider counts inside others."""

    includes: tuple[Entry[Names], ...]
    free: bool | None


class PricesSpec(Struct, frozen=True):
    """The price list: for each model its ``provider``, ``free``, factors, and USD for a million tokens of each type."""

    span: Span
    providers: tuple[Entry[ProviderSpec], ...]
    models: tuple[Entry[tuple[Entry[Text], ...]], ...]
    date: str | None = None


class IncidentSpec(Struct, frozen=True):
    """An incident and its time; without ``alerts`` any alert may catch it."""

    span: Span
    name: Text
    service: Text | None
    start: Text
    end: Text
    impact: str | None
    alerts: OneOrMany | None


class RolloutSpec(Struct, frozen=True):
    """A release that replaced another."""

    release: str
    at: Text


class IncidentsSpec(Struct, frozen=True):
    """The list of incidents; ``service``, ``start`` and ``end`` are the scope in which it is complete."""

    span: Span
    service: Text | None
    start: Text | None
    end: Text | None
    incidents: tuple[IncidentSpec, ...]
    rollouts: tuple[RolloutSpec, ...]


class SharedSpecs(Struct, frozen=True):
    """The parts that all services share.

    Attributes:
        site: The site; None where there is none.
        prices: The price list.
        signals: The library of signals.
        profiles: The directory's own, and those that ship with the compiler.
        shadowed: The shipped ones that the directory's own profiles replace and extend.
    """

    site: SiteSpec | None
    prices: PricesSpec | None
    signals: SignalsSpec | None
    profiles: tuple[ProfileSpec, ...]
    shadowed: tuple[ProfileSpec, ...] = ()


class Specs(Struct, frozen=True):
    """All files of a compilation."""

    shared: SharedSpecs
    services: tuple[ServiceSpec, ...]
