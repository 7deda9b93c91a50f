"""A Prometheus that has just started again: what it recorded before was never ended, and is there beside the new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.units import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi

#: Labels whose values change from one recording to the next.
_CHANGING = (names.WORST, names.RELEASE)
#: How long ago the last recording before the restart was, in seconds; Prometheus looks back for five minutes.
AGO = 2 * MINUTE


def start_again(api: PrometheusApi, day: PrometheusApi, service: str, at: int) -> None:
    """Write what ``day`` had of ``service`` at a moment, and what another worst and other releases had left before."""
    samples = day.query(f'{{service="{service}"}}', at).samples
    write(api, (_series(sample.labels, at, sample.value) for sample in samples))
    write(api, (series for sample in samples for series in _before(sample, at)))


def _before(sample: InstantSample, at: int) -> Iterator[TimeSeries]:
    """Yield the same series of another time, where its labels may have been others; values a little larger."""
    changed = {label: f"before-{sample.labels[label]}" for label in _CHANGING if label in sample.labels}
    if changed:
        # First seen earlier, and so no release of now.
        value = sample.value - AGO if sample.labels["__name__"].endswith(":seconds") else sample.value * 1.5
        yield _series({**sample.labels, **changed}, at - AGO, value)


def _series(labels: Mapping[str, str], at: int, value: float) -> TimeSeries:
    return TimeSeries(labels, [at * 1000], [value])
