"""The cost of a measurement for the agent: the generated module beside prometheus_client by hand, CPU time a call."""

from __future__ import annotations

import timeit
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from tests.bench.by_hand import ByHand, Step, agent_by_hand
from tests.bench.context import Found
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.process import ROOT
from tests.instrumentation.loading import imported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.bench.context import Effort

_PART = "A measurement in the agent (CPU of a call)"
_CALLS, _ROUNDS = 2000, 5
_TOOLS = (Step("search_docs", None),) * 12
_STEPS = (Step("search_docs", None), Step(None, "gpt-4o")) * 6
_AT_MOST, _FASTER = Goal(1.35), Goal(4.5, at_least=True)


def measure(effort: Effort) -> Found:
    """Count, observe, and run an agent of six tool calls and six LLM steps, each in all ways."""
    module = imported(ROOT / "output" / "instrumentation" / "support_agent_metrics.py")
    metrics = module.SupportAgentMetrics(release="r1", registry=CollectorRegistry())
    by_hand = ByHand()
    found = _interleaved({**_calls(metrics, by_hand), **_runs(metrics, by_hand)}, _ROUNDS * effort.times)
    return Found([*_lines_of_calls(found), *_lines_of_runs(found)])


def _calls(metrics: Any, by_hand: ByHand) -> dict[str, Callable[[], object]]:  # noqa: ANN401 - generated
    """Feed one series, bound by the module, bound once by hand, and looked up each time."""
    measures = metrics._measures  # noqa: SLF001 - what the blocks feed
    count = by_hand.tool_calls.labels(tool="search_docs", status="ok", release="r1")
    time = by_hand.tool_latency.labels(tool="search_docs", release="r1")
    return {
        "inc": lambda: measures.agent_tool_call_total["search_docs", "ok"].inc(1),
        "inc, bound": lambda: count.inc(1),
        "inc, labels": lambda: by_hand.tool_calls.labels(tool="search_docs", status="ok", release="r1").inc(
            1
        ),
        "observe": lambda: measures.agent_tool_latency_ms["search_docs",].observe(300),
        "observe, bound": lambda: time.observe(300),
        "observe, labels": lambda: by_hand.tool_latency.labels(tool="search_docs", release="r1").observe(300),
    }


def _runs(metrics: Any, by_hand: ByHand) -> dict[str, Callable[[], object]]:  # noqa: ANN401 - generated
    """Run the article's loop."""
    return {
        "run of tools": lambda: _agent(metrics, _TOOLS),
        "run of tools, by hand": lambda: agent_by_hand(by_hand, _TOOLS),
        "run": lambda: _agent(metrics, _STEPS),
        "run, by hand": lambda: agent_by_hand(by_hand, _STEPS),
    }


def _agent(metrics: Any, steps: Sequence[Step]) -> None:  # noqa: ANN401 - generated
    with metrics.run(stop_reason="max_steps") as run:
        for step in steps:
            if step.tool is not None:
                with run.tool_call(step.tool):
                    step.execute()
            else:
                with run.llm_step(step.model) as llm:
                    llm.usage(step.execute().token_usage)


def _interleaved(calls: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Time each in turn, ``times`` over; medians of the seconds of one call by name."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(times):
        for name, call in calls.items():
            number = _CALLS // 20 if name.startswith("run") else _CALLS
            found[name].append(timeit.timeit(call, timer=process_time, number=number) / number)
    return {name: median(each) for name, each in found.items()}


def _lines_of_calls(found: Mapping[str, float]) -> list[RatioLine]:
    """Compare with both ways; an observation takes so long itself that no child is 4.5 times faster than a look-up."""
    lines = []
    for name, faster in (("inc", _FASTER), ("observe", None)):
        ours = Figure(found[name], FigureUnit.SECONDS, "")
        bound = Figure(found[f"{name}, bound"], FigureUnit.SECONDS, "a child bound once")
        looked_up = Figure(found[f"{name}, labels"], FigureUnit.SECONDS, f".labels(...).{name}()")
        lines += [
            RatioLine(_PART, name, ours, bound, _AT_MOST),
            RatioLine(_PART, f"{name}, against labels", ours, looked_up, faster, inverse=True),
        ]
    return lines


def _lines_of_runs(found: Mapping[str, float]) -> list[RatioLine]:
    return [
        RatioLine(
            _PART,
            item,
            Figure(found[name], FigureUnit.SECONDS, ""),
            Figure(found[f"{name}, by hand"], FigureUnit.SECONDS, "the article's code"),
            Goal(1, source="at or below by hand"),
        )
        for name, item in (
            ("run of tools", "a run of 12 tool calls"),
            ("run", "a run of 6 tool calls and 6 LLM steps with tokens"),
        )
    ]
