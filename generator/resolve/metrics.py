"""Metrics: those of a profile and a service, checks of what streams read of them, and the foreign ones of streams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics.wording import did_you_mean, listed, nearest_first
from generator.model import names
from generator.model.metrics import (
    HISTOGRAM_SUFFIXES,
    IN_WORDS,
    Across,
    Label,
    Metric,
    MetricType,
    unit_in_name,
)
from generator.notation.names import look_up, look_up_label
from generator.notation.quantities import bucket_bounds
from generator.spec.types import ELSEWHERE, Entry, MetricSpec, ProfileSpec, ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.diagnostics import Findings
    from generator.model.streams import Source, Stream
    from generator.spec.types import OneOrMany, SourceOfStreamSpec, Text

_RESERVED = (*HISTOGRAM_SUFFIXES, "_created", "_info")


def resolve_metrics(
    profile: ProfileSpec, service: ServiceSpec, labels: Mapping[str, Label], findings: Findings
) -> dict[str, Metric]:
    """Merge the metrics of profile and service, and check that Prometheus accepts them."""
    metrics = {entry.key.value: _metric(entry, labels, profile, findings) for entry in profile.metrics}
    for entry in service.metrics:
        name = entry.key.value
        if entry.value.type is not None:
            if name in metrics:
                _redeclared(entry, profile, findings)
            else:
                metrics[name] = _metric(entry, labels, profile, findings)
        elif metric := look_up(entry.key, metrics, "metric", findings):
            metrics[name] = _bucketed(metric, entry, findings)
    _check_families(profile, service, findings)
    return metrics


def _check_families(profile: ProfileSpec, service: ServiceSpec, findings: Findings) -> None:
    """Prove that metrics can exist beside each other: in client libraries, and as records of ours."""
    outside = names.OUTSIDE.removesuffix("_total")
    families = {} if profile.emitted == ELSEWHERE else {outside: "what the generated instrumentation adds"}
    for entry in (*profile.metrics, *(own for own in service.metrics if own.value.type is not None)):
        name = entry.key.value
        family = names.stem(name)
        if family and families.setdefault(family, f'"{name}"') == f'"{name}"':
            continue
        findings.error(
            "metric/family",
            f'to client libraries and records "{name}" is the same as {families[family]}'
            if family
            else f'to client libraries "{name}" has no name: they add _total by themselves',
            entry.key.span,
            "choose another name",
        )


def _redeclared(entry: Entry[MetricSpec], profile: ProfileSpec, findings: Findings) -> None:
    change = "give only its buckets here" if entry.value.buckets else "leave it out here"
    findings.error(
        "metric/duplicate",
        f'profile "{profile.profile.value}" declares metric "{entry.key.value}" already',
        entry.key.span,
        f"{change}, or choose another name",
    )


def _metric(
    entry: Entry[MetricSpec], labels: Mapping[str, Label], profile: ProfileSpec, findings: Findings
) -> Metric:
    spec, name = entry.value, entry.key.value
    for label in spec.labels:
        look_up_label(label, labels, profile, findings)
    metric = Metric(
        name=name,
        type=MetricType(spec.type.value if spec.type else MetricType.COUNTER),
        help=spec.help or "",
        unit=spec.unit or "",
        labels=tuple(label.value for label in spec.labels),
        buckets=(),
        sparse=bool(spec.sparse),
        across=Across(spec.across.value if spec.across else Across.SUM),
        foreign=profile.emitted == ELSEWHERE,
    )
    if not metric.foreign:
        _check_name(metric, entry, findings)
    if not (metric.foreign and spec.unit):
        check_unit_in_name(entry.key, metric.unit, findings)
    metric = _bucketed(metric, entry, findings)
    if spec.across and not metric.is_gauge:
        findings.error(
            "metric/across",
            f'{metric.type} "{metric.name}" has the key across, which only gauges have: its events are always summed',
            spec.across.span,
            "leave it out, or make it a gauge",
        )
    return metric


def check_unit_in_name(name: Text, unit: str, findings: Findings) -> None:
    """Warn of a unit that the name contradicts: all values, and objectives with them, would be off by a factor."""
    said = unit_in_name(name.value)
    if said and said != unit:
        taken = IN_WORDS.get(unit, "counts")
        findings.warning(
            "metric/unit",
            f'the name "{name.value}" says {IN_WORDS[said]}, and its values are taken for {taken}',
            name.span,
            f"write unit: {said}",
        )


def _bucketed(metric: Metric, entry: Entry[MetricSpec], findings: Findings) -> Metric:
    """Set the written buckets of a metric; without a finding, a histogram has some."""
    bounds = bucket_bounds(entry.value.buckets, metric.unit, metric.name, findings)
    if bounds is None:
        return metric
    changed = replace(metric, buckets=bounds)
    _check_buckets(changed, entry, findings)
    return changed


def _check_name(metric: Metric, entry: Entry[MetricSpec], findings: Findings) -> None:
    """Prove that every client library exposes the name as it is; other sources name their metrics as they like."""
    if not names.is_classic(metric.name):
        findings.error(
            "metric/utf8-name",
            f'not every client library can expose a metric "{metric.name}"',
            entry.key.span,
            f'name it "{names.stem(metric.name)}{"_total" if metric.type is MetricType.COUNTER else ""}", or say '
            "emitted: elsewhere in the profile where other code exposes its metrics",
        )
        return
    if metric.name.endswith(_RESERVED):
        findings.error(
            "metric/reserved-suffix",
            f'"{metric.name}" ends like a series that client libraries add by themselves',
            entry.key.span,
            "name the metric without _bucket, _sum, _count, _created or _info",
        )
    elif (metric.type is MetricType.COUNTER) != metric.name.endswith("_total"):
        advice = (
            f'name it "{metric.name.removesuffix("_total")}"'
            if metric.type is not MetricType.COUNTER
            else f'name it "{metric.name}_total", as client libraries expose it'
        )
        findings.error(
            "metric/counter-suffix",
            f'{metric.type} "{metric.name}": names of counters end in _total, and no other names do',
            entry.key.span,
            advice,
        )


def _check_buckets(metric: Metric, entry: Entry[MetricSpec], findings: Findings) -> None:
    if metric.is_histogram != bool(metric.buckets):
        findings.error(
            "metric/buckets",
            f'histogram "{metric.name}" has no buckets'
            if metric.is_histogram
            else f'{metric.type} "{metric.name}" has buckets',
            entry.key.span,
            "list its upper bounds: buckets: [100, 250, 500]"
            if metric.is_histogram
            else "remove buckets, or make it a histogram",
        )
    for index in range(1, len(metric.buckets)):
        if metric.buckets[index] <= metric.buckets[index - 1]:
            findings.error(
                "metric/buckets",
                f'buckets of "{metric.name}" do not ascend: number {index + 1} is not above number {index}',
                entry.value.buckets[index].span,
                "list each bound once, the smallest first",
            )


def check_read(
    part: SourceOfStreamSpec, metrics: Iterable[Metric], labels: Mapping[str, Label], findings: Findings
) -> None:
    """Refuse labels in ``where`` and ``labels`` that a declared metric never has, and values in vain.

    Foreign metrics are as the profile describes them, so nothing is compared there.
    """
    for metric in metrics:
        exposed = {metric.exposed.get(name, name): name for name in metric.labels}
        mapped = (text for item in part.labels for text in item.value.values)
        for name in (*(item.key for item in part.where), *mapped):
            _check_label(name, metric, exposed, findings)
        for item in part.where:
            if label := labels.get(exposed.get(item.key.value, "")):
                _check_values(item, label, findings)


def check_dropped(dropped: Iterable[Text], metrics: Iterable[Metric], findings: Findings) -> None:
    """Refuse to sum away a label that none of the metrics of a stream has."""
    every = tuple(metrics)
    exposed = {metric.exposed.get(name, name) for metric in every for name in metric.labels}
    for label in dropped:
        if label.value not in exposed:
            findings.error(
                "reference/unknown-label",
                f'drop would ignore "{label.value}": {listed(one.name for one in every)} has no such label',
                label.span,
                did_you_mean(label.value, sorted(exposed)) or "leave drop out",
            )


def _check_label(name: Text, metric: Metric, exposed: Iterable[str], findings: Findings) -> None:
    known = tuple(exposed)
    if name.value not in known:
        findings.error(
            "reference/unknown-label",
            f'metric "{metric.name}" has no label "{name.value}"',
            name.span,
            did_you_mean(name.value, known, "its labels") or "leave it out: the metric has no labels",
        )


def _check_values(item: Entry[OneOrMany], label: Label, findings: Findings) -> None:
    """Refuse a pattern that no listed value matches; those of a label with patterns are spelled elsewhere."""
    if not label.values or label.patterns:
        return
    for pattern in item.value.values:
        if not any(re.fullmatch(pattern.value, value) for value in label.values):
            known = nearest_first(pattern.value, label.values)
            findings.error(
                "reference/unknown-value",
                f'label "{label.name}" has no value "{pattern.value}"',
                pattern.span,
                did_you_mean(pattern.value, known),
            )


def foreign_metrics(streams: Iterable[Stream], declared: Mapping[str, Metric]) -> dict[str, Metric]:
    """Describe the foreign metrics, as far as streams read them."""
    metrics: dict[str, Metric] = {}
    for stream in streams:
        for source in stream.sources:
            for name in source.metrics:
                if name not in declared:
                    metric = replace(
                        _exposed(name, source, stream), alternative=_is_alternative(name, source)
                    )
                    metrics[name] = _merged(metrics[name], metric) if name in metrics else metric
    return metrics


def _is_alternative(name: str, source: Source) -> bool:
    """Whether a name is not the first of those of which one exists."""
    return name not in (*source.names[:1], *source.minus[:1])


def as_stored(metrics: Mapping[str, Metric], streams: Iterable[Stream]) -> dict[str, Metric]:
    """Mark the metrics that are only read as native histograms."""
    read: dict[str, list[bool]] = {}
    for source in (source for stream in streams for source in stream.sources):
        for name in source.metrics:
            read.setdefault(name, []).append(source.native)
    return {
        name: replace(metric, native=True) if all(read.get(name, [False])) else metric
        for name, metric in metrics.items()
    }


def _exposed(name: str, source: Source, stream: Stream) -> Metric:
    is_histogram = stream.is_histogram or bool(source.value)
    return Metric(
        name=name,
        type=MetricType.HISTOGRAM if is_histogram else stream.type,
        help=stream.help,
        unit=source.unit,
        labels=tuple(source.supplied),
        buckets=source.buckets,
        sparse=stream.sparse,
        exposed={label: some[0] for label, some in source.supplied.items() if label != some[0]},
        parts=(tuple(source.supplied),),
        foreign=True,
        across=stream.across,
    )


def _merged(one: Metric, other: Metric) -> Metric:
    return replace(
        one,
        type=one.type if one.is_histogram else other.type,
        labels=tuple(dict.fromkeys((*one.labels, *other.labels))),
        buckets=one.buckets or other.buckets,
        sparse=one.sparse and other.sparse,
        alternative=one.alternative and other.alternative,
        exposed={**one.exposed, **other.exposed},
        parts=_parts_of(one.parts, other.parts[0]),
    )


def _parts_of(parts: tuple[tuple[str, ...], ...], more: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Add a set of labels once; a larger set does not mean that all series have its labels."""
    return parts if more in parts else (*parts, more)
