"""The real counts of raw counters, minute by minute, and the allowed error of a recorded rate.

The truth is the sum of the increases between consecutive samples, a reset counting as the value after it. A recorded
minute reads 75 s: one interval of 60 s and one scrape, so that each pair of samples lies in exactly one minute. Where
an instance is scraped during the whole minute the recorded count is exact, with one exception: Prometheus extrapolates
a young counter no further back than to where it would have been 0. Where samples are missing (birth, death, failed
scrapes) it extrapolates the existing ones, by at most 1.1 intervals on each side, and may lose the pair that bridges
the gap. These are the only tolerances in the comparison. A count during a gap in scrapes longer than the window is
invisible to any rate, and is no part of the truth.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate, pairwise
from math import ceil, isnan
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.remote_write import TimeSeries

MINUTE = 60
_WINDOW = 75
_FULL = 5


class Bounded(Struct, frozen=True):
    """A number: its true value, and the limits of a recorded one."""

    low: float
    true: float
    high: float

    def __add__(self, other: Bounded) -> Bounded:
        return Bounded(self.low + other.low, self.true + other.true, self.high + other.high)

    def __sub__(self, other: Bounded) -> Bounded:
        """Subtract a part of the whole: the rest is never below 0."""
        return Bounded(max(0, self.low - other.high), self.true - other.true, max(0, self.high - other.low))

    def __truediv__(self, other: Bounded) -> Bounded:
        """Divide by a number whose true value is above 0."""
        high = self.high / other.low if other.low > 0 else float("inf")
        return Bounded(self.low / other.high, self.true / other.true, high)

    def times(self, factor: float) -> Bounded:
        """Scale it."""
        return Bounded(self.low * factor, self.true * factor, self.high * factor)


ZERO = Bounded(0, 0, 0)


class Counted(Struct, frozen=True):
    """A raw series: by the end of each minute (Unix seconds) in which a rate exists, its count."""

    labels: Mapping[str, str]
    minutes: Mapping[int, Bounded]


def counted(series: Iterable[TimeSeries]) -> tuple[Counted, ...]:
    """Count the events of raw series."""
    return tuple(Counted(one.labels, dict(_minutes(one))) for one in series)


def _minutes(one: TimeSeries) -> Iterable[tuple[int, Bounded]]:
    seen = [(time, value) for time, value in zip(one.timestamps, one.values, strict=True) if not isnan(value)]
    times, values = [time for time, _ in seen], [value for _, value in seen]
    increases = [0.0, *(after - before if after >= before else after for before, after in pairwise(values))]
    so_far = list(accumulate(increases, initial=0.0))
    truth: defaultdict[int, float] = defaultdict(float)
    for before, time, increase in zip(times, times[1:], increases[1:], strict=False):
        if time - before <= _WINDOW * 1000:
            truth[_minute(time)] += increase
    for end in range(_minute(times[0]), _minute(times[-1]) + 2 * MINUTE, MINUTE):
        first, after = bisect_left(times, (end - _WINDOW) * 1000), bisect_right(times, end * 1000)
        if after - first >= 2:
            within = so_far[after] - so_far[first + 1]
            low, high = _recorded(within, times[first:after], values[first], end)
            yield end, Bounded(low, truth[end], high)


def _minute(milliseconds: int) -> int:
    return ceil(milliseconds / 1000 / MINUTE) * MINUTE


def _recorded(within: float, times: list[int], first: float, end: int) -> tuple[float, float]:
    """Bound the result of a rate from the increase between the samples of a window."""
    if len(times) < _FULL:
        counted_of_window = within * MINUTE / _WINDOW
        return counted_of_window, counted_of_window * (1 + 2.2 / (len(times) - 1))
    before = (times[0] - (end - _WINDOW) * 1000) / 1000
    to_zero = before if within == 0 else first * MINUTE / within
    return within * (1 - max(0, before - to_zero) / _WINDOW), within
