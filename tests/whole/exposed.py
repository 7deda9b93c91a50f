"""A possible exposition of a service's code: a few series of each of its metrics, from two instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.remote_write import TimeSeries
from generator.model.units import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.metrics import Metric
    from generator.model.service import Service

SCRAPE = 15
_COMBINATIONS = 3


def exposed(service: Service, start: int, end: int) -> Iterator[TimeSeries]:
    """Counters that grow from ``start`` to ``end`` (Unix seconds), a sample each ``SCRAPE`` seconds."""
    times = [at * 1000 for at in range(start, end, SCRAPE)]
    for metric in service.metrics.values():
        for labels in _combinations(metric, service):
            for instance in ("a:1", "b:1"):
                common = {**labels, **service.selector, "instance": instance, "__name__": metric.counted}
                for step, bucket in enumerate(_buckets(metric), start=1):
                    yield TimeSeries(
                        {**common, **bucket}, times, [step * count for count in range(len(times))]
                    )


def _combinations(metric: Metric, service: Service) -> Iterator[dict[str, str]]:
    """Combine values side by side, not each with each."""
    for index in range(_COMBINATIONS):
        yield {name: _value(service, name, index) for name in metric.labels}


def _value(service: Service, label: str, index: int) -> str:
    values = service.labels[label].values or tuple(f"live-{number}" for number in range(_COMBINATIONS))
    return values[index % len(values)]


def _buckets(metric: Metric) -> list[dict[str, str]]:
    if not metric.is_histogram:
        return [{}]
    return [{"le": bound} for bound in (*(plain(bound) for bound in metric.buckets), "+Inf")]
