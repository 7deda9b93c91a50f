"""The simulation itself: every life of every instance is played, scrape by scrape, as Prometheus stores it.

The truth is its answer key: the list of incidents by which ``replay`` judges.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.live.remote_write import STALE_NAN, TimeSeries
from generator.simulate.agents import Agent, agent, run, stuck_call
from generator.simulate.draws import poisson, stream
from generator.simulate.exposition import Counter, Gauge, Histogram, Process, ServiceExposition
from generator.simulate.incidents import EVERYTHING, MOST_STUCK, SECONDS_A_LOOP, Conditions, conditions_at
from generator.simulate.scenario import Headcount, Life, Scenario, SimulatedRollout, headcount, lives

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from random import Random

    from generator.model.service import Service, Site
    from generator.simulate.incidents import SimulatedIncident

_MS = 1000


class Truth(Struct, frozen=True):
    """The contents of a history; times are Unix seconds."""

    service: str
    seed: int
    start: float
    end: float
    release: str
    rollouts: tuple[SimulatedRollout, ...]
    lives: tuple[Life, ...]
    incidents: tuple[SimulatedIncident, ...]
    alerts: frozenset[str]

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of the schema of incidents."""
        return {
            "service": self.service,
            "start": self.start,
            "end": self.end,
            "incidents": [_incident(one, self.alerts) for one in self.incidents],
            "rollouts": [{"release": one.release, "at": one.at} for one in self.rollouts],
            "simulation": {"seed": self.seed, "release": self.release},
        }


def truth(service: Service, scenario: Scenario, lived: Sequence[Life]) -> Truth:
    """Collect the truth about a service in a scenario."""
    return Truth(
        service=service.name,
        seed=scenario.seed,
        start=scenario.start,
        end=scenario.end,
        release=scenario.release,
        rollouts=scenario.rollouts,
        lives=tuple(lived),
        incidents=scenario.incidents,
        alerts=frozenset(alert.name for alert in service.alerts),
    )


def _incident(one: SimulatedIncident, known: Collection[str]) -> dict[str, Any]:
    """Describe an incident; where the service has none of the alerts that exist to catch it, any other may."""
    effect = one.effect
    alerts = [name for name in effect.alerts if name in known]
    return {
        "name": effect.name,
        "start": one.start,
        "end": one.end,
        **({"alerts": alerts} if alerts or not effect.alerts else {}),
        **({"release": one.release} if one.release else {}),
    }


class History(Struct, frozen=True):
    """Raw series, made while they are read, and the truth behind them; ``series`` can be read once."""

    series: Iterator[TimeSeries]
    truth: Truth


class _Setting(Struct, frozen=True):
    """The data that all instances share."""

    scenario: Scenario
    exposed: ServiceExposition
    agent: Agent
    living: Headcount
    interval: int


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


def simulate(service: Service, site: Site, scenario: Scenario) -> History:
    """Simulate a service's fleet: series as an exporter exposes them and a Prometheus of ``site`` scrapes them."""
    lived = lives(scenario)
    setting = _Setting(
        scenario,
        ServiceExposition.of(service),
        agent(service, scenario.seed),
        headcount(lived),
        site.of(service).scrape_interval,
    )
    return History(_fleet(setting, lived), truth(service, scenario, lived))


def _fleet(setting: _Setting, lived: Sequence[Life]) -> Iterator[TimeSeries]:
    selector = setting.exposed.service.selector
    for slot, of_slot in groupby(lived, key=lambda life: life.slot):
        phase = stream(setting.scenario.seed, "phase", str(slot)).randrange(1, setting.interval * _MS)
        grid = Grid(phase, setting.interval * _MS)
        for instance, of_instance in groupby(of_slot, key=lambda life: life.instance):
            yield from _samples(
                _instance(setting, grid, list(of_instance)), {**selector, "instance": instance}
            )


def _instance(setting: _Setting, grid: Grid, lived: list[Life]) -> list[tuple[Process, Scrapes]]:
    """Play the lives of one instance."""
    played = []
    for life in lived:
        times = grid.within(life.born, life.died)
        gone = grid.next(life.died)
        ends = gone < round(setting.scenario.end * _MS)
        process = Process(setting.exposed, life.release)
        process.show()
        if setting.scenario.zero_initialised:
            process.start()
        hidden = _play(setting, life, times, process)
        played.append((process, Scrapes(times, gone if ends else None, hidden)))
    return played


def _play(
    setting: _Setting, life: Life, times: tuple[int, ...], process: Process
) -> dict[str, frozenset[int]]:
    """Play a process's life; return for each metric the scrapes that do not see it."""
    hidden: defaultdict[str, set[int]] = defaultdict(set)
    before, stuck = life.born, 0
    for scrape, milliseconds in enumerate(times):
        time = milliseconds / _MS
        now = conditions_at(setting.scenario.incidents, time, life.release)
        # Each scrape has its own draws: an incident changes no draw outside its span.
        rng = stream(setting.scenario.seed, "life", life.instance, repr(life.born), str(scrape))
        if rng.random() < setting.scenario.missed_scrapes:
            hidden[EVERYTHING].add(scrape)
        stuck = _work(setting, process, scrape, (before, time), now, stuck, rng)
        for metric in now.hidden:
            hidden[metric].add(scrape)
        before = time
    return {metric: frozenset(at) for metric, at in hidden.items()}


def _work(  # noqa: PLR0913, PLR0917 - one interval's whole state
    setting: _Setting,
    process: Process,
    scrape: int,
    span: tuple[float, float],
    now: Conditions,
    stuck: int,
    rng: Random,
) -> int:
    """Play the runs of one scrape interval; return the number that are stuck at its end."""
    seconds = span[1] - span[0]
    arriving = setting.scenario.traffic.at(span[1]) * now.traffic * seconds
    for _ in range(poisson(rng, arriving / max(1, setting.living.at(span[0])))):
        if now.stuck and rng.random() < now.stuck:
            stuck += 1
        else:
            process.finish(scrape, run(rng, setting.agent, now))
    # The end of an incident ends the runs that are stuck in it.
    stuck = min(stuck, MOST_STUCK) if now.stuck else 0
    if loops := poisson(rng, stuck * seconds / SECONDS_A_LOOP):
        loop = stuck_call(rng, setting.agent, now)
        process.call(scrape, loop.tool, loop.seconds, times=loops)
        process.answer(scrape, loop.step, loops)
    return stuck


def _samples(lived: list[tuple[Process, Scrapes]], common: Mapping[str, str]) -> Iterator[TimeSeries]:
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
    for one in counter.series(len(scrapes.times)):
        timestamps, values = list(scrapes.times[one.first :]), one.values
        if unseen:
            timestamps, values = _gaps(timestamps, values, one.first, unseen)
        if timestamps and scrapes.gone is not None:
            timestamps.append(scrapes.gone)
            values.append(STALE_NAN)
        yield one.labels, timestamps, values


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
