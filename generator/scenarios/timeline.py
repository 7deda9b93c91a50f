"""Timelines: the values of series from one rule interval to the next, and the expected state of an alert."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.promql.expr import series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.alerts import Alert, Tier


class SeriesId(Struct, frozen=True, cache_hash=True):
    """A series: its name, and its labels without the service."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def of(self, service: str) -> str:
        """Write its selector for a service."""
        return _selector(self, service)

    def labels_of(self, service: str) -> dict[str, str]:
        """List its labels for a service."""
        return {**dict(self.labels), names.SERVICE: service}


@lru_cache(maxsize=4096)
def _selector(name: SeriesId, service: str) -> str:
    return series(name.name, name.labels_of(service)).now().text


#: The value of each series: events per second for streams, the constant's value for constants.
Load = dict[SeriesId, float]


def merged(*loads: Mapping[SeriesId, float]) -> Load:
    """Add loads up."""
    total: Load = {}
    for load in loads:
        for name, amount in load.items():
            total[name] = total.get(name, 0) + amount
    return total


def idle(load: Mapping[SeriesId, float]) -> Load:
    """Keep the series of a load, without events."""
    return dict.fromkeys(load, 0.0)


class Phase(Struct, frozen=True):
    """A constant load for a number of rule intervals; any series that it does not name is absent."""

    steps: int
    load: Mapping[SeriesId, float]


class Expectation(Struct, frozen=True):
    """The expected state of an alert ``seconds`` into a timeline.

    Attributes:
        seconds: The time of the check.
        fires: Whether it fires.
        why: The reason, in a few words.
        since: For a silent alert, the time since which it must have been silent.
        value: The value of the firing alert, where it is known.
    """

    seconds: int
    fires: bool
    why: str
    since: int | None = None
    value: float | None = None


class Timeline(Struct, frozen=True):
    """A sequence of phases with expectations; the first value is at second 0."""

    interval: int
    phases: tuple[Phase, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return self.interval * sum(phase.steps for phase in self.phases)

    def up(self, seconds: float) -> int:
        """Round up to whole rule intervals."""
        return int(-(-seconds // self.interval)) * self.interval

    def then(self, seconds: float, load: Mapping[SeriesId, float]) -> Timeline:
        """Go on under a load."""
        phase = Phase(max(1, self.up(seconds) // self.interval), load)
        return Timeline(self.interval, (*self.phases, phase), self.expectations)

    def silent(self, why: str, after: float | None = None) -> Timeline:
        """Expect silence at the end of the last phase, or ``after`` seconds into it."""
        return self._expect(Expectation(self._at(after), fires=False, why=why))

    def quiet(self, why: str) -> Timeline:
        """Expect silence all through the last phase."""
        return self._expect(Expectation(self.seconds, fires=False, why=why, since=self._at(0)))

    def fires(self, why: str, after: float | None = None, value: float | None = None) -> Timeline:
        """Expect the alert at the end of the last phase, or ``after`` seconds into it."""
        return self._expect(Expectation(self._at(after), fires=True, why=why, value=value))

    def until(self, seconds: int) -> tuple[Phase, ...]:
        """Cut the phases off after a number of seconds."""
        phases, left = [], seconds // self.interval
        for phase in self.phases:
            if left > 0:
                phases.append(Phase(min(phase.steps, left), phase.load))
            left -= phase.steps
        return tuple(phases)

    def _expect(self, expectation: Expectation) -> Timeline:
        return Timeline(self.interval, self.phases, (*self.expectations, expectation))

    def _at(self, after: float | None) -> int:
        start = self.seconds - self.phases[-1].steps * self.interval
        return self.seconds if after is None else start + self.up(after)


class TestCase(Struct, frozen=True):
    """The expected behaviour of one severity of an alert over a timeline.

    Attributes:
        name: The tested behaviour, in a few words.
        alert: The alert.
        tier: The severity.
        timeline: The loads and the expectations.
        labels: They select the series among the alert's.
        constants: The constants of the service's file besides those of every case.
        without: The constants that it lacks.
    """

    __test__ = False

    name: str
    alert: Alert
    tier: Tier
    timeline: Timeline
    labels: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[SeriesId, float], ...] = ()
    without: frozenset[SeriesId] = frozenset()


def values_of(phases: tuple[Phase, ...], name: SeriesId, every: int = 1) -> str:
    """Write the values of a series in promtool's notation; where it ends it is stale, as records of rules are.

    Args:
        phases: The phases.
        name: The series.
        every: The number of values in each step of a phase.
    """
    parts: list[str] = []
    before: float | None = None
    for place, phase in enumerate(phases):
        steps = phase.steps * every + (place == 0)
        value = phase.load.get(name)
        if value is not None:
            parts.append(f"{number_text(value)}x{steps - 1}" if steps > 1 else number_text(value))
        elif before is None:
            parts.append(f"_x{steps}")
        else:
            parts.append(f"stale _x{steps - 1}" if steps > 1 else "stale")
        before = value
    return " ".join(parts)


def samples_of(phases: tuple[Phase, ...], name: SeriesId, every: int = 1) -> list[float | None]:
    """List the values of a series, ``every`` in each step of a phase."""
    return [
        phase.load.get(name)
        for place, phase in enumerate(phases)
        for _ in range(phase.steps * every + (place == 0))
    ]


def series_of(phases: tuple[Phase, ...]) -> list[SeriesId]:
    """List the series of phases."""
    return list(dict.fromkeys(name for phase in phases for name in phase.load))


def number_text(value: float) -> str:
    """Write a number so that promtool reads it as it is."""
    text = repr(float(value)).removesuffix(".0")
    return f"{Decimal(text):f}" if "e" in text else text
