"""Signals: their stream, computation, unit and breakdowns."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics.suggest import did_you_mean
from generator.model import names
from generator.model.metrics import MetricType
from generator.model.signals import (
    Better,
    Cost,
    Count,
    Distribution,
    Kind,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    Take,
    Tokens,
    Trend,
)
from generator.model.units import MINUTE, Unit, parse_duration
from generator.notation.names import look_up
from generator.notation.times import seconds, window
from generator.resolve.signal_checks import check_signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings, Span
    from generator.model.metrics import Label
    from generator.model.service import Site
    from generator.model.streams import Stream
    from generator.spec.types import (
        Entry,
        ProfileSpec,
        ServiceSpec,
        SignalSpec,
        SignalsSpec,
        SourceSpec,
        Text,
    )

KINDS = ("count", "share", "ratio", "tokens", "cost", "quantile", "distribution", "level")
#: The unit of a quantile and of a level, by the base unit of their stream.
_UNITS = {"": Unit.COUNT, "s": Unit.SECONDS, "usd": Unit.USD}
#: Labels with the outcome of an event.
_OUTCOMES = frozenset({"status", "stop_reason", "error_class", "reason"})
DEFAULT_WINDOW = 15 * MINUTE


class SignalScope(Struct, frozen=True):
    """The objects that signals may refer to, and the list of findings.

    Streams are found by their own names and by those of their metrics. In a ``partial`` scope a missing object is no
    error: a profile need not measure every signal of the library.
    """

    site: Site
    streams: Mapping[str, Stream]
    labels: Mapping[str, Label]
    findings: Findings
    partial: bool = False


def resolve_signals(
    library: SignalsSpec | None, profile: ProfileSpec, service: ServiceSpec, scope: SignalScope
) -> dict[str, Signal]:
    """Resolve the library's signals as far as the profile measures them, the profile's and the service's own."""
    signals = shared_signals(library, scope)
    for entries, own in ((profile.signals, False), (service.signals, True)):
        for entry in entries:
            if entry.key.value in signals:
                first = signals[entry.key.value]
                whose = "signals.yaml" if first.shared else f'profile "{profile.profile.value}"'
                scope.findings.error(
                    "signal/duplicate",
                    f'{whose} declares signal "{entry.key.value}" already',
                    entry.key.span,
                    "choose another name; signals of a profile mean the same for every service",
                )
            elif signal := _signal(entry, scope, own=own):
                signals[signal.name] = signal
    return signals


def resolve_own_library(library: SignalsSpec | None, scope: SignalScope) -> dict[str, Signal]:
    """Resolve the library's signals with its own streams; all their errors become findings."""
    resolved = (_signal(entry, scope, own=False) for entry in (library.signals if library else ()))
    return {signal.name: replace(signal, shared=True) for signal in resolved if signal}


def shared_signals(library: SignalsSpec | None, scope: SignalScope) -> dict[str, Signal]:
    """Resolve the library's signals that the given streams support, as far as their labels allow."""
    signals: dict[str, Signal] = {}
    partial = replace(scope, partial=True)
    for entry in library.signals if library else ():
        if _measured(entry.value, scope) and (signal := _signal(entry, partial, own=False)):
            signals[signal.name] = replace(signal, shared=True)
    return signals


def _measured(spec: SignalSpec, scope: SignalScope) -> bool:
    """Whether the streams and labels that a signal of the library needs exist."""
    for source in filter(None, (getattr(spec, kind) for kind in KINDS)):
        stream = scope.streams.get(source.of.value)
        per = source.per and not parse_duration(source.per.value)
        wanted = {
            *(item.key.value for item in (*source.where, *source.among)),
            *((source.label.value,) if source.label else ()),
        }
        if stream is None or not wanted <= set(stream.labels):
            return False
        if source.per and per and source.per.value not in scope.streams:
            return False
    return True


def _signal(entry: Entry[SignalSpec], scope: SignalScope, *, own: bool) -> Signal | None:
    spec = entry.value
    kinds = [(name, source) for name in KINDS if (source := getattr(spec, name)) is not None]
    if len(kinds) != 1:
        scope.findings.error(
            "signal/kind",
            f'signal "{entry.key.value}" has {"several kinds" if kinds else "no kind"}',
            entry.key.span,
            f"give exactly one of {', '.join(KINDS)}",
        )
        return None
    name, source = kinds[0]
    metric = look_up(source.of, scope.streams, "metric", scope.findings)
    better = Better(spec.better or Better.LOWER)
    if metric is None or not _countable(name, source, metric, scope):
        return None
    kind = _kind(name, source, metric, better, scope)
    if kind is None:
        return None
    return _assembled(entry, metric, kind, scope, own=own)


def _assembled(
    entry: Entry[SignalSpec], metric: Stream, kind: Kind, scope: SignalScope, *, own: bool
) -> Signal:
    spec = entry.value
    unit = _unit(kind, metric)
    signal = Signal(
        name=entry.key.value,
        title=spec.title,
        description=spec.description,
        layer=spec.layer or "run",
        of=metric,
        kind=kind,
        unit=unit,
        better=Better(spec.better or Better.LOWER),
        window=_window(spec, kind, scope),
        levels=_levels(spec, metric, kind, scope),
        trend=_trend(spec, unit, scope),
        worst_by=spec.worst_by.value if spec.worst_by else None,
        own=own,
    )
    if not scope.partial:
        check_signal(entry, signal, scope.findings)
    return signal


def _window(spec: SignalSpec, kind: Kind, scope: SignalScope) -> int:
    """Read the window of a value; the current value of a gauge is at most a rule interval old."""
    if kind != Level(Take.NOW):
        return window(spec.window, DEFAULT_WINDOW, scope.site, scope.findings)
    if spec.window:
        scope.findings.error(
            "signal/gauge",
            "the value of now has no window",
            spec.window.span,
            "say which value of the window is meant, such as take: max; or leave window out",
        )
    return scope.site.rule_interval


def _kind(name: str, source: SourceSpec, metric: Stream, better: Better, scope: SignalScope) -> Kind | None:
    match name:
        case "level":
            return Level(Take(source.take or Take.NOW))
        case "count":
            return Count()
        case "share":
            return _share(source, metric, better, scope)
        case "ratio" | "tokens":
            return _per_event(name, source, scope)
        case "cost":
            return _spent(source, scope) if _is_usd(metric) else _cost(source, scope)
        case _:
            resolve = _quantile if name == "quantile" else _distribution
            return resolve(source, metric, scope)


def _countable(name: str, source: SourceSpec, metric: Stream, scope: SignalScope) -> bool:
    """Refuse to count the values of a gauge, and to read the events of a counter as a value."""
    others = (scope.streams.get(one.value) for one in (source.per, source.exists_with) if one)
    gauge = next((one for one in (metric, *others) if one and one.is_gauge), None)
    if name == "level":
        if metric.is_gauge:
            return True
        message, help_ = (
            f'"{metric.metric or metric.name}" is a {metric.type}: a level needs a gauge',
            "count its events instead, or take a quantile of a histogram",
        )
    elif gauge is None:
        return True
    else:
        message, help_ = (
            f'"{gauge.metric or gauge.name}" is a gauge: it has a value, and no events for a {name}',
            "read it as it is: level: {of: " + (gauge.metric or gauge.name) + "}",
        )
    scope.findings.error("signal/gauge", message, source.of.span, help_)
    return False


def _per_event(name: str, source: SourceSpec, scope: SignalScope) -> Kind | None:
    per = look_up(source.per, scope.streams, "metric", scope.findings) if source.per else None
    if per is None:
        return None
    if name == "tokens":
        return Tokens(per)
    exists = source.exists_with
    if exists is None or (scope.partial and exists.value not in scope.streams):
        return Ratio(per, None)
    return Ratio(per, look_up(exists, scope.streams, "metric", scope.findings))


def _share(source: SourceSpec, metric: Stream, better: Better, scope: SignalScope) -> Kind:
    for item in (*source.where, *source.among):
        label = _label_of(metric, item.key.value, scope)
        if label is None:
            _not_a_label(metric, item.key.value, item.key.span, scope)
        elif label.values and item.value.value not in label.values:
            scope.findings.error(
                "reference/unknown-value",
                f'label "{label.name}" has no value "{item.value.value}"',
                item.value.span,
                did_you_mean(item.value.value, label.values),
            )
    wanted = {item.key.value: item.value for item in source.where}
    among = {item.key.value: item.value for item in source.among}
    _check_sides(source, metric, scope)
    _check_together(among | wanted, metric, scope)
    where, rest = ({name: text.value for name, text in each.items()} for each in (wanted, among))
    return Share(where, better is Better.HIGHER, rest)


def _check_sides(source: SourceSpec, metric: Stream, scope: SignalScope) -> None:
    """Refuse a share of all events that selects an outcome: it would vary with the number of other outcomes."""
    inside = {item.key.value for item in source.among}
    for item in source.where:
        if item.key.value in inside:
            scope.findings.error(
                "signal/mixed-share",
                f'"{item.key.value}" is under where and under among: all counted events would match',
                item.key.span,
                "leave it under one of them",
            )
    ends = {name for name in metric.labels if _is_outcome(name, scope.labels)}
    others = [item for item in source.where if item.key.value not in ends]
    if not others or len(others) == len(source.where) or source.among:
        return
    listed_ = ", ".join(f"{item.key.value}: {item.value.value}" for item in others)
    outcome = ", ".join(
        f"{item.key.value}: {item.value.value}" for item in source.where if item.key.value in ends
    )
    scope.findings.error(
        "signal/mixed-share",
        f"this divides by all events, not by those with {listed_}",
        others[0].key.span,
        "name the events that it is a share of: "
        f"share: {{of: {source.of.value}, where: {{{outcome}}}, among: {{{listed_}}}}}",
    )


def _is_outcome(name: str, labels: Mapping[str, Label]) -> bool:
    """Whether a label is the outcome of an event rather than its owner."""
    label = labels.get(name)
    determined = {one.determines for one in labels.values() if one.determines}
    return name in _OUTCOMES or name in determined or bool(label and label.determines)


def _check_together(wanted: Mapping[str, Text], metric: Stream, scope: SignalScope) -> None:
    """Refuse values that no event has together, since one of them determines another value."""
    for name, value in wanted.items():
        label = _label_of(metric, name, scope)
        other = wanted.get(label.determines or "") if label else None
        implied = label.determined.get(value.value) if label else None
        if label and other and implied and implied != other.value:
            scope.findings.error(
                "signal/never-true",
                f"nothing has {name} {value.value} and {label.determines} {other.value}: {value.value} means "
                f"{label.determines} {implied}",
                other.span,
                f"write {label.determines}: {implied}, or leave one of the two out",
            )


def _is_usd(metric: Stream) -> bool:
    """Whether a source itself counts USD."""
    return metric.unit == "usd" and metric.type is MetricType.COUNTER


def _spent(source: SourceSpec, scope: SignalScope) -> Kind | None:
    """Read the cost from a counter of USD, which needs no prices."""
    if source.per is None:
        return Count()
    if source.per.value in scope.streams or not parse_duration(source.per.value):
        return _per_event("ratio", source, scope)
    scope.findings.error(
        "signal/token-metric",
        f'"{source.of.value}" counts USD itself: no tokens are priced at a pace',
        source.per.span,
        f"leave per out and write window: {source.per.value}, for the USD of that time",
    )
    return None


def _cost(source: SourceSpec, scope: SignalScope) -> Kind | None:
    if source.per is None:
        return Cost(None)
    if source.per.value not in scope.streams and parse_duration(source.per.value):
        return Cost(seconds(source.per, DEFAULT_WINDOW, scope.findings))
    per = look_up(source.per, scope.streams, "metric", scope.findings)
    return Cost(per) if per else None


def _quantile(source: SourceSpec, metric: Stream, scope: SignalScope) -> Kind | None:
    if metric.is_histogram and source.q is not None:
        return Quantile(source.q)
    scope.findings.error(
        "signal/needs-histogram",
        f'"{metric.metric or metric.name}" is a {metric.type}: a quantile needs a histogram',
        source.of.span,
        "choose a histogram, or count the events instead",
    )
    return None


def _distribution(source: SourceSpec, metric: Stream, scope: SignalScope) -> Kind | None:
    if source.label and source.label.value in metric.labels:
        name = source.label.value
        declared = scope.labels[name].limits if name in scope.labels else ()
        return Distribution(name, tuple(limit.value for limit in source.limits) or declared)
    if source.label:
        _not_a_label(metric, source.label.value, source.label.span, scope)
    return None


def _unit(kind: Kind, metric: Stream) -> Unit:
    match kind:
        case Share() | Distribution():
            return Unit.RATIO
        case Cost():
            return Unit.USD
        case Quantile() | Level():
            return _UNITS[metric.unit]
        case Count() | Ratio():
            return Unit.USD if _is_usd(metric) else Unit.COUNT
        case Tokens():
            return Unit.COUNT
        case _:
            assert_never(kind)


def _levels(spec: SignalSpec, metric: Stream, kind: Kind, scope: SignalScope) -> tuple[tuple[str, ...], ...]:
    """List the breakdowns: the service, then each of ``by``; a distribution keeps its label in all of them."""
    always = (kind.label,) if isinstance(kind, Distribution) else ()
    levels = [always]
    for label in spec.by:
        if label.value not in metric.labels:
            if not scope.partial:
                _not_a_label(metric, label.value, label.span, scope)
        elif label.value not in always:
            levels.append(tuple(sorted((*always, label.value))))
    return tuple(levels)


def _trend(spec: SignalSpec, unit: Unit, scope: SignalScope) -> Trend | None:
    if spec.trend is None:
        return None
    relative = unit is not Unit.RATIO
    if spec.trend.over.value == names.RELEASE:
        return Trend(None, relative)
    return Trend(window(spec.trend.over, DEFAULT_WINDOW, scope.site, scope.findings), relative)


def _label_of(metric: Stream, name: str, scope: SignalScope) -> Label | None:
    return scope.labels.get(name) if name in metric.labels else None


def _not_a_label(metric: Stream, name: str, span: Span, scope: SignalScope) -> None:
    if name in metric.labels:
        return  # undeclared, and reported where the metric names it
    scope.findings.error(
        "reference/unknown-label",
        f'metric "{metric.metric or metric.name}" has no label "{name}"',
        span,
        did_you_mean(name, metric.labels, f"labels of {metric.metric or metric.name}"),
    )
