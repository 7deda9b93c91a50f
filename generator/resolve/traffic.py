"""Floors of events against the promised traffic: what a window of it does not hold, no alert can wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.alerts import NEWEST_WINDOW, BurnRate, Regression
from generator.model.signals import Distribution, Share, divisor
from generator.model.units import HOUR, duration, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.alerts import AlertKind, Tier
    from generator.model.signals import Signal
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.written import AlertSpec, Entry, Located


def check_traffic(
    entry: Entry[AlertSpec], kind: AlertKind, signal: Signal, tiers: Iterable[Tier], scope: AlertScope
) -> None:
    """Report floors of runs above what the promised traffic yields: the author's own are errors, defaults notes."""
    if scope.runs_per_hour is None:
        return
    window = _window(kind, signal, tiers)
    runs = scope.runs_per_hour * window / HOUR
    for key, floor in _floors_of_runs(entry.value, kind, signal, scope):
        if floor.value > runs:
            _report(entry, key, floor, f"{plain(round(runs, 1))} in {duration(window)}", scope)


def _window(kind: AlertKind, signal: Signal, tiers: Iterable[Tier]) -> int:
    """How far back events are counted, in seconds; of burn rates the longest window."""
    if isinstance(kind, BurnRate):
        return max(burn.long for tier in tiers for burn in tier.burns)
    return NEWEST_WINDOW if isinstance(kind, Regression) else signal.window


def _floors_of_runs(
    spec: AlertSpec, kind: AlertKind, signal: Signal, scope: AlertScope
) -> Iterator[tuple[str, Located[int]]]:
    """List the floors that count runs; how many calls or tokens a run makes is nobody's promise."""
    of_runs = divisor(signal) == scope.runs or (
        isinstance(signal.kind, Distribution) and signal.of == scope.runs
    )
    if not of_runs:
        return
    if spec.min_events and not isinstance(kind, BurnRate):
        yield "min_events", spec.min_events
    if spec.min_bad_events and isinstance(signal.kind, Share | Distribution):
        yield "min_bad_events", spec.min_bad_events


def _report(entry: Entry[AlertSpec], key: str, floor: Located[int], yielded: str, scope: AlertScope) -> None:
    alert, promised = entry.key.value, plain(scope.runs_per_hour or 0)
    code = "alert/too-little-traffic"
    waits = f"{alert} of {scope.service} waits for {floor.value} runs"
    message = f"{waits}, and {promised} an hour, as promised, are {yielded}"
    if floor.span.file == scope.file:
        scope.findings.error(
            code, f"{message}: it would never fire", floor.span, f"lower {key}, or promise more traffic"
        )
    else:
        scope.findings.info(code, f"{message}: it is silent until there are more", entry.key.span)
