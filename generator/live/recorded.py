"""From a rule's result to Prometheus's records: the rule's name and labels, and staleness markers.

For an alerting rule Prometheus records ALERTS, by the state of each alert, and ALERTS_FOR_STATE, the time of its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import printable
from generator.live.errors import LiveError
from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.live.states import State, Timing, advance
from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.answers import RangeResult, RangeSeries
    from generator.model.rules import AlertingRule, RecordingRule

LabelSet = frozenset[tuple[str, str]]


class Recorded(Struct, frozen=True):
    """Series to write, and the series that exist at the last step."""

    series: tuple[TimeSeries, ...]
    present: frozenset[LabelSet]


class Alerted(Struct, frozen=True):
    """Series to write, and the alerts that are active at the last step."""

    series: tuple[TimeSeries, ...]
    states: Mapping[LabelSet, State]


def recorded(
    result: RangeResult, rule: RecordingRule, steps: range, present: frozenset[LabelSet]
) -> Recorded:
    """Record ``result``, which ``rule`` yields at ``steps`` (Unix seconds, at least one).

    A series gets a staleness marker at the first step at which it is missing; ``present`` are those of the
    step before the first.

    Raises:
        LiveError: two series become one by the rule's labels, which Prometheus refuses.
    """
    samples: dict[LabelSet, dict[int, float]] = {labels: {} for labels in present}
    _collect(samples, result, {"__name__": rule.record, **rule.labels})
    return Recorded(
        tuple(
            _timeline(labels, values, steps, present=labels in present) for labels, values in samples.items()
        ),
        frozenset(labels for labels, values in samples.items() if steps[-1] in values),
    )


def alerted(
    result: RangeResult, rule: AlertingRule, steps: range, states: Mapping[LabelSet, State]
) -> Alerted:
    """Record the alerts that ``rule`` makes of ``result`` at ``steps``; ``states`` are those of the step before.

    Raises:
        LiveError: two series become one by the rule's labels, which Prometheus refuses.
    """
    samples: dict[LabelSet, dict[int, float]] = {labels: {} for labels in states}
    _collect(samples, result, {"__name__": "", **rule.labels, "alertname": rule.alert})
    series: list[TimeSeries] = []
    after: dict[LabelSet, State] = {}
    for labels, true_at in samples.items():
        lives = _lives(true_at, steps, states.get(labels), Timing(rule.for_, rule.keep_firing_for))
        series += _alert(labels, lives, steps, states.get(labels))
        if last := lives.get(steps[-1]):
            after[labels] = last
    return Alerted(tuple(series), after)


def _lives(
    true_at: Mapping[int, float], steps: range, state: State | None, timing: Timing
) -> dict[int, State]:
    """Follow an alert through ``steps``: its state at each step at which it is active."""
    lives = {}
    for step in steps:
        state = advance(state, step, present=step in true_at, timing=timing)
        if state:
            lives[step] = state
    return lives


def _alert(
    labels: LabelSet, lives: Mapping[int, State], steps: range, before: State | None
) -> Iterable[TimeSeries]:
    """Write an alert as Prometheus does: a series for each of its states, and one for the start of its activity."""
    for name, is_it in (("pending", _pending), ("firing", _firing)):
        mine = {step: 1.0 for step, state in lives.items() if is_it(state)}
        present = before is not None and is_it(before)
        if mine or present:
            named = labels | {("__name__", names.ALERTS), ("alertstate", name)}
            yield _timeline(named, mine, steps, present=present)
    since = {step: float(state.active_at) for step, state in lives.items()}
    yield _timeline(labels | {("__name__", names.ALERTS_FOR_STATE)}, since, steps, present=before is not None)


def _pending(state: State) -> bool:
    return state.fired_at is None


def _firing(state: State) -> bool:
    return state.fired_at is not None


def _collect(samples: dict[LabelSet, dict[int, float]], result: RangeResult, own: Mapping[str, str]) -> None:
    """Gather a result's samples under the labels that a rule gives them; an empty label is dropped."""
    for one in result.series:
        merged = {**one.labels, **own}
        _add(samples, frozenset((name, value) for name, value in merged.items() if value), one)


def _add(samples: dict[LabelSet, dict[int, float]], labels: LabelSet, one: RangeSeries) -> None:
    of_labels = samples.setdefault(labels, {})
    new = dict(zip(map(round, one.timestamps), one.values, strict=True))
    if not of_labels.keys().isdisjoint(new):
        message = f"two series become one by the rule's labels: {_text(labels)}"
        raise LiveError(message)
    of_labels.update(new)


def _timeline(
    labels: LabelSet, found: Mapping[int, float], steps: Iterable[int], *, present: bool
) -> TimeSeries:
    timestamps, values = [], []
    for step in steps:
        value = found.get(step)
        if value is not None or present:
            timestamps.append(step * 1000)
            values.append(STALE_NAN if value is None else value)
        present = value is not None
    return TimeSeries(dict(labels), timestamps, values)


def _text(labels: LabelSet) -> str:
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(labels))
    return printable(f"{{{inside}}}")
