"""Staleness markers, which no query shows, restored where they must have been.

A selector without a range sees a series for five minutes after its last sample, unless a marker ended it. Where a
series has such a sample and the server does not show it at a step, there was a marker.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.promql.reach import LOOKBACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    LabelSet = frozenset[tuple[str, str]]


def markers(
    samples: Mapping[LabelSet, Sequence[int]], shown: Mapping[LabelSet, set[float]], steps: Iterable[int]
) -> tuple[TimeSeries, ...]:
    """Return the markers of each series of ``samples`` (Unix milliseconds, in order, by labels with the name).

    ``shown`` are the steps (Unix seconds) at which the server shows the series to a selector without a range.
    """
    instants = tuple(steps)
    found = []
    for labels, times in samples.items():
        due = [step * 1000 for step in instants if _ended(times, step, shown.get(labels, set()))]
        if due:
            found.append(TimeSeries(dict(labels), due, [STALE_NAN] * len(due)))
    return tuple(found)


def _ended(times: Sequence[int], step: int, shown: set[float]) -> bool:
    if step in shown:
        return False
    before = bisect_right(times, step * 1000)
    return before > 0 and times[before - 1] > (step - LOOKBACK) * 1000
