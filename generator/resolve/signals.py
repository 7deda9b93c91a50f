"""Signals: their stream, computation, unit and breakdowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model import names
from generator.model.signals import Better, Kind, Level, Signal, Take, Trend
from generator.model.units import Unit, parse_duration
from generator.notation.names import look_up
from generator.notation.times import DEFAULT_WINDOW, window
from generator.resolve.signal_checks import check_signal
from generator.signals import level
from generator.signals.draft import Draft, SignalScope, refuse_label
from generator.signals.registry import BY_KEY, module_of

if TYPE_CHECKING:
    from generator.model.streams import Stream
    from generator.spec.types import (
        Entry,
        ProfileSpec,
        ServiceSpec,
        SignalSpec,
        SignalsSpec,
        SourceSpec,
    )


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
    for source in filter(None, (getattr(spec, key) for key in BY_KEY)):
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
    kinds = [(key, source) for key in BY_KEY if (source := getattr(spec, key)) is not None]
    if len(kinds) != 1:
        scope.findings.error(
            "signal/kind",
            f'signal "{entry.key.value}" has {"several kinds" if kinds else "no kind"}',
            entry.key.span,
            f"give exactly one of {', '.join(BY_KEY)}",
        )
        return None
    key, source = kinds[0]
    metric = look_up(source.of, scope.streams, "metric", scope.findings)
    if metric is None or not _countable(key, source, metric, scope):
        return None
    kind = BY_KEY[key].resolve(Draft(source, metric, Better(spec.better or Better.LOWER), scope))
    if kind is None:
        return None
    return _assembled(entry, metric, kind, scope, own=own)


def _assembled(
    entry: Entry[SignalSpec], metric: Stream, kind: Kind, scope: SignalScope, *, own: bool
) -> Signal:
    spec = entry.value
    unit = module_of(kind).unit(kind, metric)
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


def _countable(key: str, source: SourceSpec, metric: Stream, scope: SignalScope) -> bool:
    """Refuse to count the values of a gauge, and to read the events of a counter as a value."""
    others = (scope.streams.get(one.value) for one in (source.per, source.exists_with) if one)
    gauge = next((one for one in (metric, *others) if one and one.is_gauge), None)
    if key == level.KEY:
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
            f'"{gauge.metric or gauge.name}" is a gauge: it has a value, and no events for a {key}',
            "read it as it is: level: {of: " + (gauge.metric or gauge.name) + "}",
        )
    scope.findings.error("signal/gauge", message, source.of.span, help_)
    return False


def _levels(spec: SignalSpec, metric: Stream, kind: Kind, scope: SignalScope) -> tuple[tuple[str, ...], ...]:
    """List the breakdowns: the service, then each of ``by``; a distribution keeps its label in all of them."""
    always = module_of(kind).levels_by(kind)
    levels: list[tuple[str, ...]] = [always]
    for label in spec.by:
        if label.value not in metric.labels:
            if not scope.partial:
                refuse_label(metric, label.value, label.span, scope.findings)
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
