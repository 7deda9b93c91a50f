"""Bounds of recorded series, from the labels that each rule's expression keeps."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, prod
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.cardinality.raw import combinations, values
from generator.checks.series import buckets
from generator.model import names, units
from generator.model.rules import RecordingRule
from generator.model.units import WEEK
from generator.promql.infer import DAY
from generator.promql.shape import Origin, Term, size_of_part
from generator.signals.error_budget import LONGEST_BUDGET

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.checks.world import KnownRule, SharedPart, SharedWorld, World
    from generator.model.metrics import Label
    from generator.model.service import Service, Site


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
    once = Sizes({}, 0, {DAY: LONGEST_BUDGET + 1}, {})
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
                    sum([live[place] for place in at_once]),
                    sum([retained[place] for place in over_time]),
                    shared=True,
                )


@lru_cache(maxsize=32)
def _of_service(shared: SharedPart) -> _Records:
    terms = tuple(_terms(one for one in shared.rules if names.SERVICE in one.shape.names).values())
    places = {
        term: place
        for place, term in enumerate(dict.fromkeys(t for one in terms for t in (*one.live, *one.ever)))
    }
    return _Records(
        tuple(places),
        tuple(
            (one, tuple([places[term] for term in one.live]), tuple([places[term] for term in one.ever]))
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
        size = values(label, self.weeks)
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
        return combinations(tuple(labels), self.weeks) * prod(self._of_origin(origin) for origin in rest)

    def _of_origin(self, origin: Origin) -> int:
        return sum(self.sets[part] if (size := size_of_part(part)) is None else size for part in origin)


def sizes(service: Service, weeks: float = 0) -> Sizes:
    """Count the values of every set of a service."""
    of_labels = {name: values(label, weeks) for name, label in service.labels.items()}
    of_buckets = {buckets(metric.name): len(metric.buckets) + 1 for metric in service.metrics.values()}
    of_buckets |= {buckets(stream.stem): len(stream.buckets) + 1 for stream in service.streams.values()}
    return Sizes(service.labels, weeks, of_labels | of_buckets | {DAY: _days(service, weeks)}, {})


def _days(service: Service, weeks: float) -> int:
    """Count the days of the longest error budget, including the one that is leaving, and those that replace them."""
    windows = [ceil(one.window / units.DAY) for one in service.objectives.values() if one.window]
    return max(windows) + 1 + ceil(weeks * units.WEEK / units.DAY) if windows else 0
