"""Advice on shrinking: for each label, the series saved with half its values, or without it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.cardinality.bounds import Sizes, count_values, live_series, sizes
from generator.model.names import LE, OUTSIDE_LABEL, RELEASE
from generator.model.rules import RecordingRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.checks.world import KnownRule, SharedPart, World
    from generator.model.metrics import Label, Metric
    from generator.model.service import Service, Site
    from generator.promql.shape import Term


class Saving(Struct, frozen=True, gc=False):
    """Series at once that are saved.

    Attributes:
        label: The label; ``le`` means the buckets of ``metric``.
        values: The number of its values, or of bucket bounds.
        halved: Saved with half of them.
        dropped: Saved without the label; for buckets, with one bound only.
        metric: The metric of the buckets; empty for a label.
        at_least: Whether ``dropped`` is a lower bound, since fewer rules remain without the label.
    """

    label: str
    values: int
    halved: int
    dropped: int
    metric: str = ""
    at_least: bool = False

    @property
    def buckets(self) -> bool:
        """Whether it is about the buckets of a histogram."""
        return bool(self.metric)

    @property
    def worth(self) -> bool:
        """Whether it saves anything."""
        return self.halved > 0 or self.dropped > 0


def of_metrics(metrics: Iterable[Metric], service: Service, site: Site) -> tuple[Saving, ...]:
    """List the savings in raw series of ``metrics``, the largest first; only declared labels can be made smaller.

    Releases cannot: an instance always has one.
    """
    return ranked(added_savings(of_metric(metric, service, site) for metric in metrics))


def of_metric(metric: Metric, service: Service, site: Site) -> tuple[Saving, ...]:
    """List the savings in raw series of one metric, also those that save nothing."""
    used = dict.fromkeys(label for label in metric.labels if label in service.labels and label != RELEASE)
    if not used and len(metric.buckets) <= 1:
        return ()  # such as the metric that the instrumentation adds
    before = live_series(metric, service, site)
    savings = [_of_label(label, metric, before, service, site) for label in used]
    if len(metric.buckets) > 1:
        savings.append(_of_buckets(metric, before, service, site))
    return tuple(savings)


def added_savings(savings: Iterable[Iterable[Saving]]) -> list[Saving]:
    """Add up the savings of several metrics."""
    sums: dict[tuple[str, str], Saving] = {}
    for one in chain.from_iterable(savings):
        other = sums.get((one.label, one.metric))
        sums[one.label, one.metric] = (
            replace(one, halved=one.halved + other.halved, dropped=one.dropped + other.dropped)
            if other
            else one
        )
    return list(sums.values())


def of_records(service: Service, known: World) -> tuple[Saving, ...]:
    """List the savings in recorded series of a service, as it is exposed, the largest first."""
    terms = _live(known.own) + _shared_live(known.shared)
    before = sizes(service)
    return ranked(
        _of_recorded(label, terms, before) for label in service.labels.values() if label.name != OUTSIDE_LABEL
    )


@lru_cache(maxsize=32)
def _shared_live(shared: SharedPart) -> Counter[Term]:
    return _live(shared.rules)


def _live(rules: Iterable[KnownRule]) -> Counter[Term]:
    return Counter(term for rule in rules if isinstance(rule.rule, RecordingRule) for term in rule.shape.live)


def _of_recorded(label: Label, terms: Counter[Term], before: Sizes) -> Saving:
    """Count the savings in the terms that contain the label; it makes no others smaller."""
    smaller = {term: count for term, count in terms.items() if any(label.name in origin for origin in term)}
    whole = _recorded(smaller, before)
    half, one = (before.having(_cut(label, count)) for count in (_half(count_values(label)), 1))
    return Saving(
        label.name,
        count_values(label),
        whole - _recorded(smaller, half),
        whole - _recorded(smaller, one),
        at_least=True,
    )


def ranked(savings: Iterable[Saving]) -> tuple[Saving, ...]:
    """Sort the savings that are worth it, the largest first."""
    ordered = sorted(savings, key=lambda saving: (-saving.dropped, -saving.halved, saving.label))
    return tuple(saving for saving in ordered if saving.worth)


def _of_label(name: str, metric: Metric, before: int, service: Service, site: Site) -> Saving:
    label = service.labels[name]
    half = _with(service, _cut(label, _half(count_values(label))))
    without = replace(metric, labels=tuple(kept for kept in metric.labels if kept != name))
    halved, dropped = live_series(metric, half, site), live_series(without, service, site)
    return Saving(name, count_values(label), before - halved, before - dropped)


def _of_buckets(metric: Metric, before: int, service: Service, site: Site) -> Saving:
    half, one = (
        live_series(replace(metric, buckets=metric.buckets[:count]), service, site)
        for count in (_half(len(metric.buckets)), 1)
    )
    return Saving(LE, len(metric.buckets), before - half, before - one, metric.name)


def _recorded(terms: Mapping[Term, int], known: Sizes) -> int:
    return sum(count * known.of((term,)) for term, count in terms.items())


def _half(count: int) -> int:
    return (count + 1) // 2


def _cut(label: Label, count: int) -> Label:
    return replace(label, values=label.values[:count], max_live=min(label.max_live, count))


def _with(service: Service, label: Label) -> Service:
    return replace(service, labels={**service.labels, label.name: label})
