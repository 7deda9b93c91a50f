"""The firings of alerts over a span of recorded history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi

#: Labels of every alert, which do not identify its subject.
_COMMON = {"__name__", "alertname", "alertstate", "service", "owner", "severity", "signal"}


class SimulatedFiring(Struct, frozen=True):
    """An alert that fires from ``start`` to ``end`` (Unix seconds, the first and the last evaluation)."""

    alert: str
    severity: str
    labels: Mapping[str, str]
    start: float
    end: float


def firings(
    api: PrometheusApi, service: str, start: int, end: int, interval: int
) -> tuple[SimulatedFiring, ...]:
    """List the firings of a service from ``start`` to ``end``, in order of time."""
    expr = f'ALERTS{{alertstate="firing",service="{service}"}}'
    found = (
        SimulatedFiring(
            series.labels["alertname"],
            series.labels["severity"],
            {name: value for name, value in series.labels.items() if name not in _COMMON},
            times[0],
            times[-1],
        )
        for series in api.query_range(expr, start, end, interval).series
        for times in _stretches(series.timestamps, interval)
    )
    return tuple(sorted(found, key=lambda one: one.start))


def _stretches(true_at: Sequence[float], interval: int) -> Iterator[list[float]]:
    """Split where it did not fire in between."""
    stretch: list[float] = []
    for time in true_at:
        if stretch and time - stretch[-1] > interval:
            yield stretch
            stretch = []
        stretch.append(time)
    if stretch:
        yield stretch
