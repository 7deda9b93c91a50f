"""The events in raw series by time, read from the differences between samples."""

from __future__ import annotations

from collections import defaultdict
from math import isnan
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.simulate.history import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.remote_write import TimeSeries
    from generator.model.service import Service, Site
    from generator.simulate.history import Truth
    from generator.simulate.scenario import Scenario

Labels = frozenset[tuple[str, str]]


class Read(Struct, frozen=True):
    """A simulated history: its series, and the increment of each by Unix time (seconds)."""

    series: tuple[TimeSeries, ...]
    added: Mapping[Labels, Mapping[float, float]]
    truth: Truth

    def sum(self, name: str, start: float = 0, end: float = float("inf"), **labels: str) -> float:
        """Sum the counts of a metric's series with these labels after ``start``, until ``end``."""
        wanted = {("__name__", name), *labels.items()}
        return sum(
            amount
            for found, by_time in self.added.items()
            if wanted <= found
            for time, amount in by_time.items()
            if start < time <= end
        )

    def outside(self, start: float, end: float) -> dict[tuple[Labels, float], float]:
        """List the increments before ``start`` or after ``end``."""
        return {
            (labels, time): round(amount, 6)
            for labels, by_time in self.added.items()
            for time, amount in by_time.items()
            if not start <= time <= end
        }

    def values(self, label: str) -> set[str]:
        """List the values of a label in all series."""
        return {one.labels[label] for one in self.series if label in one.labels}


def read(service: Service, site: Site, scenario: Scenario) -> Read:
    """Simulate and read."""
    history = simulate(service, site, scenario)
    series = tuple(history.series)
    return Read(series, {frozenset(one.labels.items()): dict(_added(one)) for one in series}, history.truth)


def lives_of(one: TimeSeries) -> list[list[tuple[float, float]]]:
    """Cut a series where its counter starts anew; without staleness markers, times in seconds."""
    lives: list[list[tuple[float, float]]] = []
    for time, value in zip(one.timestamps, one.values, strict=True):
        if isnan(value):
            continue
        if not lives or value < lives[-1][-1][1]:
            lives.append([])
        lives[-1].append((time / 1000, value))
    return lives


def at_each_scrape(series: Iterable[TimeSeries], name: str) -> Mapping[tuple[Labels, int], dict[str, float]]:
    """Group a histogram's samples by its other labels and time: the value of each bound."""
    found: defaultdict[tuple[Labels, int], dict[str, float]] = defaultdict(dict)
    for one in series:
        if one.labels["__name__"] == name:
            labels = dict(one.labels)
            bound = labels.pop("le", "")
            del labels["__name__"]
            for time, value in zip(one.timestamps, one.values, strict=True):
                if not isnan(value):
                    found[frozenset(labels.items()), time][bound] = value
    return found


def _added(one: TimeSeries) -> Iterable[tuple[float, float]]:
    for life in lives_of(one):
        before = 0.0
        for time, value in life:
            if value > before:
                yield time, value - before
            before = value
