"""A service's metrics in real libraries, as somebody who reads its spec would write them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.metrics import Metric
    from generator.model.service import Service


def combinations(metric: Metric, service: Service) -> Iterator[dict[str, str]]:
    """Yield two combinations of labels that a spec allows."""
    for place in (0, -1):
        said = {name: _value(name, place, service) for name in metric.labels}
        for name in metric.labels:
            label = service.labels[name]
            if label.determines in said:
                said[label.determines] = label.determined[said[name]]
        yield said


def _value(name: str, place: int, service: Service) -> str:
    values = service.labels[name].values
    return values[place] if values else "2026-03-21"


def registry(service: Service, more: Mapping[str, str] | None = None) -> CollectorRegistry:
    """Expose every metric of a service by prometheus_client; ``more`` are labels that no spec declares."""
    found, extra = CollectorRegistry(), dict(more or {})
    for metric in service.metrics.values():
        names = (*metric.labels, *extra)
        for labels in combinations(metric, service):
            if metric.is_histogram:
                histogram = _known(found, metric, names)
                histogram.labels(**labels, **extra).observe(metric.buckets[1])
            else:
                _counter(found, metric, names).labels(**labels, **extra).inc()
    return found


def _counter(found: CollectorRegistry, metric: Metric, names: tuple[str, ...]) -> Counter:
    known = found._names_to_collectors.get(metric.name)  # noqa: SLF001 - there is no other way to ask
    return known if isinstance(known, Counter) else Counter(metric.name, metric.help, names, registry=found)


def _known(found: CollectorRegistry, metric: Metric, names: tuple[str, ...]) -> Histogram:
    known = found._names_to_collectors.get(metric.name)  # noqa: SLF001 - there is no other way to ask
    if isinstance(known, Histogram):
        return known
    return Histogram(metric.name, metric.help, names, buckets=metric.buckets, registry=found)
