"""Agents at work are measured: by the generated module, or as the source of a service that others measure."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

from generator.simulate.exposition import Process, ServiceExposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.model.service import Service
    from generator.simulate.behaviour import LlmCall, Loop, Run

    Sleep = Callable[[float], None]
    #: Gives the measuring of a release, in a registry.
    Measured = Callable[[CollectorRegistry], Callable[[str], "Measuring"]]


class Measuring(Protocol):
    """The measuring of one process that runs one release."""

    def work(self, run: Run, sleep: Sleep) -> None:
        """Take the steps of a run, and measure them."""

    def go_round(self, loop: Loop, sleep: Sleep) -> None:
        """Take one round of a run that never ends."""


def by_module(made: type[Any]) -> Measured:
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
