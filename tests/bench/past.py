"""The days before: windows of days have samples, although only an hour was simulated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.live.remote_write import TimeSeries, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.bench.fleet import InstanceFleet

_DAYS = 3
_MINUTE = 60
_OVER_TIME = re.compile(r"([a-z_]+:[a-z0-9_]+:[a-z0-9_]+)(?:\{[^}]*\})?\[")


def read_over_time(exprs: Iterable[str]) -> frozenset[str]:
    """Name the records that expressions read over a window."""
    return frozenset(found[1] for expr in exprs for found in _OVER_TIME.finditer(expr))


def write_past(living: InstanceFleet, records: Iterable[str]) -> None:
    """Write three days of records before a fleet's start, every minute, with their values at its end.

    The cost of a window is the number of its samples, independent of their values.
    """
    write(living.api, (series for record in sorted(records) for series in _constant(living, record)))


def _constant(living: InstanceFleet, record: str) -> Iterator[TimeSeries]:
    times = range((living.start - _DAYS * 86_400) * 1000, living.start * 1000, _MINUTE * 1000)
    for sample in living.api.query(f'{record}{{service="{living.service.name}"}}', living.end):
        yield TimeSeries(sample.labels, times, [sample.value] * len(times))
