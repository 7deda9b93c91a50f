"""Segments: labels of a service's choice, in its profile's metrics or foreign ones, and bounds of their values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.tiers import capped
from generator.diagnostics import Findings, Note
from generator.diagnostics.wording import did_you_mean, listed
from generator.model.metrics import OTHER
from generator.model.streams import SPENT
from generator.notation.names import refused_label
from generator.notation.quantities import stands_on_objective
from generator.resolve.alerts import alerts_of
from generator.resolve.objectives import objective_of
from generator.spec.types import (
    ELSEWHERE,
    AlertSpec,
    Entry,
    FeedSpec,
    LabelSpec,
    MetricSpec,
    ObjectiveSpec,
    OneOrMany,
    ProfileSpec,
    SegmentSpec,
    ServiceSpec,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.alerts.draft import AlertScope
    from generator.model.alerts import Alert, AlertSeverity
    from generator.model.signals import Signal

_STREAMS = "segment/streams"
#: The streams that may have segments, and the signals that are then recorded for each value of a segment.
SIGNALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "run": ("run_count", "success_rate"),
        "run_latency": ("latency_p50", "latency_p95"),
        "run_steps": ("step_count",),
        "tool_call": ("tool_calls_per_run",),
        "llm_error": ("llm_errors_per_run",),
        "token_usage": ("token_usage_per_run", "cost_per_run"),
        SPENT: ("cost_per_run",),
    }
)
#: The streams that get a segment where its author names none.
USUAL = ("run", "run_latency")
_OBJECTIVE = "objective/by"


def with_segments(profile: ProfileSpec, service: ServiceSpec, findings: Findings) -> ProfileSpec:
    """Add the segments of a service to the metrics of a profile; wrong ones are left out."""
    for entry in service.segments:
        if _is_right(entry, profile, findings):
            profile = _with_segment(profile, entry)
    return profile


def _is_right(entry: Entry[SegmentSpec], profile: ProfileSpec, findings: Findings) -> bool:
    name = entry.key.value
    if finding := refused_label(entry.key):
        findings.add(finding)
        return False
    if declared := profile.label(name):
        findings.error(
            "segment/declared",
            f'the profile declares the label "{name}" already',
            entry.key.span,
            f"bound it under labels, as in labels: {{{name}: ...}}, or choose another name",
            Note("it is declared here", declared.key.span),
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
            _STREAMS,
            f'the stream "{text.value}" cannot have the segment "{entry.key.value}"',
            text.span,
            did_you_mean(text.value, fed, "streams of the profile that can have one"),
        )
    if wrong:
        return False
    if entry.value.of and "run" in fed and "run" not in {text.value for text in entry.value.of}:
        findings.error(
            _STREAMS,
            f'runs are not counted by "{entry.key.value}", so amounts for each run would be divided by all runs',
            entry.value.of[0].span,
            f"add run: of: [{listed(('run', *(text.value for text in entry.value.of)))}]",
        )
        return False
    return True


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
        written=frozenset(),
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
    read = Entry(entry.key, OneOrMany((exposed,), single=True))
    return replace(stream, value=replace(feed, labels=(*feed.labels, read), drop=drop))


def segment_alerts(
    service: ServiceSpec,
    merged: Mapping[str, Entry[AlertSpec]],
    scope: AlertScope,
    most: AlertSeverity | None,
) -> Iterator[Alert]:
    """Repeat the alerts on an objective for each value with its own bound."""
    for bound in _bounds(service, scope):
        yield from (capped(alert, most) for alert in _alerts(bound, service, merged, scope))


class _Bound(Struct, frozen=True):
    """A bound that an objective has for one value of a segment."""

    objective: Entry[ObjectiveSpec]
    signal: Signal
    segment: str
    value: Entry[Text]


def _bounds(service: ServiceSpec, scope: AlertScope) -> Iterator[_Bound]:
    """List the bounds by segments; wrong ones are reported and left out."""
    for entry in service.objectives:
        signal = scope.signals.get(entry.key.value)
        if signal is None:
            continue
        for segment in entry.value.by:
            name = segment.key.value
            if _is_segment(segment.key, signal, service, scope):
                listed_ones = (one for one in segment.value if _is_listed(one.key, name, scope))
                yield from (_Bound(entry, signal, name, one) for one in listed_ones)


def _is_segment(label: Text, signal: Signal, service: ServiceSpec, scope: AlertScope) -> bool:
    known = [entry.key.value for entry in service.segments]
    broken_down = signal.shared and any(signal.name in streams for streams in SIGNALS.values())
    recorded = (broken_down and label.value in signal.of.labels) or (label.value,) in signal.levels
    if label.value in known and recorded:
        return True
    lacks = label.value in known
    why = f"{signal.name} is not recorded by it" if lacks else "it is no segment of the service"
    scope.findings.error(
        _OBJECTIVE,
        f'{signal.name} has no bounds by "{label.value}": {why}',
        label.span,
        _way_out(label, signal, known, recorded=broken_down)
        if lacks or label.value not in scope.labels
        else _alert_instead(label.value, signal, scope.signals),
    )
    return False


def _alert_instead(label: str, signal: Signal, signals: Mapping[str, Signal]) -> str:
    """Explain how to watch the values of a label that the profile declares, and that therefore can be no segment."""
    recorded = [one for one in (signal, *signals.values()) if (label,) in one.levels]
    recorded.sort(key=lambda one: one.unit is not signal.unit)
    if not recorded:
        return f"leave it out: {label} is a label of the profile, and only segments have bounds of their own"
    return f"watch each of its values by an alert: threshold: {{signal: {recorded[0].name}, by: {label}}}"


def _way_out(label: Text, signal: Signal, known: Sequence[str], *, recorded: bool) -> str:
    if not signal.shared and label.value in known:
        return f"let the signal be recorded by it: write by: [{label.value}] under signals: {signal.name}"
    if label.value not in known:
        return (
            did_you_mean(label.value, known, "segments") or f"declare it: segments: {{{label.value}: [...]}}"
        )
    if recorded:
        return f"add the stream {signal.of.name} to the segment: of: [run, {signal.of.name}]"
    every = dict.fromkeys(name for streams in SIGNALS.values() for name in streams)
    return f"signals that a segment can break down: {listed(every)}"


def _is_listed(value: Text, label: str, scope: AlertScope) -> bool:
    """Refuse a bound for a value that is not listed, or for ``other``, which stands for many values."""
    values = [one for one in scope.labels[label].values if one != OTHER]
    if value.value in values:
        return True
    if value.value == OTHER:
        scope.findings.error(
            _OBJECTIVE,
            f'"{OTHER}" of the segment "{label}" cannot have a bound: it stands for all values that are not listed',
            value.span,
            f"bound a listed value{f', such as {values[0]},' if values else ''} or leave it out; the objective itself "
            "counts all values",
        )
        return False
    scope.findings.error(
        _OBJECTIVE,
        f'"{value.value}" is no listed value of the segment "{label}"',
        value.span,
        did_you_mean(value.value, values, "values")
        if values
        else f"list its values: segments: {{{label}: [{listed([value.value])}, ...]}}",
    )
    return False


def _alerts(
    bound: _Bound, service: ServiceSpec, merged: Mapping[str, Entry[AlertSpec]], scope: AlertScope
) -> Iterator[Alert]:
    entry, signal, value = bound.objective, bound.signal, bound.value
    written = {key: value.value for key in ("min", "max") if getattr(entry.value, key)}
    spec = replace(entry.value, **written, by=(), window=None)
    known = len(scope.findings.all)
    objective = objective_of(replace(entry, value=spec), signal, service, scope.site, scope.findings)
    if objective is None:
        return
    there = replace(scope, objectives={**scope.objectives, signal.name: objective})
    alerts = alerts_of(_on_objective(merged, signal), there)
    if not alerts and len(scope.findings.all) == known:
        scope.findings.warning(
            "objective/by-unwatched",
            f'no alert compares {signal.name} of {bound.segment} "{value.key.value}" with this bound: those on '
            f"{signal.name} are off, or do not compare with its objective",
            value.key.span,
            f"write an alert on it with warning: objective, as in threshold: {{signal: {signal.name}}}, or leave the "
            "bound out",
        )
    for alert in alerts:
        yield replace(alert, by=bound.segment, only=value.key.value, shared=False)


def _on_objective(merged: Mapping[str, Entry[AlertSpec]], signal: Signal) -> Iterator[Entry[AlertSpec]]:
    """Find the alerts that compare the whole of a signal with its objective."""
    for entry in merged.values():
        body, spec = entry.value.threshold, entry.value
        bounds = [text.value for text in (spec.warning, spec.critical) if text]
        is_of_signal = body and body.signal and body.signal.value == signal.name and body.by is None
        if is_of_signal and bounds and all(map(stands_on_objective, bounds)):
            yield entry
