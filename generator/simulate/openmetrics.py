"""A history as OpenMetrics text, which Prometheus can turn into blocks."""

from __future__ import annotations

from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING

from generator.model.metrics import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.remote_write import TimeSeries
    from generator.model.metrics import Metric
    from generator.model.service import Service

_HISTOGRAM_SUFFIXES = ("_bucket", "_count", "_sum")


def lines(series: Iterable[TimeSeries], service: Service) -> Iterator[str]:
    """Write series line by line, each family together; all samples are held in memory.

    Staleness markers are left out: the format has none.
    """
    families = {metric.name: metric for metric in service.metrics.values()}
    by_family = sorted(series, key=lambda one: _metric(one, families))
    for name, members in groupby(by_family, key=lambda one: _metric(one, families)):
        yield from _head(families[name])
        for one in members:
            yield from _samples(one)
    yield "# EOF"


def _metric(one: TimeSeries, families: Mapping[str, Metric]) -> str:
    """Find whose series it is: a histogram's are named after it."""
    name = one.labels["__name__"]
    stems = (name.removesuffix(suffix) for suffix in ("", *_HISTOGRAM_SUFFIXES))
    return next(stem for stem in stems if stem in families)


def _head(metric: Metric) -> Iterator[str]:
    family = metric.name.removesuffix("_total") if metric.type is MetricType.COUNTER else metric.name
    yield f"# TYPE {family} {metric.type}"
    yield f"# HELP {family} {_escaped(metric.help)}"


def _samples(one: TimeSeries) -> Iterator[str]:
    inside = ",".join(
        f'{name}="{_escaped(value)}"' for name, value in sorted(one.labels.items()) if name != "__name__"
    )
    for timestamp, value in zip(one.timestamps, one.values, strict=True):
        if not isnan(value):
            yield f"{one.labels['__name__']}{{{inside}}} {value!r} {timestamp / 1000:.3f}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
