"""Bounds of single values of a segment: alerts on an objective, each with the value's own bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics.suggest import did_you_mean, listed
from generator.model.labels import OTHER
from generator.resolve.alerts import alerts_of
from generator.resolve.objectives import objective_of
from generator.resolve.quantities import stands_on_objective
from generator.resolve.segments import SIGNALS
from generator.resolve.severity import capped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.model.alerts import Alert, AlertSeverity
    from generator.model.signals import Signal
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertSpec, Entry, ObjectiveSpec, ServiceSpec, Text

CODE = "objective/by"


def segment_alerts(
    service: ServiceSpec,
    merged: Mapping[str, Entry[AlertSpec]],
    scope: AlertScope,
    most: AlertSeverity | None,
) -> Iterator[Alert]:
    """Repeat the alerts on an objective for each value with its own bound."""
    for entry in service.objectives:
        signal = scope.signals.get(entry.key.value)
        for segment in entry.value.by if signal else ():
            if signal and _is_segment(segment.key, signal, service, scope):
                for value in segment.value:
                    if _is_listed(value.key, segment.key.value, scope):
                        found = _of_value(entry, signal, (segment.key.value, value), service, merged, scope)
                        yield from (capped(alert, most) for alert in found)


def _is_segment(label: Text, signal: Signal, service: ServiceSpec, scope: AlertScope) -> bool:
    known = [entry.key.value for entry in service.segments]
    broken_down = signal.shared and any(signal.name in found for found in SIGNALS.values())
    if label.value in known and broken_down and label.value in signal.of.labels:
        return True
    lacks = label.value in known
    why = f"{signal.name} is not recorded by it" if lacks else "it is no segment of the service"
    scope.findings.error(
        CODE,
        f'{signal.name} has no bounds by "{label.value}": {why}',
        label.span,
        _way_out(label, signal, known, recorded=broken_down),
    )
    return False


def _way_out(label: Text, signal: Signal, known: Sequence[str], *, recorded: bool) -> str:
    if label.value not in known:
        return (
            did_you_mean(label.value, known, "segments") or f"declare it: segments: {{{label.value}: [...]}}"
        )
    if recorded:
        return f"add the stream {signal.of.name} to the segment: of: [run, {signal.of.name}]"
    every = (name for found in SIGNALS.values() for name in found)
    return f"segments tell these apart: {listed(every)}"


def _is_listed(value: Text, label: str, scope: AlertScope) -> bool:
    """Refuse a bound for a value that is not listed, or for ``other``, which stands for many values."""
    values = [one for one in scope.labels[label].values if one != OTHER]
    if value.value in values:
        return True
    scope.findings.error(
        CODE,
        f'"{value.value}" is no listed value of the segment "{label}"',
        value.span,
        did_you_mean(value.value, values, "values")
        if values
        else f"list its values: segments: {{{label}: [{listed([value.value])}, ...]}}",
    )
    return False


def _of_value(  # noqa: PLR0913, PLR0917 - a bound, and what it stands in
    entry: Entry[ObjectiveSpec],
    signal: Signal,
    where: tuple[str, Entry[Text]],
    service: ServiceSpec,
    merged: Mapping[str, Entry[AlertSpec]],
    scope: AlertScope,
) -> Iterator[Alert]:
    label, value = where
    written = {key: value.value for key in ("min", "max") if getattr(entry.value, key)}
    spec = replace(entry.value, **written, by=(), window=None)
    objective = objective_of(replace(entry, value=spec), signal, service, scope.site, scope.findings)
    if objective is None:
        return
    there = replace(scope, objectives={**scope.objectives, signal.name: objective})
    for alert in alerts_of(_on_objective(merged, signal), there):
        yield replace(alert, by=label, only=value.key.value)


def _on_objective(merged: Mapping[str, Entry[AlertSpec]], signal: Signal) -> Iterator[Entry[AlertSpec]]:
    """Find the alerts that compare the whole of a signal with its objective."""
    for entry in merged.values():
        body, spec = entry.value.threshold, entry.value
        bounds = [text.value for text in (spec.warning, spec.critical) if text]
        is_of_signal = body and body.signal and body.signal.value == signal.name and body.by is None
        if is_of_signal and bounds and all(map(stands_on_objective, bounds)):
            yield entry
