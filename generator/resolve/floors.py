"""Floors: the fewest events, or bad events, on which an alert fires; each must have an effect, and be in reach."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.alerts import (
    FEWEST_PROMISED,
    NEWEST_WINDOW,
    AlertKind,
    BurnRate,
    Change,
    Idle,
    Overflow,
    Regression,
    Threshold,
    Tier,
)
from generator.model.signals import Cost, Count, Distribution, Level, Quantile, Share, Signal, divisor
from generator.model.units import HOUR, duration, plain
from generator.resolve.signal_checks import RUN_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.diagnostics import Findings
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertSpec, Entry, Located

_COMPARED = frozenset({"threshold", "change", "regression"})
#: The kinds of alerts that read each floor.
_READ_BY = {
    "min_events": _COMPARED | {"absence", "fall"},
    "min_bad_events": _COMPARED | {"burn_rate", "overflow", "undeclared"},
}

#: Histograms with one observation a run.
_OBSERVED_OF_RUNS = frozenset({"run_latency", "run_steps"})


class _Floor(Struct, frozen=True):
    """The fewest runs within ``window`` seconds that an alert waits for, and the key of that number."""

    entry: Entry[AlertSpec]
    key: str
    written: Located[int]
    window: int


def check_floors(entry: Entry[AlertSpec], kind: str, findings: Findings) -> None:
    """Refuse a floor that a kind of alert does not read: it would be ignored."""
    read = [name for name, kinds in _READ_BY.items() if kind in kinds]
    floors = {"min_events": entry.value.min_events, "min_bad_events": entry.value.min_bad_events}
    for name, floor in floors.items():
        if floor and floor.value and name not in read:
            findings.error(
                "alert/no-events",
                f"{entry.key.value} would ignore {name}: alerts of the kind {kind} "
                + (f"have only the floor {read[0]}" if read else "have no floor of events"),
                floor.span,
                f"write {read[0]} if that is meant, else leave {name} out" if read else f"leave {name} out",
            )


def check_floor_of(
    entry: Entry[AlertSpec], kind: AlertKind | None, signal: Signal, findings: Findings
) -> None:
    """Refuse a floor where there are no events: a count, a gauge or a sum of money has none behind it."""
    floors = {"min_events": entry.value.min_events}
    if isinstance(signal.kind, Level):
        floors["min_bad_events"] = entry.value.min_bad_events
    on_none = isinstance(signal.kind, Count | Level) or (
        isinstance(signal.kind, Cost) and divisor(signal) is None
    )
    for name, fewest in floors.items():
        if fewest and fewest.value and on_none and isinstance(kind, Threshold | Change):
            findings.error(
                "alert/no-events",
                f'"{signal.name}" is no share of events, nor for each of them: it cannot have too few',
                fewest.span,
                f"leave {name} out",
            )


def check_traffic(
    entry: Entry[AlertSpec], kind: AlertKind, signal: Signal, tiers: Iterable[Tier], scope: AlertScope
) -> None:
    """Report floors of runs above the promised traffic: the author's own as errors, defaults as notes."""
    window = looks_back(kind, signal, tiers)
    for key, floor in _floors_of_runs(entry.value, kind, signal, scope):
        _check_floor(_Floor(entry, key, floor, window), "", scope)


def check_absence(entry: Entry[AlertSpec], scope: AlertScope) -> None:
    """Report such a floor for the absence of metrics, except for the run counter's, which has none."""
    runs = scope.signals[RUN_COUNT]
    if fewest := entry.value.min_events:
        _check_floor(_Floor(entry, "min_events", fewest, runs.window), f" but for {scope.runs.metric}", scope)


def check_promise(entry: Entry[AlertSpec], kind: Idle, scope: AlertScope) -> None:
    """Refuse a promise of so few runs that their absence could always be chance."""
    longest = kind.windows[-1]
    promised = scope.runs_per_hour
    if promised is None or scope.promise is None or promised * longest >= FEWEST_PROMISED * HOUR:
        return
    least = ceil(1000 * FEWEST_PROMISED * HOUR / longest) / 1000
    come = f"{plain(round(promised * longest / HOUR, 1))} in {duration(longest)}"
    scope.findings.error(
        "alert/promise-too-small",
        f"{plain(promised)} runs an hour are {come}: "
        f"too few for {entry.key.value} to see more than chance in their absence",
        scope.promise,
        f"promise at least {plain(least)} an hour, leave traffic out, or do without the alert: "
        f'alerts: {{{entry.key.value}: {{disabled: "runs come too rarely"}}}}',
    )


def looks_back(kind: AlertKind, signal: Signal, tiers: Iterable[Tier]) -> int:
    """Compute the time over which events are counted, in seconds; the longest of several."""
    if isinstance(kind, BurnRate):
        return max(burn.long for tier in tiers for burn in tier.burns)
    if isinstance(kind, Threshold) and kind.also_over:
        return kind.also_over
    if isinstance(kind, Idle):
        return kind.windows[-1]
    return NEWEST_WINDOW if isinstance(kind, Regression) else signal.window


def _floors_of_runs(
    spec: AlertSpec, kind: AlertKind, signal: Signal, scope: AlertScope
) -> Iterator[tuple[str, Located[int]]]:
    """List the floors that count runs; the number of calls or tokens in a run is not promised."""
    if not _of_runs(signal, scope):
        return
    if spec.min_events and not isinstance(kind, BurnRate | Overflow):
        yield "min_events", spec.min_events
    if spec.min_bad_events and isinstance(signal.kind, Share | Distribution | Quantile):
        yield "min_bad_events", spec.min_bad_events


def _of_runs(signal: Signal, scope: AlertScope) -> bool:
    """Whether the events behind a signal are runs, counted or observed."""
    if isinstance(signal.kind, Quantile):
        return signal.of.name in _OBSERVED_OF_RUNS
    return divisor(signal) == scope.runs or (
        isinstance(signal.kind, Distribution | Count) and signal.of == scope.runs
    )


def _check_floor(floor: _Floor, aside: str, scope: AlertScope) -> None:
    """Compare a floor with the promise; ``aside`` names the metric whose absence has no floor."""
    yielded = (scope.runs_per_hour or 0) * floor.window / HOUR
    if scope.runs_per_hour is None or floor.written.value <= yielded:
        return
    alert, promised = floor.entry.key, plain(scope.runs_per_hour)
    waits = f"{alert.value} of {scope.service} waits for {floor.written.value} runs"
    come = f"{plain(round(yielded, 1))} in {duration(floor.window)}"
    message = f"{waits}, and {promised} an hour, as promised, are {come}"
    code, help_ = "alert/too-little-traffic", "or promise more traffic"
    if floor.written.span.file == scope.file:
        message = f"{message}: it would never fire{aside}"
        scope.findings.error(code, message, floor.written.span, f"lower {floor.key}, {help_}")
    else:
        message = f"{message}: it is silent{aside} until there are more"
        scope.findings.info(
            code, message, alert.span, f"lower {floor.key} under alerts: {alert.value}, {help_}"
        )
