"""The exposition of a service that others measure, made by the simulated processes of its history."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

from generator.simulate.exposition import Process, ServiceExposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.demo.work import Measured, Measuring, Sleep
    from generator.model.service import Service
    from generator.simulate.behaviour import Loop, Run

#: A live process counts all events as of one scrape.
_NOW = 0


def as_its_source(service: Service) -> Measured:
    """Measure as the service's own source does; a new release is a new process, which counts from 0."""
    exposed = ServiceExposition.of(service)

    def of(registry: CollectorRegistry) -> Callable[[str], Measuring]:
        exposing = Exposing(exposed)
        registry.register(exposing)
        return exposing.measuring

    return of


class Exposing(Collector):
    """The process that an instance runs now; any thread may ask."""

    def __init__(self, exposed: ServiceExposition) -> None:
        self._exposed = exposed
        self._process: AsItsSource | None = None

    def measuring(self, release: str) -> AsItsSource:
        """Return the process of a release, which replaces any other."""
        if self._process is None or self._process.release != release:
            self._process = AsItsSource(self._exposed, release)
        return self._process

    def describe(self) -> list[Metric]:
        """Describe nothing before there are events."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Collect the series of the process."""
        if self._process is not None:
            yield from self._process.collect()


class AsItsSource:
    """A simulated process whose events happen now."""

    def __init__(self, exposed: ServiceExposition, release: str) -> None:
        self.release = release
        self._process = Process(exposed, release)
        self._process.show()
        self._lock = Lock()

    def work(self, run: Run, sleep: Sleep) -> None:
        """Wait until the run ends, then count it."""
        sleep(run.seconds)
        with self._lock:
            self._process.finish(_NOW, run)

    def go_round(self, loop: Loop, sleep: Sleep) -> None:
        """Call the tool and the model of the loop."""
        sleep(loop.seconds)
        with self._lock:
            self._process.call(_NOW, loop.tool, loop.seconds)
            self._process.answer(_NOW, loop.step)

    def collect(self) -> Iterator[Metric]:
        """Collect all series, a family each metric."""
        families: dict[str, Metric] = {}
        with self._lock:
            for one in (*self._process.counting.values(), *self._process.gauges):
                family = families.setdefault(
                    one.metric.name, Metric(one.metric.name, one.metric.help, "unknown")
                )
                for series in one.series(_NOW + 1):
                    labels = {name: value for name, value in series.labels.items() if name != "__name__"}
                    family.add_sample(series.labels["__name__"], labels, series.values[-1])
        yield from families.values()
