"""A scenario to simulate: its span, releases and incidents, the arrivals of runs, and the lives of its instances."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from math import cos, pi
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model.units import DAY, HOUR, WEEK
from generator.simulate.draws import stream
from generator.simulate.incidents import SimulatedIncident, incident

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from generator.model.hours import Hours
    from generator.model.service import Service

# A promised minimum also holds at the quietest time, at night on a weekend.
_ABOVE_PROMISE = 8
_RUNS_PER_HOUR = 600.0
# 1970-01-01 was a Thursday; in a week that starts there, Saturday is day 2.
_WEEKEND = (2, 3)
_PEAK_HOUR = 14
_PORT = 8000
_SHORTEST_DOWN, _LONGEST_DOWN = 4.0, 20.0


class SimulatedRollout(Struct, frozen=True):
    """The replacement of the running release by another one, instance by instance.

    Attributes:
        release: The label value; one that ran before is a rollback.
        at: Unix seconds at which the first instance is replaced.
        every: Seconds between one instance and the next; 0 is an instant cut-over.
        instances: The number that are replaced; fewer than all are a canary. None means all.
    """

    release: str
    at: float
    every: float = 60
    instances: int | None = None


class Scenario(Struct, frozen=True):
    """A history to simulate; the same value gives the same samples.

    Attributes:
        seed: The seed of all random draws.
        start: Unix seconds; instances of the first release are born here.
        end: Unix seconds; no sample is later.
        replicas: Instances at once.
        release: The release at the start.
        rollouts: The rollouts of other releases, in order of time.
        traffic: The arrivals of runs.
        incidents: The incidents of the history.
        mean_life: Mean seconds between an instance's crashes; None for instances that never crash.
        missed_scrapes: Share of scrapes that fail.
        zero_initialised: Instances expose every declared combination of labels from their start.
    """

    seed: int
    start: float
    end: float
    replicas: int
    release: str
    traffic: Arrivals
    rollouts: tuple[SimulatedRollout, ...] = ()
    incidents: tuple[SimulatedIncident, ...] = ()
    mean_life: float | None = 2 * DAY
    missed_scrapes: float = 0.0005
    zero_initialised: bool = True


class Arrivals(Struct, frozen=True):
    """Arrivals of runs over all instances.

    Attributes:
        runs_per_hour: The mean of a working day.
        swing: The part of the mean by which the peak at 14:00 UTC exceeds it, and the night falls below it;
            0 is the same all day.
        weekend: The traffic of a day at the weekend, as a part of a working day's.
        hours: The hours of the promise, outside of which no run arrives; None for any hour.
    """

    runs_per_hour: float
    swing: float = 0.7
    weekend: float = 0.5
    hours: Hours | None = None

    @property
    def lowest(self) -> float:
        """Runs an hour at the quietest time of a week at which any arrive."""
        return self.runs_per_hour * (1 - self.swing) * self.weekend

    def at(self, time: float) -> float:
        """Runs per second at a Unix time."""
        if self.hours and not self.hours.at(time):
            return 0.0
        hours = time % DAY / HOUR
        daily = 1 + self.swing * cos((hours - _PEAK_HOUR) / 24 * 2 * pi)
        weekly = self.weekend if time // DAY % 7 in _WEEKEND else 1
        return self.runs_per_hour / HOUR * daily * weekly


class RequestedIncident(Struct, frozen=True):
    """A requested incident; times are Unix seconds."""

    name: str
    start: float
    end: float


def ordinary(service: Service, start: float, end: float, seed: int = 1) -> Scenario:
    """Describe an ordinary time of a service: its own traffic and replicas, one release in the middle, no incident.

    Spans below six hours see no release.
    """
    middle = start + (end - start) * 0.4
    rollouts = (SimulatedRollout(_named_after(middle), middle),) if end - start >= 6 * HOUR else ()
    return Scenario(
        seed=seed,
        start=start,
        end=end,
        replicas=service.replicas,
        release=_named_after(start - WEEK),
        traffic=Arrivals(usual_runs_per_hour(service), hours=service.hours),
        rollouts=rollouts,
    )


def usual_runs_per_hour(service: Service) -> float:
    """Return the mean number of runs in an hour of a working day, from the service's promise of traffic."""
    return service.runs_per_hour * _ABOVE_PROMISE if service.runs_per_hour else _RUNS_PER_HOUR


def _named_after(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat()


def scenario_with(
    service: Service, start: float, end: float, wanted: Sequence[RequestedIncident] = (), *, seed: int = 1
) -> Scenario:
    """Describe an ordinary time in which the requested incidents happen.

    An incident that comes with a release has a rollout of its own at its start, and is rolled back at its end; the
    ordinary release is left out then.

    Raises:
        ValueError: a name is unknown, an incident ends before it starts, or lies beyond the span.
    """
    plain = ordinary(service, start, end, seed)
    releases = (f"{plain.release}.{number}" for number in range(1, len(wanted) + 1))
    least = (service.runs_per_hour or 0) / plain.traffic.lowest
    incidents = tuple(
        _busier(_incident(one, service, release, start, end), least)
        for one, release in zip(wanted, releases, strict=True)
    )
    released = tuple(_rollouts(incidents, plain.release, end))
    return replace(plain, incidents=incidents, rollouts=released or plain.rollouts)


def _incident(
    one: RequestedIncident, service: Service, release: str, start: float, end: float
) -> SimulatedIncident:
    effect = incident(one.name, service, one.start, one.end)
    if not start <= one.start < end:
        message = f"incident {one.name} starts outside the span"
        raise ValueError(message)
    return replace(effect, release=release) if effect.effect.released else effect


def _busier(one: SimulatedIncident, least: float) -> SimulatedIncident:
    """Raise an incident's traffic to ``least``, the smallest factor that keeps the promise of traffic."""
    changes = one.effect.changes
    if changes.traffic >= least:
        return one
    return replace(one, effect=replace(one.effect, changes=replace(changes, traffic=least)))


def _rollouts(incidents: Iterable[SimulatedIncident], before: str, end: float) -> Iterable[SimulatedRollout]:
    """Roll each release out, and back to the release before all of them."""
    for one in sorted(incidents, key=lambda one: one.start):
        if one.release:
            yield SimulatedRollout(one.release, one.start)
            if one.end < end:
                yield SimulatedRollout(before, one.end)


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
    for one in scenario.incidents:
        if one.effect.restarts:
            width = (one.end - one.start) / scenario.replicas
            yield _Change(one.start + slot * width, None)
    if scenario.mean_life is None:
        return
    crash = scenario.start + rng.expovariate(1 / scenario.mean_life)
    while crash < scenario.end:
        yield _Change(crash, None)
        crash += rng.expovariate(1 / scenario.mean_life)


def _address(slot: int, generation: int) -> str:
    return f"10.0.{generation % 256}.{slot + 10}:{_PORT}"
