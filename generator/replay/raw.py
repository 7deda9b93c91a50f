"""Raw samples from a server that only answers queries: ``metric[1h]`` at an instant returns them unchanged.

No query shows staleness markers. A selector without a range sees a series for five minutes after its last sample, or
until a marker: where a series has such a sample and the server does not show it at a step, there was a marker.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.answers import RangeSeries, whole_number
from generator.live.errors import RefusedError, TimedOutError, TooLargeError
from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.promql.reach import LOOKBACK
from generator.replay.jobs import Job, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.replay.needs import RawSelector

    LabelSet = frozenset[tuple[str, str]]

# The estimated limit of one answer: some megabytes of JSON.
_SAMPLES_A_REQUEST = 200_000
_SHORTEST, _LONGEST = 60, 6 * 3600
# The number of instants in a span at which series are counted.
_LOOKS = 60


class RawCount(Struct, frozen=True):
    """The largest number of a selector's series at once, and a time before which it has none (Unix seconds)."""

    selector: RawSelector
    series: int
    first: int


def count_series(
    api: PrometheusApi, selectors: Sequence[RawSelector], start: int, end: int
) -> tuple[RawCount, ...]:
    """Count the series of each selector, at a few instants of the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    step = max(60, ceil((end - start) / _LOOKS))
    counts = []
    for selector in selectors:
        result = api.one_range(f"count({selector.text})", start, end, step)
        most = max((whole_number(value) for one in result.series for value in one.values), default=0)
        seen = min((time for one in result.series for time in one.timestamps), default=end)
        counts.append(RawCount(selector, most, max(start, int(seen) - step)))
    return tuple(counts)


def samples(
    crew: WorkerPool, one: RawCount, span: tuple[int, int], scrape_interval: int
) -> Iterator[TimeSeries]:
    """Return all samples of ``span``, after its start up to its end, in pieces; a series occurs once in each piece.

    Staleness markers are not among them: no query shows them.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    start, end = span
    width = _SAMPLES_A_REQUEST * scrape_interval // max(1, one.series)
    width = min(max(width, _SHORTEST), _LONGEST)
    jobs = [_job(one.selector, first, min(first + width, end)) for first in range(start, end, width)]
    for _, text in crew.answers(jobs):
        for labels, times, values in json.loads(text):
            yield TimeSeries(labels, times, values)


def _job(selector: RawSelector, start: int, end: int) -> Job:
    work = partial(_fetched, selector=selector, start=start, end=end)
    return Job(f"raw {selector.text} {start} {end}", f"reading {selector.name}", work)


def _fetched(api: PrometheusApi, *, selector: RawSelector, start: int, end: int) -> str:
    pieces = [
        [dict(one.labels), [round(time * 1000) for time in one.timestamps], list(one.values)]
        for one in _read(api, selector, start, end)
    ]
    return json.dumps(pieces)


def _read(api: PrometheusApi, selector: RawSelector, start: int, end: int) -> list[RangeSeries]:
    try:
        result = api.query_samples(f"{selector.text}[{end - start}s]", end)
    except (RefusedError, TimedOutError, TooLargeError) as error:
        if end - start <= _SHORTEST:
            raise error.about(f"{selector.text} cannot be read") from error
        middle = (start + end) // 2
        return [*_read(api, selector, start, middle), *_read(api, selector, middle, end)]
    return [cut for one in result.series if (cut := _after(one, start)).timestamps]


def _after(one: RangeSeries, start: int) -> RangeSeries:
    """Prometheus 2 includes a sample at the start of a range, Prometheus 3 does not: here it is excluded."""
    kept = [(time, value) for time, value in zip(one.timestamps, one.values, strict=True) if time > start]
    times, values = zip(*kept, strict=True) if kept else ((), ())
    return RangeSeries(one.labels, times, values)


def markers(
    samples: Mapping[LabelSet, Sequence[int]], shown: Mapping[LabelSet, set[float]], steps: Iterable[int]
) -> tuple[TimeSeries, ...]:
    """Return the markers of each series of ``samples`` (Unix milliseconds, in order, by labels with the name).

    ``shown`` are the steps (Unix seconds) at which the server shows the series to a selector without a range.
    """
    instants = tuple(steps)
    series = []
    for labels, times in samples.items():
        due = [step * 1000 for step in instants if _ended(times, step, shown.get(labels, set()))]
        if due:
            series.append(TimeSeries(dict(labels), due, [STALE_NAN] * len(due)))
    return tuple(series)


def _ended(times: Sequence[int], step: int, shown: set[float]) -> bool:
    if step in shown:
        return False
    before = bisect_right(times, step * 1000)
    return before > 0 and times[before - 1] > (step - LOOKBACK) * 1000
