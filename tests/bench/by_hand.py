"""An agent measured as in the article, by prometheus_client alone: every series is looked up each time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

_USAGE = {"prompt_tokens": 900, "completion_tokens": 90}
_RELEASE = "r1"


class Result(Struct, frozen=True):
    """The answer of a model."""

    token_usage: dict[str, int]


class Step(Struct, frozen=True):
    """A call of a tool or a model, without any cost of its own."""

    tool: str | None
    model: str | None

    def execute(self) -> Result:
        """Answer at once."""
        return Result(_USAGE)


class ByHand:
    """The metrics of an agent."""

    def __init__(self) -> None:
        self.runs = _counter("runs", "status", "stop_reason")
        self.latency = _histogram("latency", (100, 250, 500, 1000, 2000, 5000, 10000))
        self.steps = _histogram("steps", (1, 2, 4, 8, 12, 16, 24, 32))
        self.tool_calls = _counter("tool_calls", "tool", "status")
        self.tool_latency = _histogram("tool_latency", (20, 50, 100, 250, 500, 1000, 2000, 5000), "tool")
        self.tokens = _counter("tokens", "model", "token_type")


def agent_by_hand(metrics: ByHand, steps: Sequence[Step]) -> None:
    """Take all steps; none fails, so that errors add no cost."""
    started, taken = time.time(), 0
    try:
        for step in steps:
            taken += 1
            if step.tool is not None:
                _call(metrics, step, step.tool)
            else:
                _count_tokens(metrics, step.model, step.execute().token_usage)
    finally:
        metrics.runs.labels(status="ok", stop_reason="max_steps", release=_RELEASE).inc()
        metrics.latency.labels(release=_RELEASE).observe((time.time() - started) * 1000)
        metrics.steps.labels(release=_RELEASE).observe(taken)


def _call(metrics: ByHand, step: Step, tool: str) -> None:
    started = time.time()
    step.execute()
    metrics.tool_calls.labels(tool=tool, status="ok", release=_RELEASE).inc()
    metrics.tool_latency.labels(tool=tool, release=_RELEASE).observe((time.time() - started) * 1000)


def _count_tokens(metrics: ByHand, model: str | None, usage: dict[str, int]) -> None:
    for token_type in ("prompt", "completion"):
        series = metrics.tokens.labels(model=model, token_type=token_type, release=_RELEASE)
        series.inc(usage.get(f"{token_type}_tokens", 0))


def _counter(name: str, *labels: str) -> Counter:
    return Counter(f"{name}_total", name, [*labels, "release"], registry=None)


def _histogram(name: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(name, name, [*labels, "release"], registry=None, buckets=buckets)
