"""Floors: the fewest events, or bad events, on which an alert fires; each must have an effect, and be in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS
from generator.model.signals import Cost, Count, Distribution, Level, Quantile, Share, Signal, divisor
from generator.model.units import HOUR, duration, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from generator.alerts.draft import AlertScope, Draft, SignalDraft
    from generator.spec.types import Located

#: Histograms with one observation a run.
_OBSERVED_OF_RUNS = frozenset({"run_latency", "run_steps"})


class _Floor(Struct, frozen=True):
    """A floor of an alert: its key and its number."""

    key: str
    written: Located[int]


def _written(draft: Draft) -> Iterator[_Floor]:
    """List the floors that an author wrote."""
    for key, written in ((MIN_EVENTS, draft.spec.min_events), (MIN_BAD_EVENTS, draft.spec.min_bad_events)):
        if written:
            yield _Floor(key, written)


def check_floors(draft: Draft, kind: str, read: Collection[str]) -> None:
    """Refuse a floor that is not among those that a kind of alert reads: it would be ignored."""
    only = next(iter(read), "")
    for floor in _written(draft):
        if floor.written.value and floor.key not in read:
            draft.findings.error(
                "alert/no-events",
                f"{draft.name} would ignore {floor.key}: alerts of the kind {kind} "
                + (f"have only the floor {only}" if only else "have no floor of events"),
                floor.written.span,
                f"write {only} if that is meant, else leave {floor.key} out"
                if only
                else f"leave {floor.key} out",
            )


def check_events(draft: SignalDraft, *, counts_bad: bool) -> None:
    """Refuse a floor of events that an alert on a signal does not count.

    A count, a gauge or a sum of money has none behind it. ``counts_bad`` says whether the alert counts bad events.
    """
    signal = draft.signal
    is_money = isinstance(signal.kind, Cost) and divisor(signal) is None
    counts = not is_money and not isinstance(signal.kind, Count | Level)
    for floor in _written(draft):
        if floor.written.value and not (counts_bad if floor.key == MIN_BAD_EVENTS else counts):
            draft.findings.error(
                "alert/no-events",
                f"{draft.name} would ignore {floor.key}: "
                + (
                    f'it counts no bad events of "{signal.name}"'
                    if counts
                    else f'"{signal.name}" is neither a share of events nor an amount per event'
                ),
                floor.written.span,
                f"leave {floor.key} out",
            )


def check_traffic(draft: SignalDraft, read: Collection[str], window: int) -> None:
    """Report floors of runs above the promised traffic of a window: an author's own are errors, defaults are notes.

    The number of calls or tokens in a run is not promised.
    """
    signal = draft.signal
    if not _counts_runs(signal, draft.scope):
        return
    has_bad = isinstance(signal.kind, Share | Distribution | Quantile)
    for floor in _written(draft):
        if floor.key in read and (has_bad or floor.key == MIN_EVENTS):
            _check_reached(draft, floor, window)


def check_runs(draft: Draft, window: int, aside: str) -> None:
    """Report such a floor of an alert that counts runs beside its own stream.

    ``aside`` ends the message with the part of the alert that the floor does not limit.
    """
    if fewest := draft.spec.min_events:
        _check_reached(draft, _Floor(MIN_EVENTS, fewest), window, aside)


def _counts_runs(signal: Signal, scope: AlertScope) -> bool:
    """Whether a signal counts runs, or observes a value of each run."""
    if isinstance(signal.kind, Quantile):
        return signal.of.name in _OBSERVED_OF_RUNS
    return divisor(signal) == scope.runs or (
        isinstance(signal.kind, Distribution | Count) and signal.of == scope.runs
    )


def _check_reached(draft: Draft, floor: _Floor, window: int, aside: str = "") -> None:
    """Compare a floor with the runs that are promised in ``window`` seconds."""
    scope = draft.scope
    come = (scope.runs_per_hour or 0) * window / HOUR
    if scope.runs_per_hour is None or floor.written.value <= come:
        return
    needs = f"{draft.name} of {scope.service} needs {floor.written.value} runs"
    promised = f"the promised {plain(scope.runs_per_hour)} an hour make only {plain(round(come, 1))}"
    message = f"{needs}, but {promised} in {duration(window)}"
    code, help_ = "alert/too-little-traffic", "or promise more traffic"
    if floor.written.span.file == scope.file:
        message = f"{message}: it would never fire{aside}"
        scope.findings.error(code, message, floor.written.span, f"lower {floor.key}, {help_}")
    else:
        message = f"{message}: it is silent{aside} until there are more"
        scope.findings.info(
            code, message, draft.entry.key.span, f"lower {floor.key} under alerts: {draft.name}, {help_}"
        )
