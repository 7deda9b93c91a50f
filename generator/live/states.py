"""The life of an alert: pending, firing, resolved, exactly as Prometheus's rule manager decides it.

Pure: times are Unix seconds, in the order of evaluation. A failed evaluation is not among them: it leaves every alert
    as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Timing(Struct, frozen=True):
    """``for`` and ``keep_firing_for`` of an alerting rule, in seconds."""

    hold: float
    keep: float


class State(Struct, frozen=True):
    """An active alert: the times since which it is active, fires, and has no result any more."""

    active_at: float
    fired_at: float | None = None
    missing_at: float | None = None


def advance(state: State | None, time: float, *, present: bool, timing: Timing) -> State | None:
    """Evaluate once more: ``present`` is whether the expression yields the alert. None is an inactive alert."""
    if present:
        return _fired(replace(state, missing_at=None) if state else State(time), time, timing)
    if state is None or state.fired_at is None:
        return None
    missing_at = time if state.missing_at is None else state.missing_at
    return replace(state, missing_at=missing_at) if time - missing_at < timing.keep else None


def _fired(state: State, time: float, timing: Timing) -> State:
    if state.fired_at is None and time - state.active_at >= timing.hold:
        return replace(state, fired_at=time)
    return state


class Activity(Struct, frozen=True):
    """One period in which an alert was active.

    Attributes:
        active_at: The first evaluation that yielded it.
        fired_at: The evaluation at which it began to fire; None when it stayed pending.
        ended_at: The first evaluation at which it was inactive again; None when it still was active at the last.
        values: The results of the expression, by time; without the times that ``keep_firing_for`` bridged.
    """

    active_at: float
    fired_at: float | None
    ended_at: float | None
    values: Mapping[float, float] = field(default_factory=dict)


def activities(
    values: Mapping[float, float], evaluations: Iterable[float], timing: Timing
) -> tuple[Activity, ...]:
    """Follow one alert through ``evaluations``; ``values`` are the results of its expression, by time."""
    found: list[Activity] = []
    state: State | None = None
    seen: dict[float, float] = {}
    for time in evaluations:
        present = time in values
        after = advance(state, time, present=present, timing=timing)
        if state and not after:
            found.append(Activity(state.active_at, state.fired_at, time, seen))
            seen = {}
        if present:
            seen[time] = values[time]
        state = after
    if state:
        found.append(Activity(state.active_at, state.fired_at, None, seen))
    return tuple(found)
