"""Segments: labels of a service's choice, added to its profile's metrics or read from foreign ones."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics import Note
from generator.diagnostics.suggest import did_you_mean, listed
from generator.resolve.label_names import refused_label
from generator.spec.types import ELSEWHERE, Entry, LabelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics.findings import Findings
    from generator.spec.types import FeedSpec, MetricSpec, ProfileSpec, SegmentSpec, ServiceSpec

CODE = "segment/streams"
#: The streams that may have segments, and the signals that are then recorded for each value of a segment.
SIGNALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "run": ("run_count", "success_rate"),
        "run_latency": ("latency_p50", "latency_p95"),
        "run_steps": ("step_count",),
        "tool_call": ("tool_calls_per_run",),
        "llm_error": ("llm_errors_per_run",),
        "token_usage": ("token_usage_per_run", "cost_per_run"),
    }
)
#: The streams that get a segment where its author names none.
USUAL = ("run", "run_latency")


def with_segments(profile: ProfileSpec, service: ServiceSpec, findings: Findings) -> ProfileSpec:
    """Add the segments of a service to the metrics of a profile; wrong ones are left out."""
    for entry in service.segments:
        if _is_right(entry, profile, findings):
            profile = _with_segment(profile, entry)
    return profile


def _is_right(entry: Entry[SegmentSpec], profile: ProfileSpec, findings: Findings) -> bool:
    name = entry.key.value
    if found := refused_label(entry.key):
        findings.add(found)
        return False
    declared = next((label.key for label in profile.labels if label.key.value == name), None)
    if declared is not None:
        findings.error(
            "segment/declared",
            f'the profile declares the label "{name}" already',
            entry.key.span,
            f"bound it under labels, as in labels: {{{name}: ...}}, or choose another name",
            Note("it is declared here", declared.span),
        )
        return False
    if entry.value.label and profile.emitted != ELSEWHERE:
        findings.error(
            "segment/label",
            f'the generated module exposes the label as "{name}"',
            entry.value.label.span,
            "leave label out: it is for metrics that others expose",
        )
        return False
    bounds = [entry.value.values, entry.value.max_live]
    if not all(bounds) and any(bounds):
        return _streams_are_right(entry, profile, findings)
    findings.error(
        "segment/bound",
        f'segment "{name}" has {"two bounds" if all(bounds) else "no bound"}',
        entry.key.span,
        f"list its values, as in {name}: [free, pro], or give the largest number of them: {name}: {{max_live: 20}}",
    )
    return False


def _streams_are_right(entry: Entry[SegmentSpec], profile: ProfileSpec, findings: Findings) -> bool:
    fed = [stream.key.value for stream in profile.streams if stream.key.value in SIGNALS]
    wrong = [text for text in entry.value.of if text.value not in fed]
    for text in wrong:
        findings.error(
            CODE,
            f'the stream "{text.value}" cannot have the segment "{entry.key.value}"',
            text.span,
            did_you_mean(text.value, fed, "streams of the profile that can have one"),
        )
    if entry.value.of and "run" in fed and "run" not in {text.value for text in entry.value.of}:
        findings.error(
            CODE,
            f'runs are not told apart by "{entry.key.value}", and what is counted for each run would be divided by all',
            entry.value.of[0].span,
            f"add run: of: [{listed(('run', *(text.value for text in entry.value.of)))}]",
        )
        return False
    return not wrong


def _with_segment(profile: ProfileSpec, entry: Entry[SegmentSpec]) -> ProfileSpec:
    chosen = {text.value for text in entry.value.of} or set(USUAL)
    feeds = [stream for stream in profile.streams if stream.key.value in chosen]
    fed = {name for feed in feeds for name in _metrics(feed.value)}
    return replace(
        profile,
        labels=(*profile.labels, Entry(entry.key, _label(entry.value))),
        metrics=tuple(
            _labelled(metric, entry) if metric.key.value in fed else metric for metric in profile.metrics
        ),
        streams=tuple(
            _read(stream, entry) if stream in feeds and profile.emitted == ELSEWHERE else stream
            for stream in profile.streams
        ),
    )


def _label(spec: SegmentSpec) -> LabelSpec:
    return LabelSpec(
        span=spec.span,
        description=spec.description,
        values=tuple(Entry(value, None) for value in spec.values),
        ignore=(),
        from_=None,
        label=None,
        closed=None,
        max_live=spec.max_live,
        new_per_week=spec.new_per_week,
        determines=None,
        per=(),
        limits=(),
    )


def _metrics(feed: FeedSpec) -> list[str]:
    """List the metrics that feed a stream."""
    sources = [feed.of, *(part.of for part in feed.parts)]
    return [text.value for source in sources if source for text in source.values]


def _labelled(metric: Entry[MetricSpec], entry: Entry[SegmentSpec]) -> Entry[MetricSpec]:
    name = entry.value.label or entry.key
    return replace(metric, value=replace(metric.value, labels=(*metric.value.labels, name)))


def _read(stream: Entry[FeedSpec], entry: Entry[SegmentSpec]) -> Entry[FeedSpec]:
    """Read the label of a foreign metric, which is no longer summed away."""
    exposed = entry.value.label or entry.key
    feed = stream.value
    drop = tuple(text for text in feed.drop if text.value != exposed.value)
    return replace(stream, value=replace(feed, labels=(*feed.labels, Entry(entry.key, exposed)), drop=drop))
