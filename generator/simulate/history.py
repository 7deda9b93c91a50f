"""The simulation itself: every life of every instance is played, scrape by scrape."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.simulate.agents import agent
from generator.simulate.behaviour import run, stuck_call
from generator.simulate.draws import poisson, stream
from generator.simulate.exposition import Exposed, Process
from generator.simulate.fleet import Headcount, Life, headcount, lives
from generator.simulate.incidents import EVERYTHING, conditions
from generator.simulate.series import Grid, Scrapes, samples
from generator.simulate.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from generator.live.remote_write import TimeSeries
    from generator.model.service import Service, Site
    from generator.simulate.behaviour import Agent
    from generator.simulate.incidents import Conditions
    from generator.simulate.scenario import Scenario

# Workers of an instance: more runs than this are not stuck at once.
_WORKERS = 20
_SECONDS_A_LOOP = 3.0


class History(Struct, frozen=True):
    """Raw series, made while they are read, and the truth behind them; ``series`` can be read once."""

    series: Iterator[TimeSeries]
    truth: Truth


class _Setting(Struct, frozen=True):
    """The data that all instances share."""

    scenario: Scenario
    exposed: Exposed
    agent: Agent
    living: Headcount
    interval: int


def simulate(service: Service, site: Site, scenario: Scenario) -> History:
    """Simulate a service's fleet: series as an exporter exposes them and a Prometheus of ``site`` scrapes them."""
    lived = lives(scenario)
    setting = _Setting(
        scenario,
        Exposed.of(service),
        agent(service, scenario.seed),
        headcount(lived),
        site.of(service).scrape_interval,
    )
    return History(_fleet(setting, lived), truth(service, scenario, lived))


def _fleet(setting: _Setting, lived: Sequence[Life]) -> Iterator[TimeSeries]:
    selector = setting.exposed.service.selector
    for slot, of_slot in groupby(lived, key=lambda life: life.slot):
        phase = stream(setting.scenario.seed, "phase", str(slot)).randrange(1, setting.interval * 1000)
        grid = Grid(phase, setting.interval * 1000)
        for instance, of_instance in groupby(of_slot, key=lambda life: life.instance):
            yield from samples(
                _instance(setting, grid, list(of_instance)), {**selector, "instance": instance}
            )


def _instance(setting: _Setting, grid: Grid, lived: list[Life]) -> list[tuple[Process, Scrapes]]:
    """Play the lives of one instance."""
    played = []
    for life in lived:
        times = grid.within(life.born, life.died)
        gone = grid.next(life.died)
        ends = gone < round(setting.scenario.end * 1000)
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
        time = milliseconds / 1000
        now = conditions(setting.scenario.incidents, time, life.release)
        # Each scrape has its own draws: an incident changes no draw outside its span.
        rng = stream(setting.scenario.seed, "life", life.instance, repr(life.born), str(scrape))
        if rng.random() < setting.scenario.missed_scrapes:
            hidden[EVERYTHING].add(scrape)
        stuck = _work(setting, process, scrape, (before, time), now, stuck, rng)
        for metric in now.hidden:
            hidden[metric].add(scrape)
        before = time
    return {metric: frozenset(found) for metric, found in hidden.items()}


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
    stuck = min(stuck, _WORKERS) if now.stuck else 0
    if loops := poisson(rng, stuck * seconds / _SECONDS_A_LOOP):
        loop = stuck_call(rng, setting.agent, now)
        process.call(scrape, loop.tool, loop.seconds, times=loops)
        process.answer(scrape, loop.step, loops)
    return stuck
