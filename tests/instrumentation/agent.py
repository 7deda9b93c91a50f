"""An agent loop like the article's, which keeps its own counts of everything that it does."""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable

TOOLS = ("search_docs", "create_ticket", "send_email")
MODELS = ("gpt-4o", "gpt-4o-mini")


class Step(Struct, frozen=True):
    """The agent's next step: a call of a tool or a model, with success or an exception; it may be the last."""

    tool: str | None = None
    model: str | None = None
    error: BaseException | None = None
    usage: object = None
    final: bool = False


class Counts(Struct):
    """The loop's own counts, by the labels that it expects."""

    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    tool_calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    tool_errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    llm_errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def tool(self, step: Step, error_class: str) -> None:
        """Count a tool call; a class means that it failed."""
        name = step.tool if step.tool in TOOLS else "other"
        with self.lock:
            self.outside["tool"] += name == "other"
            self.tool_calls[name, "error" if error_class else "ok"] += 1
            if error_class:
                self.tool_errors[name, error_class] += 1

    def llm(self, step: Step, error_class: str) -> None:
        """Count an LLM step."""
        name = step.model if step.model in MODELS else "other"
        with self.lock:
            self.outside["model"] += name == "other"
            if error_class:
                self.llm_errors[name, error_class] += 1
            elif isinstance(step.usage, dict):
                self.tokens[name, "prompt"] += step.usage["prompt_tokens"]
                self.tokens[name, "completion"] += step.usage["completion_tokens"]

    def run(self, status: str, reason: str, steps: int) -> None:
        """Count a finished run."""
        with self.lock:
            self.runs[status, reason] += 1
            self.steps[steps] += 1


#: The expected class of each exception, in tools and in models.
CLASSES = {TimeoutError: "timeout", ConnectionError: "connection", asyncio.CancelledError: "cancelled"}


def run_agent(metrics: Any, steps: Iterable[Step], counts: Counts) -> None:  # noqa: ANN401 - generated
    """Run once, as the article does; an exception ends the run and passes on."""
    taken, reason, status = 0, "max_steps", "ok"
    try:
        with metrics.run(stop_reason="max_steps") as run:
            for step in steps:
                taken += 1
                try:
                    if step.tool is not None:
                        with run.tool_call(step.tool):
                            _execute(step)
                    else:
                        with run.llm_step(step.model) as llm:
                            _execute(step)
                            llm.usage({"usage": step.usage})
                except BaseException as error:
                    _count(counts, step, CLASSES.get(type(error)))
                    cancelled = isinstance(error, asyncio.CancelledError)
                    reason = (
                        "cancelled" if cancelled else "tool_error" if step.tool is not None else "step_error"
                    )
                    status = "ok" if cancelled else "error"
                    raise
                _count(counts, step, "")
                if step.final:
                    reason = "completed"
                    run.stop("completed")
                    break
    finally:
        counts.run(status, reason, taken)


def _execute(step: Step) -> None:
    if step.error is not None:
        raise step.error


def _count(counts: Counts, step: Step, error_class: str | None) -> None:
    if step.tool is not None:
        counts.tool(step, "tool_error" if error_class is None else error_class)
    else:
        counts.llm(step, "other" if error_class is None else error_class)
