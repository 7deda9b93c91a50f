"""Runs arrive, at the pace of the simulated history, and are worked on by threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from generator.simulate.behaviour import Agent, run, stuck_call
from generator.simulate.draws import stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from generator.demo.incidents import Switches
    from generator.demo.instance import Instance
    from generator.simulate.scenario import Arrivals

# The largest number of runs at work at once; later ones wait.
_WORKERS = 64
_MOST_STUCK = 20
_SECONDS_A_LOOP = 3.0


class Working:
    """Agents at work, from the beginning of a ``with`` block to its end."""

    def __init__(
        self, agent: Agent, traffic: Arrivals, instances: Sequence[Instance], switches: Switches
    ) -> None:
        self._agent, self._traffic = agent, traffic
        self._instances, self._switches = instances, switches
        self._rng = stream(1, "demo")
        self._ended = Event()
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._threads = [Thread(target=self._arrive), Thread(target=self._loop)]
        self._stuck = 0

    def __enter__(self) -> Self:
        for instance in self._instances:
            instance.measuring(self._switches.release)  # its series exist, at zero, before it is scraped
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _sleep(self, seconds: float) -> None:
        """Wait, but no longer than the demo lasts."""
        self._ended.wait(seconds)

    def _arrive(self) -> None:
        while True:
            now = self._switches.now()
            per_second = self._traffic.at(time.time()) * now.traffic
            if self._ended.wait(min(60, self._rng.expovariate(per_second))):
                return
            now, release = self._switches.now(), self._switches.release
            if self._rng.random() < now.stuck:
                self._stuck = min(self._stuck + 1, _MOST_STUCK)
                continue
            one = run(self._rng, self._agent, now)
            instance = self._rng.choice(self._instances)
            self._pool.submit(instance.measuring(release).work, one, self._sleep)

    def _loop(self) -> None:
        """Run each stuck run's loop every few seconds; the end of the incident ends them."""
        rng = stream(2, "demo")
        while not self._ended.wait(_SECONDS_A_LOOP / max(1, self._stuck)):
            now = self._switches.now()
            if not now.stuck:
                self._stuck = 0
            if self._stuck:
                instance = rng.choice(self._instances)
                measuring = instance.measuring(self._switches.release)
                self._pool.submit(measuring.go_round, stuck_call(rng, self._agent, now), lambda _: None)
