"""A history as OpenMetrics text, which Prometheus can turn into blocks."""

from __future__ import annotations

from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from math import isnan
from operator import itemgetter
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, TextIO

from generator.model import names
from generator.model.metrics import HISTOGRAM_SUFFIXES, Metric, MetricType
from generator.simulate.feeds import INFO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.remote_write import TimeSeries
    from generator.model.service import Service

    _Labels = frozenset[tuple[str, str]]

_OF_SERIES = {"__name__", names.LE}


def openmetrics_lines(series: Iterable[TimeSeries], service: Service) -> Iterator[str]:
    """Write series line by line, each family together; the series of an instance must come together.

    Staleness markers are left out: the format has none. A temporary file for each family holds the waiting lines, so
    memory holds one instance at a time.

    Raises:
        OSError: there is no room for temporary files.
    """
    families = {metric.name: metric for metric in (*service.metrics.values(), INFO)}
    with ExitStack() as opened:
        waiting: dict[str, TextIO] = {}
        for _, of_instance in groupby(series, key=lambda one: one.labels["instance"]):
            for (name, _), members in _points(of_instance, families).items():
                if name not in waiting:
                    waiting[name] = opened.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
                waiting[name].writelines(f"{line}\n" for line in _samples(members))
        for name, written in sorted(waiting.items()):
            yield from _head(families[name])
            written.seek(0)
            yield from (line.removesuffix("\n") for line in written)
    yield "# EOF"


def _points(
    series: Iterable[TimeSeries], families: Mapping[str, Metric]
) -> dict[tuple[str, _Labels], list[TimeSeries]]:
    """Group the series that form one point of a family at each time: all series of a histogram."""
    points: dict[tuple[str, _Labels], list[TimeSeries]] = {}
    for one in series:
        labels = frozenset((name, value) for name, value in one.labels.items() if name not in _OF_SERIES)
        points.setdefault((_metric(one, families), labels), []).append(one)
    return points


def _metric(one: TimeSeries, families: Mapping[str, Metric]) -> str:
    """Return the metric of a series: the names of a histogram's series begin with its own."""
    name = one.labels["__name__"]
    bases = (name.removesuffix(suffix) for suffix in ("", *HISTOGRAM_SUFFIXES))
    return next(base for base in bases if base in families)


def _head(metric: Metric) -> Iterator[str]:
    family, type_ = metric.name, metric.type.value
    if metric is INFO:
        family, type_ = family.removesuffix("_info"), "info"
    elif metric.type is MetricType.COUNTER and family.endswith("_total"):
        family = family.removesuffix("_total")
    elif metric.type is MetricType.COUNTER:
        type_ = "unknown"  # for the format, a name without the suffix is no counter
    yield f"# TYPE {_named(family)} {type_}"
    yield f"# HELP {_named(family)} {_escaped(metric.help)}"


def _named(name: str) -> str:
    """Write a name, in quotes if it has other characters than letters, digits, underscores and colons."""
    return name if names.is_classic(name) else f'"{_escaped(name)}"'


def _samples(members: Iterable[TimeSeries]) -> Iterator[str]:
    """Write a point, time by time: a parser takes no bucket of an earlier time after one of a later."""
    yield from (text for _, text in merge(*map(_of_series, members), key=itemgetter(0)))


def _of_series(one: TimeSeries) -> Iterator[tuple[int, str]]:
    labels = sorted((name, value) for name, value in one.labels.items() if name != "__name__")
    inside = ",".join(f'{_named(name)}="{_escaped(value)}"' for name, value in labels)
    name = _named(one.labels["__name__"])
    start = f"{{{name},{inside}}}" if name.startswith('"') else f"{name}{{{inside}}}"
    for timestamp, value in zip(one.timestamps, one.values, strict=True):
        if not isnan(value):
            yield timestamp, f"{start} {value!r} {timestamp / 1000:.3f}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
