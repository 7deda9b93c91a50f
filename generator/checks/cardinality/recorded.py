"""Bounds of recorded series, from what each rule's expression keeps of its labels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.cardinality.combinations import combinations, values
from generator.checks.exposed import buckets
from generator.model.rules import RecordingRule
from generator.model.units import WEEK
from generator.promql.shape import size_of_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.checks.world import World
    from generator.model.labels import Label
    from generator.model.service import Service, Site
    from generator.promql.shape import Origin, Term


class RecordSeries(Struct, frozen=True):
    """The series of a record, at once and over the retention, and the rules that write it, every ``interval`` s."""

    record: str
    group: str
    interval: int
    rules: int
    live: int
    retained: int


def record_series(service: Service, known: World, site: Site) -> tuple[RecordSeries, ...]:
    """Bound the series of each record, in the order of the rules."""
    found: dict[str, RecordSeries] = {}
    now, ever = (sizes(service, weeks) for weeks in (0, site.retention / WEEK))
    for rule in known.rules:
        if isinstance(rule.rule, RecordingRule):
            name = rule.rule.record
            before = found.get(name) or RecordSeries(name, rule.group.name, rule.group.interval, 0, 0, 0)
            shape = rule.shape
            found[name] = RecordSeries(
                name,
                before.group,
                before.interval,
                before.rules + 1,
                before.live + now.of(shape.live),
                before.retained + ever.of(shape.ever),
            )
    return tuple(found.values())


class Sizes(Struct, frozen=True):
    """How many values each set of a service has, at once or over ``weeks``; ``counted`` are the terms so far."""

    labels: Mapping[str, Label]
    weeks: float
    sets: Mapping[str, int]
    counted: dict[Term, int]

    def having(self, label: Label) -> Sizes:
        """Have another label in place of the one of its name."""
        size = values(label, self.weeks)
        return Sizes(
            {**self.labels, label.name: label}, self.weeks, {**self.sets, label.name: size}, counted={}
        )

    def of(self, terms: Iterable[Term]) -> int:
        """Sum the terms."""
        return sum(self._of_term(term) for term in terms)

    def _of_term(self, term: Term) -> int:
        if term not in self.counted:
            self.counted[term] = self._product(term)
        return self.counted[term]

    def _product(self, term: Term) -> int:
        """Multiply; what a label determines adds nothing where each of the two stands alone and once."""
        rest = list(term)
        whole = {origin[0] for origin in term if len(origin) == 1 and origin[0] in self.labels}
        for name in whole:
            rest.remove((name,))
        labels = (label for name, label in self.labels.items() if name in whole)
        return combinations(labels, self.weeks) * prod(self._of_origin(origin) for origin in rest)

    def _of_origin(self, origin: Origin) -> int:
        return sum(self.sets[part] if (size := size_of_part(part)) is None else size for part in origin)


def sizes(service: Service, weeks: float = 0) -> Sizes:
    """Count the values of every set of a service."""
    of_labels = {name: values(label, weeks) for name, label in service.labels.items()}
    of_buckets = {buckets(metric): len(metric.buckets) + 1 for metric in service.metrics.values()}
    return Sizes(service.labels, weeks, of_labels | of_buckets, {})
