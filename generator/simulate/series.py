"""From the metrics of processes to the samples that Prometheus scrapes: times, gaps, staleness markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.simulate.incidents import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.simulate.counters import Counter, Gauge, Histogram
    from generator.simulate.exposition import Process

_MS = 1000


class Scrapes(Struct, frozen=True):
    """The scrapes of one life of an instance.

    Attributes:
        times: Unix milliseconds, ascending.
        gone: The scrape after the last one, unless the history ends before: it finds no process, or another one, which
            may not expose every series yet.
        hidden: By metric name, or EVERYTHING, the numbers of the scrapes that do not see it.
    """

    times: tuple[int, ...]
    gone: int | None
    hidden: Mapping[str, frozenset[int]]

    def unseen(self, metric: str) -> frozenset[int]:
        """Return the numbers of the scrapes that do not see a metric."""
        return self.hidden.get(EVERYTHING, frozenset()) | self.hidden.get(metric, frozenset())


class Grid(Struct, frozen=True):
    """The instants at which a target is scraped, in milliseconds: ``phase`` and every ``interval`` from there."""

    phase: int
    interval: int

    def next(self, time: float) -> int:
        """Return the first instant at or after a Unix time in seconds."""
        steps = -((self.phase - round(time * _MS)) // self.interval)
        return self.phase + steps * self.interval

    def within(self, start: float, end: float) -> tuple[int, ...]:
        """Return the instants from ``start``, before ``end`` (seconds)."""
        return tuple(range(self.next(start), round(end * _MS), self.interval))


def samples(lived: list[tuple[Process, Scrapes]], common: Mapping[str, str]) -> Iterator[TimeSeries]:
    """Join the lives of one instance, in order of time; ``common`` are the labels of the target."""
    joined: dict[tuple[tuple[str, str], ...], tuple[list[int], list[float]]] = {}
    for process, scrapes in lived:
        for counter in (*process.counting.values(), *process.gauges):
            for labels, timestamps, values in _of_life(counter, scrapes):
                so_far = joined.setdefault(tuple(labels.items()), ([], []))
                _extend(so_far, timestamps, values)
    for key, (timestamps, values) in joined.items():
        if timestamps:
            yield TimeSeries({**common, **dict(key)}, timestamps, values)


def _extend(so_far: tuple[list[int], list[float]], timestamps: list[int], values: list[float]) -> None:
    """Append a life; where the next process is seen at once, the series has not ended."""
    if so_far[0] and timestamps and so_far[0][-1] == timestamps[0]:
        so_far[0].pop()
        so_far[1].pop()
    so_far[0].extend(timestamps)
    so_far[1].extend(values)


def _of_life(
    counter: Counter | Gauge | Histogram, scrapes: Scrapes
) -> Iterator[tuple[Mapping[str, str], list[int], list[float]]]:
    unseen = scrapes.unseen(counter.metric.name)
    for found in counter.series(len(scrapes.times)):
        timestamps, values = list(scrapes.times[found.first :]), found.values
        if unseen:
            timestamps, values = _gaps(timestamps, values, found.first, unseen)
        if timestamps and scrapes.gone is not None:
            timestamps.append(scrapes.gone)
            values.append(STALE_NAN)
        yield found.labels, timestamps, values


def _gaps(
    timestamps: list[int], values: list[float], first: int, unseen: frozenset[int]
) -> tuple[list[int], list[float]]:
    """Drop the samples that no scrape sees; Prometheus marks the start of each gap."""
    kept: list[tuple[int, float]] = []
    seen = False
    for number, (timestamp, value) in enumerate(zip(timestamps, values, strict=True), start=first):
        if number not in unseen:
            kept.append((timestamp, value))
        elif seen:
            kept.append((timestamp, STALE_NAN))
        seen = number not in unseen
    return [timestamp for timestamp, _ in kept], [value for _, value in kept]
