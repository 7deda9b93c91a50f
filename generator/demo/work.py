"""Agents at work: runs arrive at the pace of the simulated history, threads work on them, and they are measured.

The generated module measures them; or they are exposed as by the source of a service that others measure. An instance
has its own registry, and an address for scrapes. Incidents are switched on and off meanwhile.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from generator.model.units import HOUR
from generator.simulate import incidents
from generator.simulate.agents import Agent, LlmCall, Loop, Run, run, stuck_call
from generator.simulate.draws import stream
from generator.simulate.exposition import Process, ServiceExposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from generator.model.service import Service
    from generator.simulate.scenario import Arrivals

    Sleep = Callable[[float], None]
    Instrumented = Callable[[CollectorRegistry], Callable[[str], "Measuring"]]

#: A creeping effect is complete after this time.
_CREEPING = HOUR
# The largest number of runs at work at once; later ones wait.
_WORKERS = 64
#: A live process counts all events as of one scrape.
_NOW = 0


def demo_incidents(service: Service) -> dict[str, incidents.Effect]:
    """Find the incidents that can be shown, by name, with the alerts that the service has.

    Processes that keep running cannot show a restart.
    """
    alerts = {alert.name for alert in service.alerts}
    return {
        effect.name: replace(effect, alerts=tuple(name for name in effect.alerts if name in alerts))
        for effect in incidents.effects(service)
        if not effect.restarts
    }


class Switches:
    """The incidents that are on; any thread may read or switch them."""

    def __init__(self, service: Service, release: str) -> None:
        self.known = demo_incidents(service)
        self._release = release
        self._on: dict[str, incidents.SimulatedIncident] = {}
        self._released = 0
        self._lock = Lock()

    def toggle(self, name: str) -> incidents.SimulatedIncident | None:
        """Switch an incident; None when that ended it.

        Raises:
            KeyError: it does not exist.
        """
        effect = self.known[name]
        with self._lock:
            if self._on.pop(name, None):
                return None
            release = ""
            if effect.released:
                self._released += 1
                release = f"{self._release}.{self._released}"
            now = time.time()
            self._on[name] = found = incidents.SimulatedIncident(effect, now, now + _CREEPING, release)
            return found

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the incidents that are on, in the order of their start."""
        with self._lock:
            return tuple(self._on)

    @property
    def release(self) -> str:
        """The current release: the newest one that an incident brought, else the original one."""
        with self._lock:
            return next((one.release for one in reversed(self._on.values()) if one.release), self._release)

    def now(self) -> incidents.Conditions:
        """Return the current behaviour of agents."""
        release, time_ = self.release, time.time()
        with self._lock:
            lasting = [
                incidents.SimulatedIncident(one.effect, one.start, max(one.end, time_ + 1), one.release)
                for one in self._on.values()
            ]
        return incidents.conditions_at(lasting, time_, release)


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

    def __exit__(self, *_: object) -> None:
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
                self._stuck = min(self._stuck + 1, incidents.MOST_STUCK)
                continue
            one = run(self._rng, self._agent, now)
            instance = self._rng.choice(self._instances)
            self._pool.submit(instance.measuring(release).work, one, self._sleep)

    def _loop(self) -> None:
        """Run each stuck run's loop every few seconds; the end of the incident ends them."""
        rng = stream(2, "demo")
        while not self._ended.wait(incidents.SECONDS_A_LOOP / max(1, self._stuck)):
            now = self._switches.now()
            if not now.stuck:
                self._stuck = 0
            if self._stuck:
                instance = rng.choice(self._instances)
                measuring = instance.measuring(self._switches.release)
                self._pool.submit(measuring.go_round, stuck_call(rng, self._agent, now), lambda _: None)


class Measuring(Protocol):
    """The measuring of one process that runs one release."""

    def work(self, run: Run, sleep: Sleep) -> None:
        """Take the steps of a run, and measure them."""

    def go_round(self, loop: Loop, sleep: Sleep) -> None:
        """Take one round of a run that never ends."""


def by_module(made: type[Any]) -> Instrumented:
    """Measure by the class of a generated module; the series of earlier releases stay."""

    def of(registry: CollectorRegistry) -> Callable[[str], Measuring]:
        known: dict[str, Measuring] = {}

        def given(release: str) -> Measuring:
            if release not in known:
                known[release] = ByModule(made(release=release, registry=registry))
            return known[release]

        return given

    return of


class ByModule(Struct, frozen=True):
    """Measuring by an object of the generated class."""

    metrics: Any

    def work(self, run: Run, sleep: Sleep) -> None:
        """Take the steps one after another."""
        with self.metrics.run() as measured:
            for call in run.tool_calls:
                with measured.tool_call(call.tool) as tool:
                    sleep(call.seconds)
                    if call.error:
                        tool.fail(call.error)
            for step in run.llm_calls:
                with measured.llm_step(step.model) as llm:
                    sleep(step.seconds)
                    llm.usage(usage(step))
            for model, error in run.llm_errors:
                with measured.llm_step(model) as llm:
                    llm.fail(error)
            measured.stop(run.reason)

    def go_round(self, loop: Loop, sleep: Sleep) -> None:
        """Call the tool and the model of the loop."""
        with self.metrics.tool_call(loop.tool):
            sleep(loop.seconds)
        with self.metrics.llm_step(loop.step.model) as llm:
            llm.usage(usage(loop.step))


def usage(step: LlmCall) -> Mapping[str, object]:
    """Write a step's usage like its provider: OpenAI counts parts inside of totals, Anthropic beside each other."""
    if step.model.startswith("claude"):
        return {
            "input_tokens": step.fresh,
            "cache_read_input_tokens": step.cached,
            "cache_creation_input_tokens": step.written,
            "output_tokens": step.answer + step.thought,
        }
    return {
        "prompt_tokens": step.fresh + step.cached + step.written,
        "completion_tokens": step.answer + step.thought,
        "prompt_tokens_details": {"cached_tokens": step.cached},
        "completion_tokens_details": {"reasoning_tokens": step.thought},
    }


def as_its_source(service: Service) -> Instrumented:
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


class Instance:
    """One process of the service, or its imitation for Prometheus."""

    def __init__(self, name: str, measured: Instrumented, hidden: Callable[[], tuple[str, ...]]) -> None:
        """Begin without measurements.

        Args:
            name: The label ``instance``.
            measured: Gives the measuring of its releases.
            hidden: Returns the metrics that are not exposed now.
        """
        self.name, self._hidden = name, hidden
        self._registry = CollectorRegistry()
        self._measuring = measured(self._registry)
        self._lock = Lock()

    def __enter__(self) -> Self:
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gone = incidents.EVERYTHING in instance._hidden()
                body = b"" if gone else generate_latest(instance)
                self.send_response(503 if gone else 200)
                self.send_header("Content-Type", CONTENT_TYPE_LATEST)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(ConnectionError):  # a client that did not wait is reported by Prometheus
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Write no log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The address for scrapes: host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def measuring(self, release: str) -> Measuring:
        """Return the measuring of a release."""
        with self._lock:
            return self._measuring(release)

    def collect(self) -> Iterator[Metric]:
        """Collect the exposed metrics, as a registry would."""
        hidden = self._hidden()
        for metric in self._registry.collect():
            if metric.name not in hidden and f"{metric.name}_total" not in hidden:
                yield metric
