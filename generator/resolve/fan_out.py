"""Entries of the spec that become many alerts: one for each metric, or for each label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.alerts import (
    Absence,
    AlertKind,
    AlertSeverity,
    Outside,
    RuleHealth,
    SeriesCount,
    Undeclared,
    Watch,
)
from generator.model.outside import STREAM, outside_label
from generator.resolve.signal_checks import RUN_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.streams import Stream
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertKindSpec

#: The kinds that become many alerts.
FAN_OUTS = ("absence", "undeclared", "series_budget", "rule_health")


class FannedOut(Struct, frozen=True):
    """One alert of many: its kind, its signal, the label for each value of which it fires, its default severity."""

    kind: AlertKind
    signal: str
    by: str | None
    severity: AlertSeverity


def fan_out(name: str, body: AlertKindSpec, scope: AlertScope) -> Iterator[FannedOut]:
    """Find every subject of ``absence``, ``undeclared``, ``series_budget`` or ``rule_health``."""
    if name == "rule_health":
        if body.watch and (signals := scope.fed_by(scope.runs)):
            yield FannedOut(RuleHealth(Watch(body.watch.value)), signals[0], None, AlertSeverity.WARNING)
    elif name == "absence":
        yield from _absences(scope)
    elif name == "undeclared":
        yield from _undeclared(scope)
    elif signals := scope.fed_by(scope.runs):
        allowed = SeriesCount(scope.site.budget.service)
        yield FannedOut(allowed, signals[0], None, AlertSeverity.WARNING)


def _absences(scope: AlertScope) -> Iterator[FannedOut]:
    """Yield every stream that always has series; error counters have none while all is well."""
    for stream in scope.streams.values():
        fed = scope.fed_by(stream)
        if not stream.sparse and fed:
            severity = AlertSeverity.CRITICAL if stream.name == scope.runs.name else AlertSeverity.WARNING
            yield FannedOut(Absence(stream, RUN_COUNT), fed[0], None, severity)


def _undeclared(scope: AlertScope) -> Iterator[FannedOut]:
    """Yield every label once, at the cheapest stream that has series without an error.

    Generated instrumentation exposes no undeclared values, and counts them instead.
    """
    for label in scope.labels.values():
        stream = _first_with(label.name, scope)
        if stream is not None:
            by = label.name if label.values else None
            yield FannedOut(Undeclared(stream, label), scope.fed_by(stream)[0], by, AlertSeverity.WARNING)
    if not scope.emitted_here:
        return
    label = outside_label(scope.streams.values())
    if label.values and (signals := scope.fed_by(scope.runs)):
        yield FannedOut(Outside(STREAM, label), signals[0], label.name, AlertSeverity.WARNING)


def _first_with(label: str, scope: AlertScope) -> Stream | None:
    streams = (stream for stream in scope.streams.values() if label in stream.labels and scope.fed_by(stream))
    return min(streams, key=lambda stream: (stream.sparse, stream.is_histogram), default=None)
