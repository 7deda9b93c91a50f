"""The lives of instances: the release that each runs, crashes, deployments."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.simulate.draws import stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from generator.simulate.scenario import Scenario

_PORT = 8000
_SHORTEST_DOWN, _LONGEST_DOWN = 4.0, 20.0


class Life(Struct, frozen=True):
    """A process from its start to its end: all its counters begin at 0.

    Attributes:
        slot: The number of the replica.
        instance: The address that it is scraped at; a crashed process comes back at the same one.
        release: The release that it runs.
        born: Unix seconds.
        died: Unix seconds; the end of the history for those that outlive it.
    """

    slot: int
    instance: str
    release: str
    born: float
    died: float


class Headcount(Struct, frozen=True):
    """The number of instances alive: ``counts[i]`` of them from ``times[i]`` on."""

    times: tuple[float, ...]
    counts: tuple[int, ...]

    def at(self, time: float) -> int:
        """Count the living at a Unix time."""
        return self.counts[bisect_right(self.times, time) - 1] if time >= self.times[0] else 0


class _Change(Struct, frozen=True):
    """The end of a process; ``release`` is the next one's, None for the same after a crash."""

    at: float
    release: str | None


def lives(scenario: Scenario) -> tuple[Life, ...]:
    """List every life of a scenario, slot by slot, in order of time."""
    return tuple(life for slot in range(scenario.replicas) for life in _slot(scenario, slot))


def headcount(lived: Iterable[Life]) -> Headcount:
    """Count the living at every time."""
    changes: dict[float, int] = {}
    for life in lived:
        changes[life.born] = changes.get(life.born, 0) + 1
        changes[life.died] = changes.get(life.died, 0) - 1
    times = tuple(sorted(changes))
    return Headcount(times, tuple(accumulate(changes[time] for time in times)))


def _slot(scenario: Scenario, slot: int) -> Iterator[Life]:
    rng = stream(scenario.seed, "fleet", str(slot))
    release, born, generation = scenario.release, scenario.start, 0
    for change in sorted(_changes(scenario, slot, rng), key=lambda change: change.at):
        if born < change.at < scenario.end:
            yield Life(slot, _address(slot, generation), release, born, change.at)
            generation += change.release is not None
            release, born = change.release or release, change.at + rng.uniform(_SHORTEST_DOWN, _LONGEST_DOWN)
    if born < scenario.end:
        yield Life(slot, _address(slot, generation), release, born, scenario.end)


def _changes(scenario: Scenario, slot: int, rng: Random) -> Iterator[_Change]:
    for rollout in scenario.rollouts:
        if rollout.instances is None or slot < rollout.instances:
            yield _Change(rollout.at + slot * rollout.every, rollout.release)
    for incident in scenario.incidents:
        if incident.effect.restarts:
            width = (incident.end - incident.start) / scenario.replicas
            yield _Change(incident.start + slot * width, None)
    if scenario.mean_life is None:
        return
    crash = scenario.start + rng.expovariate(1 / scenario.mean_life)
    while crash < scenario.end:
        yield _Change(crash, None)
        crash += rng.expovariate(1 / scenario.mean_life)


def _address(slot: int, generation: int) -> str:
    return f"10.0.{generation % 256}.{slot + 10}:{_PORT}"
