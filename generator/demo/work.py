"""One agent at work: a simulated run in real time, measured by the generated module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.simulate.behaviour import LlmCall, Loop, Run


def work(metrics: Any, run: Run, sleep: Callable[[float], None]) -> None:  # noqa: ANN401 - generated
    """Carry out a run, step by step."""
    with metrics.run() as measured:
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


def go_round(metrics: Any, loop: Loop, sleep: Callable[[float], None]) -> None:  # noqa: ANN401 - generated
    """Go round once in a run that never ends."""
    with metrics.tool_call(loop.tool):
        sleep(loop.seconds)
    with metrics.llm_step(loop.step.model) as llm:
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
