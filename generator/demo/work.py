"""One agent at work: the steps of a simulated run take their time, and are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prometheus_client import CollectorRegistry

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
