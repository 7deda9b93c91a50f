"""A service, the site and the library: everything a back end needs to know, resolved; links, and the word for a run.

The library and the facts of each profile are the whole input of shared rules.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Span
from generator.model import names
from generator.model.alerts import Alert, Deviations
from generator.model.delivery import Deliver, Receiver
from generator.model.hours import Hours
from generator.model.signals import Signal
from generator.model.streams import TOKEN_TYPE, Source, Stream

if TYPE_CHECKING:
    from generator.model.metrics import Label, Metric

#: The placeholders in addresses of logs and traces.
SERVICE_PLACEHOLDER = "{service}"
RELEASE_PLACEHOLDER = "{release}"
#: The word for a run where a profile sets none.
RUN = "run"
#: The word in a sentence; in a name, such as ``run_count``, it stays.
_WORD = re.compile(r"(?<![\w:.$-])([Rr])un(s?)(?![\w:-])")
#: The separator between a model and its service tier, such as ``gpt-5@batch``.
WAY = "@"
#: The first Prometheus that knows ``keep_firing_for``, as major and minor.
KEEPS_FIRING = (2, 42)


class Price(Struct, frozen=True):
    """USD for one token of ``token_type`` of ``model``; an estimate, without tiers that counters cannot show."""

    model: str
    token_type: str
    usd: float


class Inclusion(Struct, frozen=True):
    """For ``models``, tokens of ``token_type`` already count the tokens of ``included`` types."""

    models: tuple[str, ...]
    token_type: str
    included: tuple[str, ...]


class Objective(Struct, frozen=True):
    """The promise of a service for a signal: ``bound`` in base units; ``window`` in seconds, where it is an SLO.

    ``noun`` is the word that people use: objective, or budget.
    """

    signal: str
    bound: float
    window: int | None
    noun: str = "objective"


class SeriesBudget(Struct, frozen=True):
    """The largest allowed numbers of series: of a metric; of a service, raw and recorded; of all services together."""

    metric: int
    service: int
    recorded: int
    total: int


class Shard(Struct, frozen=True):
    """A Prometheus, by a name, and the services that it scrapes."""

    name: str
    services: tuple[str, ...]


class Site(Struct, frozen=True):
    """The settings of all services; intervals and retention in seconds, Prometheus's version as major and minor.

    ``shards`` are the servers that services are spread over; empty where there is only one. ``receivers`` get the
    alerts. ``native_histograms`` is whether Prometheus stores histograms as native ones, where nothing else says so.
    ``grafana_v2`` asks for the dashboards in the format of Grafana 13 as well.
    """

    scrape_interval: int
    rule_interval: int
    retention: int
    grafana_url: str
    runbook_url: str
    created_series: bool
    budget: SeriesBudget
    oldest_prometheus: tuple[int, int] = KEEPS_FIRING
    deliver: Deliver = Deliver()
    shards: tuple[Shard, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    native_histograms: bool = False
    grafana_v2: bool = False

    def of(self, service: Service) -> Site:
        """The site as a service sees it, whose targets may have another scrape interval."""
        return replace(self, scrape_interval=service.scrape_interval or self.scrape_interval)

    @property
    def keeps_firing(self) -> bool:
        """Whether an alert may outlast its condition."""
        return self.oldest_prometheus >= KEEPS_FIRING

    def budget_of(self, service: Service) -> SeriesBudget:
        """The series budgets of a service: its own, else the site's."""
        return service.series_budget or self.budget

    @property
    def raw_window(self) -> int:
        """The range of the raw pass: an interval plus a scrape tiles time, so every increase is seen once."""
        return self.rule_interval + self.scrape_interval


class Service(Struct, frozen=True):
    """One agent system.

    Attributes:
        selector: Equality matchers that pick this service's series.
        streams: The streams that its metrics feed, by name: streams of the library, and its own.
        runs: The stream of finished runs.
        deviations: Its changes to the shared alerts.
        runs_per_hour: Promised traffic; None when nothing is promised.
        hours: The hours of this promise; None for any hour.
        run: The word for a run: run, request, session, turn or generation.
        about_profile: The profile's own description: its data, and the set-up of its source.
        emitted_here: Whether its code uses our generated module.
        own_objectives: The signals with objectives in its own file; all others are its profile's.
        own_bounds: The labels of shared streams with a bound in its own file.
        adapters: The frameworks that a file beside its module instruments.
        segments: The labels of its choice by which its signals are broken down.
        series_budget: Its own budgets; None for the site's.
        environment: Where it runs, such as ``staging``; empty where its file lists none.
        alert_labels: Further labels of its alerts; the environment is not among them.
        scrape_interval: Seconds between two scrapes of its targets; 0 for the site's interval.
        origins: The place of each part by dotted path (``labels.release``), for the checks' messages.
    """

    name: str
    profile: str
    description: str
    owner: str
    selector: Mapping[str, str]
    replicas: int
    runs_per_hour: float | None
    labels: Mapping[str, Label]
    metrics: Mapping[str, Metric]
    streams: Mapping[str, Stream]
    runs: Stream
    signals: Mapping[str, Signal]
    objectives: Mapping[str, Objective]
    alerts: tuple[Alert, ...]
    links: Mapping[str, str]
    prices: tuple[Price, ...]
    inclusions: tuple[Inclusion, ...]
    origins: Mapping[str, Span]
    deviations: Deviations = Deviations()
    run: str = RUN
    about_profile: str = ""
    emitted_here: bool = True
    own_objectives: frozenset[str] = frozenset()
    own_bounds: frozenset[str] = frozenset()
    adapters: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    series_budget: SeriesBudget | None = None
    environment: str = ""
    alert_labels: Mapping[str, str] = {}
    scrape_interval: int = 0
    hours: Hours | None = None

    @property
    def system(self) -> str:
        """The name of the service in its file: all its environments share one module."""
        return self.name.removesuffix(f"-{self.environment}") if self.environment else self.name

    @property
    def marks(self) -> dict[str, str]:
        """The labels that its author chose for its alerts: the environment, and further ones."""
        where = {names.ENVIRONMENT: self.environment} if self.environment else {}
        return where | dict(self.alert_labels)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that feeds its streams."""
        return tuple(source for stream in self.streams.values() for source in stream.sources)

    def measures(self, signal: str) -> bool:
        """Whether it can have a signal of the library: foreign instrumentation cannot be extended here."""
        return self.emitted_here or signal in self.signals

    def wrote(self, objective: Objective) -> bool:
        """Whether its own file has an objective; all others are defaults of its profile."""
        return objective.signal in self.own_objectives or objective.noun == "budget"

    def where(self, path: str) -> Span | None:
        """Find the place of ``path``, or of the nearest part above it."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0]
        return self.origins.get("")


class Model(Struct, frozen=True):
    """The input of one compilation; services in the order of their names."""

    site: Site
    library: Library
    services: tuple[Service, ...]


def fill_in(address: str, service: str, release: str | None) -> str:
    """Fill a service and a release, as its reader writes them, into an address.

    Without a release, a parameter that is only the release is dropped from the query and the fragment, since it would
    look for runs without one. Elsewhere the release becomes empty.
    """
    if release is None:
        page, *fragments = address.split("#")
        address = "#".join([_without_release(page), *map(_of_fragment, fragments)])
    return address.replace(SERVICE_PLACEHOLDER, service).replace(RELEASE_PLACEHOLDER, release or "")


def _of_fragment(part: str) -> str:
    """Read a fragment as a query if it is written as one."""
    is_query = "?" not in part and all("=" in parameter for parameter in part.split("&"))
    return _without_release(f"?{part}").removeprefix("?") if is_query else _without_release(part)


def _without_release(part: str) -> str:
    before, mark, query = part.partition("?")
    kept = [parameter for parameter in query.split("&") if parameter.partition("=")[2] != RELEASE_PLACEHOLDER]
    return f"{before}{mark}{'&'.join(kept)}" if kept else before


def worded(text: str, run: str, capital: str | None = None) -> str:
    """Call runs in a sentence as a profile calls them; ``capital`` is the word with a capital letter."""
    first = run.capitalize() if capital is None else capital
    return _WORD.sub(lambda match: f"{first if match[1] == 'R' else run}{match[2]}", text)


class ProfileFacts(Struct, frozen=True):
    """A profile's facts that shared rules need, as data.

    Attributes:
        name: The profile.
        feeds: For each stream the metric that feeds it.
        emitted_here: Whether code with our generated module exposes these metrics.
        values: The listed values of each label.
        max_live: The default largest number of live values of each label that is bounded by number.
        objectives: Its default objectives.
        includes: Pairs of token types, of which the first counts the second inside; None as prices.yaml says.
    """

    name: str
    feeds: Mapping[str, str]
    emitted_here: bool
    values: Mapping[str, tuple[str, ...]]
    max_live: Mapping[str, int]
    objectives: Mapping[str, Objective]
    includes: tuple[tuple[str, str], ...] | None = None


class Library(Struct, frozen=True):
    """Streams, signals and default alerts, the same for every service; alerts have bounds as they are written.

    ``origins`` is the place of each part by dotted path, as for a service. ``marks`` are the labels that some
    services' authors chose for their alerts.
    """

    streams: Mapping[str, Stream]
    signals: Mapping[str, Signal]
    alerts: tuple[Alert, ...]
    runs: Stream | None
    profiles: tuple[ProfileFacts, ...]
    prices: tuple[Price, ...]
    inclusions: tuple[Inclusion, ...]
    origins: Mapping[str, Span]
    marks: tuple[str, ...] = ()

    def marked(self, labels: Iterable[str]) -> Library:
        """Add further labels to all alerts, for the services that have them."""
        marks = tuple(sorted(set(labels)))
        return self if marks == self.marks else replace(self, marks=marks)

    def used_by(self, profiles: Collection[str]) -> Library:
        """Drop the facts of other profiles, and the prices of token types that only those count."""
        used = tuple(one for one in self.profiles if one.name in profiles)
        if used == self.profiles:
            return self
        counted = {value for one in used for value in one.values.get(TOKEN_TYPE, ())}
        return replace(
            self,
            profiles=used,
            prices=tuple(one for one in self.prices if one.token_type in counted),
            inclusions=tuple(_among(self.inclusions, counted)),
        )


def _among(inclusions: Iterable[Inclusion], counted: Collection[str]) -> Iterator[Inclusion]:
    """Keep the inclusions between the counted token types."""
    for one in inclusions:
        included = tuple(inner for inner in one.included if inner in counted)
        if included and one.token_type in counted:
            yield replace(one, included=included)
