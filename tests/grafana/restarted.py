"""A Prometheus after a restart: the series that it recorded before were never ended, and exist beside the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.units import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi

#: Labels whose values change from one evaluation to the next.
_CHANGING = (names.WORST, names.RELEASE)
#: The time from the last evaluation to the restart, in seconds; Prometheus looks back for five minutes.
AGO = 2 * MINUTE


def start_again(api: PrometheusApi, day: PrometheusApi, service: str, at: int) -> None:
    """Write the series of ``service`` at a moment of ``day``, with old remains: another worst value, other releases."""
    # What is usual is known from the day before.
    trends = day.query_samples(f'{names.BOARD_TREND}{{service="{service}"}}[1d]', at - MINUTE)
    for one in trends.series:
        write(api, [TimeSeries(one.labels, [int(time * 1000) for time in one.timestamps], [*one.values])])
    samples = day.query(f'{{service="{service}"}}', at).samples
    write(api, (_series(sample.labels, at, sample.value) for sample in samples))
    write(api, (series for sample in samples for series in _before(sample, at)))


def _before(sample: InstantSample, at: int) -> Iterator[TimeSeries]:
    """Yield the same series at another time, where its labels may have been different; values a little larger."""
    changed = {label: f"before-{sample.labels[label]}" for label in _CHANGING if label in sample.labels}
    if changed:
        # First seen earlier, and so not a current release.
        value = sample.value - AGO if sample.labels["__name__"].endswith(":seconds") else sample.value * 1.5
        yield _series({**sample.labels, **changed}, at - AGO, value)


def _series(labels: Mapping[str, str], at: int, value: float) -> TimeSeries:
    return TimeSeries(labels, [at * 1000], [value])
