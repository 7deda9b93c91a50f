"""The series that one instance of a service exposes in the cases."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.model import names
from generator.model.labels import OTHER
from generator.model.units import plain
from generator.prometheus.witness.history import SeriesId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.labels import Label
    from generator.model.metrics import Metric
    from generator.model.service import Service

_INSTANCE = "a"
#: The name of a metric, and label values that are asked for.
_Asked = tuple[str, tuple[tuple[str, str], ...]]


class Exposed(Struct, frozen=True):
    """A service, and the series that its cases have asked for so far: all of them ask for the same few."""

    service: Service
    found: dict[_Asked, tuple[SeriesId, ...]] = field(default_factory=dict)

    def series(self, metric: Metric, given: Mapping[str, str]) -> tuple[SeriesId, ...]:
        """Find the series of a metric with the given label values: of a histogram one a bucket, of a counter one."""
        asked = (metric.name, tuple(given.items()))
        if asked not in self.found:
            self.found[asked] = tuple(self._series(metric, labels_of(metric, given, self.service)))
        return self.found[asked]

    def named(self, name: str, labels: Mapping[str, str]) -> SeriesId:
        """Name a series, with the labels that Prometheus adds to all of the instance."""
        every = {**labels, **self.service.selector, "instance": _INSTANCE}
        return SeriesId(name, tuple(sorted(every.items())))

    def _series(self, metric: Metric, labels: dict[str, str]) -> Iterator[SeriesId]:
        if not metric.is_histogram:
            yield self.named(metric.name, labels)
            return
        for edge in edges(metric):
            bound = "+Inf" if edge == inf else plain(edge)
            yield self.named(f"{metric.name}_bucket", {**labels, names.LE: bound})


def edges(metric: Metric) -> tuple[float, ...]:
    """List the upper bounds of a histogram's buckets, the infinite one included."""
    return (*metric.buckets, inf)


def labels_of(metric: Metric, given: Mapping[str, str], service: Service) -> dict[str, str]:
    """Choose a value for every label, such that values that determine others agree with them."""
    labels = [service.labels[name] for name in metric.labels]
    chosen = {label.name: _value(label, given) for label in labels}
    for label in labels:
        target, value = label.determines, chosen[label.name]
        if target in chosen and target not in given and value in label.determined:
            chosen[target] = label.determined[value]
    return chosen


def _value(label: Label, given: Mapping[str, str]) -> str:
    """Choose a value for a label: the given one, or the first that means what is given for another."""
    if label.name in given:
        return given[label.name]
    values = [value for value in label.values if value != OTHER] or [f"{label.name}-1"]
    wanted = given.get(label.determines or "")
    meaning = (value for value in values if label.determined.get(value) == wanted)
    return values[0] if wanted is None else next(meaning, values[0])
