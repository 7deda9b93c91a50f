"""Bounds of series: those that all instances of a service expose, and those that rules record.

Raw series at once: combinations of label values x series for each combination x replicas. An instance has one release,
and for a moment two while it restarts, independent of the number of live releases in the fleet. A label that is joined
from ``target_info`` is on no series of the metric, and labels that are read from one exposed label are one label there.

Over the retention, releases turn over, and a new release comes on new instances; each runs on as many as there are
replicas. So a metric with the label release counts its releases once (as label values), and one without counts them as
instances. Restarts for other reasons, and series about the process itself, come on top.

Recorded series are counted from the labels that each rule's expression keeps.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, prod
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.world import buckets
from generator.model import names, units
from generator.model.rules import RecordingRule
from generator.model.units import WEEK
from generator.promql.shape import Origin, Term, size_of_part
from generator.signals.error_budget import LONGEST_BUDGET

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.checks.world import KnownRule, SharedPart, SharedWorld, World
    from generator.model.metrics import Label, Metric
    from generator.model.service import Service, Site

_SUM_AND_COUNT = 2
#: The number of releases in an instance's series while it restarts: those of the old one remain for a moment.
RESTARTING = 2


def count_values(label: Label, weeks: float = 0) -> int:
    """Count a label's values: those alive at once, and those that replace them within ``weeks``."""
    return max(label.max_live, len(label.values)) + ceil(label.new_per_week * weeks)


@lru_cache(maxsize=65536)
def count_combinations(labels: tuple[Label, ...], weeks: float = 0) -> int:
    """Bound the combinations of values, at once or, with ``weeks``, over that time.

    A label adds nothing for the values of another label that determine it::

        stop_reason: {completed: ok, tool_error: error}   status: [ok, error]   ->   2, not 4

    And a label that has a few values for each of another's has no more beside it::

        model: 2 values   tool: 9 values, per: {model: 3}   ->   6, not 18
    """
    by_name = {label.name: label for label in labels}
    follower = _followers(by_name)
    heads = by_name.keys() - set(follower.values())
    return prod(_of_chain(by_name[name], by_name, follower, weeks) for name in heads)


def determined_by(labels: Iterable[Label]) -> dict[str, str]:
    """Find the determining label of each label that follows from another one of ``labels``."""
    return {name: head for head, name in _followers({label.name: label for label in labels}).items()}


def _followers(by_name: Mapping[str, Label]) -> dict[str, str]:
    """Chain labels to those that they determine; of two that determine one, the first counts, and no circle closes."""
    follower: dict[str, str] = {}
    for name, label in by_name.items():
        target = label.determines
        if target is None or target not in by_name or target in follower.values():
            continue
        if not _reaches(target, name, follower):
            follower[name] = target
    return follower


def _reaches(start: str, end: str, follower: Mapping[str, str]) -> bool:
    name: str | None = start
    while name is not None and name != end:
        name = follower.get(name)
    return name == end


def _count_beside(label: Label, by_name: Mapping[str, Label], weeks: float = 0) -> int:
    """Count a label's values for each combination of the values of the labels beside it."""
    turned_over = ceil(label.new_per_week * weeks)
    few = [most + turned_over for other, most in label.per if other in by_name]
    return min([count_values(label, weeks), *few])


def _of_chain(label: Label, by_name: Mapping[str, Label], follower: Mapping[str, str], weeks: float) -> int:
    """Count along a chain: one way on for a value that determines, every way on for one that does not."""
    if label.name not in follower:
        return _count_beside(label, by_name, weeks)
    following = by_name[follower[label.name]]
    fixed = [label.determined[value] for value in label.values if value in label.determined]
    free = count_values(label, weeks) - len(fixed)
    ways_on = free and _of_chain(following, by_name, follower, weeks)
    return free * ways_on + sum(_of_value(following, value, by_name, follower, weeks) for value in fixed)


def _of_value(
    label: Label, value: str, by_name: Mapping[str, Label], follower: Mapping[str, str], weeks: float
) -> int:
    """Count the ways on from one value of a label."""
    if label.name not in follower:
        return 1
    following = by_name[follower[label.name]]
    if value in label.determined:
        return _of_value(following, label.determined[value], by_name, follower, weeks)
    return _of_chain(following, by_name, follower, weeks)


class LabelBound(Struct, frozen=True):
    """A label of a metric: how many values it has at once and over the retention.

    ``follows`` is the label that determines it, so that it does not multiply; empty otherwise.
    """

    name: str
    live: int
    retained: int
    follows: str


class MetricSeries(Struct, frozen=True):
    """The series of a metric of a service.

    Attributes:
        metric: The metric.
        labels: Its labels, in its order.
        each: Series for each combination of label values: buckets, sum, count, created.
        instance: Series of one instance of one release.
        live: Series at once.
        retained: Series over the retention.
    """

    metric: Metric
    labels: tuple[LabelBound, ...]
    each: int
    instance: int
    live: int
    retained: int


def metric_series(metric: Metric, service: Service, site: Site) -> MetricSeries:
    """Bound the series of one metric."""
    weeks = site.retention / WEEK
    labels = tuple(dict.fromkeys(label for part in _exposed(metric, service) for label in part))
    each = _series_each(metric, site)
    has_release = any(label.name == names.RELEASE for label in labels)
    generations = 1 if has_release else _generations(service, weeks)
    return MetricSeries(
        metric,
        tuple(_bounds(metric, labels, service, weeks)),
        each,
        _of_metric(metric, service, 1) * each,
        live_series(metric, service, site),
        _of_metric(metric, service, None, weeks) * each * generations * service.replicas,
    )


def live_series(metric: Metric, service: Service, site: Site) -> int:
    """Bound the series of one metric at once."""
    return _of_metric(metric, service, RESTARTING) * _series_each(metric, site) * service.replicas


def _bounds(
    metric: Metric, exposed: tuple[Label, ...], service: Service, weeks: float
) -> Iterator[LabelBound]:
    """Describe the labels in the metric's order; one that is read from another's source label follows that one."""
    by_place = {_place(label.name, metric): label for label in exposed}
    on_series, follows = {label.name: label for label in exposed}, determined_by(exposed)
    for name in metric.labels:
        if _is_joined(service.labels[name], metric):
            continue
        label = by_place[_place(name, metric)]
        same_as = label.name if label.name != name else ""
        label = label if not same_as else service.labels[name]
        live = _count_beside(_released(label, RESTARTING, exposed), on_series)
        yield LabelBound(name, live, _count_beside(label, on_series, weeks), follows.get(name, same_as))


def _of_metric(metric: Metric, service: Service, releases: int | None, weeks: float = 0) -> int:
    """Count the combinations of label values, with a number of releases; for a metric in parts those of each."""
    return sum(
        count_combinations(tuple([_released(label, releases, part) for label in part]), weeks)
        for part in _exposed(metric, service)
    )


def _released(label: Label, releases: int | None, beside: Iterable[Label]) -> Label:
    """Leave a label of releases so many of them; None leaves all, and so does a label that follows or leads."""
    follows = label.determines or any(other.determines == names.RELEASE for other in beside)
    if label.name != names.RELEASE or releases is None or follows:
        return label
    return replace(label, values=label.values[:releases], max_live=min(label.max_live, releases))


def _exposed(metric: Metric, service: Service) -> tuple[tuple[Label, ...], ...]:
    """Find the labels of series, part by part; of labels read from one source label, one represents all.

    Streams that read the same labels, or some of them, read the same series.
    """
    parts: list[dict[str, list[Label]]] = []
    lacking: set[str] = set()
    for names_ in metric.parts or (metric.labels,):
        part: dict[str, list[Label]] = {}
        for label in (service.labels[name] for name in names_):
            if not _is_joined(label, metric):
                part.setdefault(_place(label.name, metric), []).append(label)
        same = next((one for one in parts if one.keys() <= part.keys() or part.keys() <= one.keys()), None)
        if same is None:
            parts.append(part)
            continue
        lacking |= same.keys() ^ part.keys()
        for place, labels in part.items():
            known = same.setdefault(place, [])
            known += [label for label in labels if label not in known]
    return tuple(
        tuple(_together(labels, may_lack=place in lacking) for place, labels in part.items())
        for part in parts
    )


def _together(labels: list[Label], *, may_lack: bool) -> Label:
    """Take the label with most values, and one more where series may lack it and no value stands for that."""
    most = max(map(_at_source, labels), key=count_values)
    lacks = may_lack or any(map(_may_lack, labels))
    return replace(most, max_live=count_values(most) + 1) if lacks and not _may_lack(most) else most


def _at_source(label: Label) -> Label:
    """Count a translated label's values as the source has them: as many as patterns, of which each is one or more."""
    patterns = sum(max(1, len(label.patterns.get(value, ()))) for value in label.values) + len(label.ignore)
    return replace(label, max_live=patterns) if patterns > count_values(label) else label


def _may_lack(label: Label) -> bool:
    return any("" in patterns for patterns in label.patterns.values())


def _place(name: str, metric: Metric) -> str:
    return metric.exposed.get(name, name)


def _is_joined(label: Label, metric: Metric) -> bool:
    return metric.foreign and label.joined == _place(label.name, metric)


def _series_each(metric: Metric, site: Site) -> int:
    """Count the series of one combination of label values; client libraries add ``_created`` to each."""
    created = 1 if site.created_series and metric.created else 0
    if metric.is_histogram and not metric.native:
        return len(metric.buckets) + 1 + _SUM_AND_COUNT + created
    if metric.is_gauge:
        return 1
    return 1 + created


def _generations(service: Service, weeks: float) -> int:
    """Count the number of times that instances are replaced by new ones."""
    release = service.labels.get(names.RELEASE)
    return count_values(release, weeks) if release and release.new_per_week else 1


class RecordSeries(Struct, frozen=True, gc=False):
    """The series of a record, at once and over the retention, and the rules that write it, every ``interval`` s.

    ``shared`` is whether the rules are about all services, so that none exists for this one alone.
    """

    record: str
    group: str
    interval: int
    rules: int
    live: int
    retained: int
    shared: bool = False


class _Terms(Struct, frozen=True):
    """The terms of a record, independent of the sizes of their sets, and the rules that write it."""

    record: str
    group: str
    interval: int
    rules: int
    live: tuple[Term, ...]
    ever: tuple[Term, ...]

    def counted(self, now: Sizes, ever: Sizes, *, shared: bool = False) -> RecordSeries:
        """Count the series."""
        live, retained = now.of(self.live), ever.of(self.ever)
        return RecordSeries(self.record, self.group, self.interval, self.rules, live, retained, shared)


def record_series(service: Service, known: World, site: Site) -> tuple[RecordSeries, ...]:
    """Bound the series of each record of a service, in the order of the rules."""
    now, ever = (sizes(service, weeks) for weeks in (0, site.retention / WEEK))
    own = _terms(known.own)
    of_own = (one.counted(now, ever) for one in own.values())
    return (*of_own, *_of_service(known.shared).counted(now, ever, own.keys() - names.BY_SIGNAL))


def shared_records(everyone: SharedWorld) -> tuple[RecordSeries, ...]:
    """Bound the series that exist once for all services: prices, and the data of profiles."""
    once = Sizes({}, 0, {names.DAY: LONGEST_BUDGET + 1}, {})
    rules = (one for one in everyone.rules if names.SERVICE not in one.shape.names)
    return tuple(one.counted(once, once, shared=True) for one in _terms(rules).values())


class _Records(Struct, frozen=True):
    """Records that share a few terms, each of which is counted once; records refer to terms by index."""

    terms: tuple[Term, ...]
    records: tuple[tuple[_Terms, tuple[int, ...], tuple[int, ...]], ...]

    def counted(self, now: Sizes, ever: Sizes, besides: Collection[str]) -> Iterator[RecordSeries]:
        """Count the series of each record, except some."""
        live, retained = ([sizes_.of((term,)) for term in self.terms] for sizes_ in (now, ever))
        for one, at_once, over_time in self.records:
            if one.record not in besides:
                yield RecordSeries(
                    one.record,
                    one.group,
                    one.interval,
                    one.rules,
                    sum([live[index] for index in at_once]),
                    sum([retained[index] for index in over_time]),
                    shared=True,
                )


@lru_cache(maxsize=32)
def _of_service(shared: SharedPart) -> _Records:
    terms = tuple(_terms(one for one in shared.rules if names.SERVICE in one.shape.names).values())
    every = dict.fromkeys(term for one in terms for term in (*one.live, *one.ever))
    indices = {term: index for index, term in enumerate(every)}
    return _Records(
        tuple(indices),
        tuple(
            (one, tuple([indices[term] for term in one.live]), tuple([indices[term] for term in one.ever]))
            for one in terms
        ),
    )


def _terms(rules: Iterable[KnownRule]) -> dict[str, _Terms]:
    terms: dict[str, _Terms] = {}
    for one in rules:
        if not isinstance(one.rule, RecordingRule) or one.shape.nothing:
            continue
        name = one.rule.record
        before = terms.get(name) or _Terms(name, one.group, one.interval, 0, (), ())
        terms[name] = replace(
            before,
            rules=before.rules + 1,
            live=before.live + one.shape.live,
            ever=before.ever + one.shape.ever,
        )
    return terms


class Sizes(Struct, frozen=True):
    """The number of values in each set of a service, at once or over ``weeks``; ``counted`` caches terms."""

    labels: Mapping[str, Label]
    weeks: float
    sets: Mapping[str, int]
    counted: dict[Term, int]

    def having(self, label: Label) -> Sizes:
        """Replace the label of the same name."""
        size = count_values(label, self.weeks)
        return Sizes(
            {**self.labels, label.name: label}, self.weeks, {**self.sets, label.name: size}, counted={}
        )

    def of(self, terms: Iterable[Term]) -> int:
        """Sum the terms."""
        return sum(self._of_term(term) for term in terms)

    def _of_term(self, term: Term) -> int:
        counted = self.counted.get(term)
        if counted is None:
            counted = self.counted[term] = self._product(term)
        return counted

    def _product(self, term: Term) -> int:
        """Multiply; a determined label adds nothing where both labels occur alone and once."""
        rest = list(term)
        whole = {origin[0] for origin in term if len(origin) == 1 and origin[0] in self.labels}
        for name in whole:
            rest.remove((name,))
        labels = [label for name, label in self.labels.items() if name in whole]
        return count_combinations(tuple(labels), self.weeks) * prod(
            self._of_origin(origin) for origin in rest
        )

    def _of_origin(self, origin: Origin) -> int:
        return sum(self.sets[part] if (size := size_of_part(part)) is None else size for part in origin)


def sizes(service: Service, weeks: float = 0) -> Sizes:
    """Count the values of every set of a service."""
    of_labels = {name: count_values(label, weeks) for name, label in service.labels.items()}
    of_buckets = {buckets(metric.name): len(metric.buckets) + 1 for metric in service.metrics.values()}
    of_buckets |= {buckets(stream.stem): len(stream.buckets) + 1 for stream in service.streams.values()}
    return Sizes(service.labels, weeks, of_labels | of_buckets | {names.DAY: _days(service, weeks)}, {})


def _days(service: Service, weeks: float) -> int:
    """Count the days of the longest error budget, including the one that is leaving, and those that replace them."""
    windows = [ceil(one.window / units.DAY) for one in service.objectives.values() if one.window]
    return max(windows) + 1 + ceil(weeks * units.WEEK / units.DAY) if windows else 0
