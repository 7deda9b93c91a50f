"""Streams: those of the library, and those that the metrics of a service feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics.suggest import did_you_mean
from generator.model.metrics import MetricType
from generator.model.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.diagnostics.findings import Findings
    from generator.model.metrics import Metric
    from generator.spec.types import Entry, FeedSpec, ProfileSpec, SignalsSpec, StreamSpec

_BASE_UNITS = {"ms": "s"}


def library_streams(spec: SignalsSpec | None) -> dict[str, Stream]:
    """Resolve the streams of the library."""
    return {entry.key.value: _shared(entry) for entry in spec.streams} if spec else {}


def _shared(entry: Entry[StreamSpec]) -> Stream:
    spec, name = entry.value, entry.key.value
    return Stream(
        name=name,
        stem=f"agent_{name}",
        type=MetricType(spec.type.value),
        unit=spec.unit or "",
        labels=tuple(label.value for label in spec.labels),
        sparse=bool(spec.sparse),
        shared=True,
        help=spec.help,
    )


def resolve_streams(
    profile: ProfileSpec, metrics: Mapping[str, Metric], library: Mapping[str, Stream], findings: Findings
) -> dict[str, Stream]:
    """Find the stream that each metric feeds; what feeds none is a stream of its own, called as it is."""
    fed: dict[str, Stream] = {}
    for entry in profile.streams:
        if stream := _fed(entry, metrics, library, fed, findings):
            fed[stream.metric] = stream
    stems = {stream.stem for stream in library.values()}
    return {
        stream.name: stream
        for stream in (fed.get(metric.name) or _own(metric, stems) for metric in metrics.values())
    }


def by_any_name(streams: Iterable[Stream]) -> dict[str, Stream]:
    """Find streams by their names, and by those of their metrics."""
    found = tuple(streams)
    return {**{stream.metric: stream for stream in found}, **{stream.name: stream for stream in found}}


def _fed(
    entry: Entry[FeedSpec],
    metrics: Mapping[str, Metric],
    library: Mapping[str, Stream],
    fed: Mapping[str, Stream],
    findings: Findings,
) -> Stream | None:
    stream, of = library.get(entry.key.value), entry.value.of
    if stream is None:
        findings.error(
            "reference/unknown-stream",
            f'there is no stream "{entry.key.value}"',
            entry.key.span,
            did_you_mean(entry.key.value, library, "streams"),
        )
        return None
    metric = metrics.get(of.value)
    if metric is None:
        findings.error(
            "reference/unknown-metric",
            f'metric "{of.value}" is not declared',
            of.span,
            did_you_mean(of.value, metrics),
        )
        return None
    if of.value in fed:
        findings.error(
            "stream/fed-twice",
            f'"{of.value}" feeds the stream "{fed[of.value].name}" already',
            of.span,
            "a metric feeds one stream: leave one of the two out",
        )
        return None
    if metric.type is not stream.type or _base(metric) != stream.unit:
        findings.error(
            "stream/other-kind",
            f'stream "{stream.name}" is a {_described(stream.type, stream.unit)}, and "{metric.name}" is a '
            f"{_described(metric.type, _base(metric))}",
            of.span,
            "choose a metric of that kind, or correct the metric's type and unit",
        )
        return None
    return _of_metric(
        replace(stream, labels=_labels(stream, metric), sparse=stream.sparse or metric.sparse), metric
    )


def _described(type_: MetricType, unit: str) -> str:
    return f"{type_} of {'seconds' if unit == 's' else unit.upper() or 'counts'}"


def _labels(stream: Stream, metric: Metric) -> tuple[str, ...]:
    """Keep the stream's own order of labels, and after them what only the metric has."""
    shared = tuple(label for label in stream.labels if label in metric.labels)
    return (*shared, *(label for label in metric.labels if label not in shared))


def _own(metric: Metric, stems: Iterable[str]) -> Stream:
    base = metric.name.removesuffix("_total")
    return _of_metric(
        Stream(
            name=metric.name,
            stem=f"metric_{base}" if base in set(stems) else base,
            type=metric.type,
            unit=_base(metric),
            labels=metric.labels,
            sparse=metric.sparse,
            help=metric.help,
        ),
        metric,
    )


def _of_metric(stream: Stream, metric: Metric) -> Stream:
    buckets = tuple(round(bound * metric.factor, 12) for bound in metric.buckets)
    return replace(stream, metric=metric.name, buckets=buckets, exposed_unit=metric.unit)


def _base(metric: Metric) -> str:
    return _BASE_UNITS.get(metric.unit, metric.unit)
