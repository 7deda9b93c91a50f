"""The metrics of one process by scrape: increments of counters, observations of histograms, values of gauges."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import pi, sin
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.model import names
from generator.model.units import scientific

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.metrics import Metric


#: The swing of a gauge, as a part of its usual value, and its period.
_SWING, _SCRAPES_A_SWING = 0.05, 240


class Values(Struct, frozen=True):
    """One series of a process: its value at each of its scrapes from the ``first`` on."""

    labels: Mapping[str, str]
    first: int
    values: list[float]


class Counter(Struct, frozen=True):
    """A counter with its labels; ``added`` holds increments by the number of the first scrape that sees them."""

    metric: Metric
    labels: Mapping[str, str]
    zero_initialised: bool
    added: dict[int, float] = field(default_factory=dict)

    def add(self, scrape: int, amount: float, times: int) -> None:
        """Add ``amount``, given as it is exposed, ``times`` over."""
        self.added[scrape] = self.added.get(scrape, 0) + amount * times

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read it at the first ``scrapes`` scrapes."""
        if self.added or self.zero_initialised:
            first = 0 if self.zero_initialised else min(self.added)
            sums = list(accumulate(_dense(self.added, scrapes)))
            yield Values({"__name__": self.metric.name, **self.labels}, first, sums[first:])


class Histogram(Struct, frozen=True):
    """A histogram with its labels; ``buckets`` hold the observations of each bucket, the last one those above all."""

    metric: Metric
    labels: Mapping[str, str]
    zero_initialised: bool
    buckets: tuple[dict[int, float], ...]
    total: dict[int, float] = field(default_factory=dict)

    def add(self, scrape: int, amount: float, times: int) -> None:
        """Observe ``amount``, given as it is exposed, ``times`` over."""
        bucket = self.buckets[bisect_left(self.metric.buckets, amount)]
        bucket[scrape] = bucket.get(scrape, 0) + times
        self.total[scrape] = self.total.get(scrape, 0) + amount * times

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read its buckets, sum and count at the first ``scrapes`` scrapes."""
        if not self.total and not self.zero_initialised:
            return
        first = 0 if self.zero_initialised else min(self.total)
        name, below = self.metric.name, [0.0] * scrapes
        for edge, bucket in zip((*self.metric.buckets, float("inf")), self.buckets, strict=True):
            below = list(map(float.__add__, below, _dense(bucket, scrapes)))
            labels = {"__name__": f"{name}_bucket", **self.labels, names.LE: bucket_label(edge)}
            yield Values(labels, first, list(accumulate(below))[first:])
        yield Values({"__name__": f"{name}_count", **self.labels}, first, list(accumulate(below))[first:])
        sums = list(accumulate(_dense(self.total, scrapes)))
        yield Values({"__name__": f"{name}_sum", **self.labels}, first, sums[first:])


class Gauge(Struct, frozen=True):
    """A gauge with its labels, which swings about its ``usual`` value, in its exposed unit, by the part ``swing``."""

    metric: Metric
    labels: Mapping[str, str]
    usual: float
    swing: float = _SWING

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read it at the first ``scrapes`` scrapes."""
        turn = 2 * pi / _SCRAPES_A_SWING
        values = [self.usual * (1 + self.swing * sin(turn * scrape)) for scrape in range(scrapes)]
        yield Values({"__name__": self.metric.name, **self.labels}, 0, values)


def counting(metric: Metric, labels: Mapping[str, str], *, zero_initialised: bool) -> Counter | Histogram:
    """Start to count a metric."""
    if metric.is_histogram:
        buckets: list[dict[int, float]] = [{} for _ in (*metric.buckets, None)]
        return Histogram(metric, labels, zero_initialised, tuple(buckets))
    return Counter(metric, labels, zero_initialised)


def bucket_label(edge: float) -> str:
    """Spell a bucket's bound as Python's client does: ``100.0``, ``1e+06``, ``+Inf``."""
    if edge == float("inf"):
        return "+Inf"
    if edge < 1e6:  # noqa: PLR2004 - where the client turns to exponents
        return repr(float(edge))
    return scientific(edge)


def _dense(added: Mapping[int, float], scrapes: int) -> list[float]:
    dense = [0.0] * scrapes
    for scrape, amount in added.items():
        dense[scrape] = float(amount)
    return dense
