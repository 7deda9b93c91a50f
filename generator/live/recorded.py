"""From a rule's result to what Prometheus would record: the rule's name and labels, and staleness markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import printable
from generator.live.errors import LiveError
from generator.live.remote_write import STALE_NAN, TimeSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.answers import RangeResult, RangeSeries
    from generator.prometheus.rules import RecordingRule

LabelSet = frozenset[tuple[str, str]]


class Recorded(Struct, frozen=True):
    """Series to write, and which ones there are at the last step."""

    series: tuple[TimeSeries, ...]
    present: frozenset[LabelSet]


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
    for one in result.series:
        _add(samples, frozenset(_labels(one.labels, rule).items()), one)
    return Recorded(
        tuple(
            _timeline(labels, found, steps, present=labels in present) for labels, found in samples.items()
        ),
        frozenset(labels for labels, found in samples.items() if steps[-1] in found),
    )


def _labels(labels: Mapping[str, str], rule: RecordingRule) -> dict[str, str]:
    """A rule's label overrides the result's; an empty one drops it."""
    merged = {**labels, "__name__": rule.record, **rule.labels}
    return {name: value for name, value in merged.items() if value}


def _add(samples: dict[LabelSet, dict[int, float]], labels: LabelSet, one: RangeSeries) -> None:
    found = samples.setdefault(labels, {})
    new = dict(zip(map(round, one.timestamps), one.values, strict=True))
    if not found.keys().isdisjoint(new):
        message = f"two series become one by the rule's labels: {_text(labels)}"
        raise LiveError(message)
    found.update(new)


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
