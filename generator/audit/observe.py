"""Observation: the series of a service in a source, metric by metric, as values: the input of the checks."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import CREATED, Stranger, prefixes, respelled, series_names, strangers
from generator.audit.translated import ObservedTranslation, alternatives, translations, unread_labels
from generator.checks.cardinality.bounds import RESTARTING, MetricSeries, metric_series
from generator.model.metrics import TARGET_LABELS, Label, Metric, MetricType
from generator.model.names import LE, OUTSIDE, OUTSIDE_LABEL, RELEASE, TARGET_INFO
from generator.model.outside import with_outside_values
from generator.streams.raw import exposed_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.audit.source import AuditSource, Described, Groups
    from generator.model.service import Model, SeriesBudget, Service, Site
    from generator.model.streams import Stream

#: The number of undeclared metrics whose labels are observed; the others are only named.
_MOST_STRANGERS = 20


class ObservedLabel(Struct, frozen=True):
    """A label of a metric that exists.

    Attributes:
        name: Its name.
        values: The number of its different values.
        lacking: The number of counted series without it.
        strays: Values outside the declared list; empty without one.
        saved: The number of series that the metric would save without it.
    """

    name: str
    values: int
    lacking: int
    strays: tuple[str, ...]
    saved: int


class ObservedHistogram(Struct, frozen=True):
    """The data of a histogram: series by bucket bound, observations, and their sum."""

    bounds: Mapping[float, int]
    count: float
    sum: float


class ObservedMetric(Struct, frozen=True):
    """A declared metric and its observed series.

    Attributes:
        metric: As declared.
        bound: The bound of its series by the spec.
        instances: The number of instances that expose it.
        releases: The largest number of releases in an instance: two while it restarts.
        jobs: The jobs that scrape one instance, where several do.
        described: The exposition's description of it.
        members: Series by name.
        counted: The number of series that exist once for each combination of labels and instance.
        labels: By name; the buckets of histograms are ``le``.
        histogram: None for other types, and without buckets.
        pairs: Combinations of a label and the label that it determines.
        beside: By a label and another one: the value of the other with most values of the first, and their number.
        below_zero: The number of negative series.
        falling: The number of series that fall repeatedly.
        translations: The labels of a foreign metric as the profile reads them.
        unread: Streams that a foreign metric feeds, each with a label that it exposes and that is not read.
    """

    metric: Metric
    bound: MetricSeries
    instances: int
    releases: int
    described: Described
    members: Mapping[str, int]
    counted: int
    labels: Mapping[str, ObservedLabel]
    histogram: ObservedHistogram | None
    pairs: Mapping[str, Groups]
    beside: Mapping[tuple[str, str], tuple[str, int]]
    below_zero: int
    falling: int
    translations: tuple[ObservedTranslation, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    jobs: tuple[str, ...] = ()

    @property
    def other_form(self) -> bool:
        """Whether it is stored as a native histogram, and rules read a classic one, or the reverse."""
        if not self.metric.is_histogram or self.described.types - {MetricType.HISTOGRAM}:
            return False
        parts = {name for name in self.members if not name.endswith(CREATED)}
        return self.metric.name not in parts if self.metric.native else parts == {self.metric.name}

    @property
    def series(self) -> int:
        """All its series."""
        return sum(self.members.values())

    @property
    def created(self) -> int:
        """The series with the creation times of others."""
        return sum(count for name, count in self.members.items() if name.endswith(CREATED))

    @property
    def most(self) -> ObservedLabel | None:
        """The label that contributes most series."""
        found = max(self.labels.values(), key=lambda label: label.saved, default=None)
        return found if found and found.saved else None


class UnknownMetric(Struct, frozen=True):
    """A metric that no spec declares: its type, the number of values of each label, its bucket bounds."""

    stranger: Stranger
    described: Described
    labels: Mapping[str, int]
    bounds: tuple[float, ...]


class Observed(Struct, frozen=True):
    """All observations of a service.

    Attributes:
        service: The service.
        site: The settings of all services.
        place: The observed place.
        lone: Whether ``place`` is an exposition, of ``instances``; else all instances are scraped.
        metrics: Declared ones that exist, by name.
        strangers: Undeclared ones with the same prefixes.
        instances: The number of instances.
        exposed: The number of all series of the targets; None if unknown.
        turnover: For each label with turnover, the number of its values within the retention.
        elsewhere: Where nothing was found: the run counter's values of the selector's labels; else None.
        unknown: Where nothing was found: the selector's labels that no series of the run counter has.
        interval: Seconds between two scrapes; None if unknown.
        outside: The number of values that generated instrumentation did not expose, by their label.
        uninformed: The labels that the profile takes from ``target_info``, and that are not there, by their name there.
        respelled: The metrics that do not exist, each with one of the same name but for its unit or ending that does.
    """

    service: Service
    site: Site
    place: str
    lone: bool
    metrics: Mapping[str, ObservedMetric]
    strangers: tuple[UnknownMetric, ...]
    instances: int
    exposed: int | None
    turnover: Mapping[str, int]
    elsewhere: tuple[Mapping[str, str], ...] | None
    outside: Mapping[str, float]
    unknown: tuple[str, ...] = ()
    interval: float | None = None
    uninformed: Mapping[str, str] = {}
    respelled: Mapping[str, str] = {}

    @property
    def budget(self) -> SeriesBudget:
        """The budgets of the service."""
        return self.site.budget_of(self.service)

    @property
    def scale(self) -> float:
        """The factor from observed series to those of all replicas."""
        return max(1.0, self.service.replicas / max(1, self.instances)) if self.lone else 1.0

    def allowed(self, seen: ObservedMetric) -> int:
        """Bound the series of a metric, for the observed instances and their current releases."""
        instances = seen.instances if self.lone else self.service.replicas * max(1, len(seen.jobs))
        return seen.bound.instance * instances * seen.releases


def observe(source: AuditSource, service: Service, model: Model) -> Observed:
    """Observe everything that the spec of a service names.

    Raises:
        LiveError: the source fails.
    """
    site, names = model.site.of(service), source.names((*prefixes(service), OUTSIDE))
    declared = with_outside_values(service) if OUTSIDE in names else service
    found = {metric.name: _members(metric, names) for metric in declared.metrics.values()}
    metrics = {
        name: _metric(source, declared.metrics[name], members, declared, model.library.streams, site)
        for name, members in found.items()
        if members
    }
    others = strangers(names, declared) if service.emitted_here else ()
    nothing = not metrics and not others
    return Observed(
        service=declared,
        site=site,
        place=source.place,
        lone=source.lone,
        metrics=metrics,
        strangers=tuple(
            _stranger(source, one, look=index < _MOST_STRANGERS) for index, one in enumerate(others)
        ),
        instances=max((seen.instances for seen in metrics.values()), default=0),
        exposed=source.exposed(),
        turnover=_turnover(source, metrics, declared, site),
        elsewhere=_elsewhere(source, service, model) if nothing else None,
        unknown=tuple(label for label in service.selector if _lacks(source, service, label))
        if nothing
        else (),
        interval=source.interval(),
        outside=source.totals(OUTSIDE, OUTSIDE_LABEL) if OUTSIDE in names else {},
        uninformed=dict(_uninformed(source, metrics.values(), service)),
        respelled=respelled(names, declared, _under_any_name(metrics, declared)),
    )


def _under_any_name(metrics: Mapping[str, ObservedMetric], service: Service) -> set[str]:
    """List the metrics that exist, each with its other names."""
    return {
        name for one in metrics.values() for name in (one.metric.name, *alternatives(one.metric, service))
    }


def _uninformed(
    source: AuditSource, metrics: Iterable[ObservedMetric], service: Service
) -> Iterator[tuple[str, str]]:
    """List the labels of ``target_info`` that no instance has."""
    for label in service.labels.values():
        read = label.joined and any(label.name in one.metric.labels for one in metrics)
        if read and not any(value for (value,) in source.groups(TARGET_INFO, (label.joined,)).counts):
            yield label.joined, label.name


def _lacks(source: AuditSource, service: Service, label: str) -> bool:
    """Whether the run counter exists, and none of its series has a label."""
    counts = source.elsewhere(_runs(service), (label,)).counts
    return bool(counts) and not any(value for (value,) in counts)


def _runs(service: Service) -> str:
    """Name the series of the run counter."""
    runs = service.runs
    return exposed_series(runs.metric, runs.sources[0], runs)


def _elsewhere(source: AuditSource, service: Service, model: Model) -> tuple[dict[str, str], ...]:
    """Look for the run counter under labels that no other service's selector matches."""
    by = tuple(service.selector)
    combinations = (
        dict(zip(by, values, strict=True)) for values in source.elsewhere(_runs(service), by).counts
    )
    taken = [other.selector for other in model.services if other is not service]
    return tuple(
        labels
        for labels in combinations
        if all(labels.values()) and not any(labels.items() <= other.items() for other in taken)
    )


def _members(metric: Metric, names: Mapping[str, int]) -> dict[str, int]:
    """List a metric's series; a ``_created`` alone proves nothing."""
    of_histogram = (metric.name,) if metric.is_histogram else ()
    members = {name: names[name] for name in (*of_histogram, *series_names(metric)) if name in names}
    return members if any(not name.endswith(CREATED) for name in members) else {}


def _metric(  # noqa: PLR0913, PLR0917 - the metric, and whose it is
    source: AuditSource,
    metric: Metric,
    members: Mapping[str, int],
    service: Service,
    library: Mapping[str, Stream],
    site: Site,
) -> ObservedMetric:
    counted = _counted(metric, members)
    releases, jobs = _targets(source, counted, metric)
    labels = {label.name: label for label in _labels(source, metric, members, service)}
    bound = metric_series(metric, service, site)
    return ObservedMetric(
        metric=metric,
        bound=bound,
        instances=source.instances(counted),
        releases=releases,
        described=source.described(metric.name),
        members=members,
        counted=members[counted],
        labels=labels,
        histogram=_histogram(source, metric, members),
        pairs=_pairs(source, counted, metric, service),
        beside=dict(_beside(source, counted, metric, service)),
        below_zero=source.below_zero(counted) if metric.type is MetricType.COUNTER else 0,
        falling=source.falling(counted) if metric.type is MetricType.COUNTER else 0,
        translations=tuple(translations(source, counted, metric, service)) if metric.foreign else (),
        unread=tuple(unread_labels(labels, metric, service, library)) if metric.foreign else (),
        jobs=jobs,
    )


def _targets(source: AuditSource, counted: str, metric: Metric) -> tuple[int, tuple[str, ...]]:
    """Find whether an instance restarts, with two releases for a moment, and the jobs of one that has several."""
    release = metric.exposed.get(RELEASE, RELEASE)
    targets = tuple(source.groups(counted, (*TARGET_LABELS, release)).counts)
    releases = Counter(target[:-1] for target in targets)
    jobs: dict[str, dict[str, None]] = {}
    for job, instance, _ in targets:
        jobs.setdefault(instance, {})[job] = None
    most = max((found for instance, found in jobs.items() if instance), key=len, default={})
    return min(RESTARTING, max(releases.values(), default=1)), tuple(sorted(most)) if len(most) > 1 else ()


def _counted(metric: Metric, members: Mapping[str, int]) -> str:
    """Name the series that exists once for each combination of labels."""
    wanted = (f"{metric.name}_count", metric.counted) if metric.is_histogram else (metric.name,)
    return next((name for name in wanted if name in members), next(iter(members)))


def _labels(
    source: AuditSource, metric: Metric, members: Mapping[str, int], service: Service
) -> list[ObservedLabel]:
    counted, buckets = _counted(metric, members), f"{metric.name}_bucket"
    there = source.labels(counted) - {LE, "quantile"}
    # A profile translates the values of foreign labels; see translations.
    known = {} if metric.foreign else service.labels
    labels = [_label(source, counted, name, members, known) for name in sorted(there)]
    if buckets in members:
        saved = members[buckets] - source.merged(buckets, LE)
        labels.append(ObservedLabel(LE, source.groups(buckets, (LE,)).size, 0, (), saved))
    return labels


def _label(
    source: AuditSource, counted: str, name: str, members: Mapping[str, int], known: Mapping[str, Label]
) -> ObservedLabel:
    groups = source.groups(counted, (name,))
    lacking = groups.counts.get(("",), 0)
    listed = known[name].values if name in known else ()
    strays = source.strays(counted, name, listed).counts if listed else {}
    saved = 0.0
    if groups.size > 1:
        # The counted series represents the others of the metric.
        saved = sum(members.values()) * (1 - source.merged(counted, name) / members[counted])
    values = groups.size - (1 if lacking else 0)
    return ObservedLabel(name, values, lacking, tuple(key[0] for key in strays), round(saved))


def _histogram(source: AuditSource, metric: Metric, members: Mapping[str, int]) -> ObservedHistogram | None:
    buckets = f"{metric.name}_bucket"
    if buckets not in members:
        return None
    bounds = source.groups(buckets, (LE,)).counts
    totals = [
        source.total(name) if name in members else 0.0
        for name in (f"{metric.name}_count", f"{metric.name}_sum")
    ]
    return ObservedHistogram({_bound(key[0]): count for key, count in bounds.items()}, *totals)


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _pairs(source: AuditSource, counted: str, metric: Metric, service: Service) -> dict[str, Groups]:
    pairs: dict[str, Groups] = {}
    for name in () if metric.foreign else metric.labels:
        label = service.labels[name]
        if label.determined and label.determines in metric.labels:
            pairs[name] = source.groups(counted, (name, label.determines))
    return pairs


def _beside(
    source: AuditSource, counted: str, metric: Metric, service: Service
) -> Iterator[tuple[tuple[str, str], tuple[str, int]]]:
    """Find the largest number of values that a label has for one value of another label."""
    for name in metric.labels:
        for other, _ in service.labels[name].per:
            if other not in metric.labels:
                continue
            places = tuple(metric.exposed.get(label, label) for label in (name, other))
            counts = Counter(value for _, value in source.groups(counted, places).counts)
            if counts:
                value, most = counts.most_common(1)[0]
                yield (name, other), (value, most)


def _stranger(source: AuditSource, stranger: Stranger, *, look: bool) -> UnknownMetric:
    labels, bounds, buckets = {}, set(), f"{stranger.name}_bucket"
    if look:
        there = source.labels(stranger.counted) - {LE, "quantile"}
        labels = {name: source.groups(stranger.counted, (name,)).size for name in sorted(there)}
        bounds = {_bound(key[0]) for key in source.groups(buckets, (LE,)).counts}
    finite = tuple(sorted(bound for bound in bounds if isfinite(bound)))
    return UnknownMetric(stranger, source.described(stranger.name), labels, finite)


def _turnover(
    source: AuditSource, metrics: Mapping[str, ObservedMetric], service: Service, site: Site
) -> dict[str, int]:
    """Count the values within the retention, by the run counter or the first metric that has the label."""
    turnover = {}
    for label in service.labels.values():
        on = [
            seen for seen in metrics.values() if label.name in seen.metric.labels and not seen.metric.foreign
        ]
        if not label.new_per_week or not on:
            continue
        seen = next((one for one in on if one.metric.name == service.runs.metric), on[0])
        past = source.past(_counted(seen.metric, seen.members), label.name, site.retention)
        if past is not None:
            turnover[label.name] = len(past)
    return turnover
