"""The article's agent, run for real: its exposition matches the spec and the loop's own counts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

from tests.instrumentation.agent import MODELS, TOOLS, Counts, Step, run_agent
from tests.instrumentation.exposition import beyond, families, misfits
from tests.instrumentation.loading import fresh, measured, service, shipped

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_RUNS, _THREADS = 400, 8
_TOOL_ERRORS: tuple[BaseException | None, ...] = (
    *(None,) * 9,
    TimeoutError("a"),
    ConnectionError("b"),
    RuntimeError("no class of it"),
    asyncio.CancelledError(),
)


def story(rng: Random) -> list[Step]:
    """Make up a run: unknown tools and models among the known ones, failures, and sometimes no end."""
    steps = []
    for _ in range(rng.randrange(12)):
        final = rng.random() < 0.2
        error = rng.choice(_TOOL_ERRORS)
        if rng.random() < 0.6:
            steps.append(
                Step(tool=rng.choice((*TOOLS, "made_up", "tool-of-user-17")), error=error, final=final)
            )
        else:
            usage = {"prompt_tokens": rng.randrange(900), "completion_tokens": rng.randrange(90)}
            model = rng.choice((*MODELS, "gpt-9"))
            steps.append(Step(model=model, error=error, usage=usage, final=final))
    return steps


def compare(registry: CollectorRegistry, counts: Counts) -> None:
    """Compare every counter and the histogram of steps with the loop's counts, zeros included."""
    exposed = families(registry)
    for name, labels, wanted in (
        ("agent_run", ("status", "stop_reason"), counts.runs),
        ("agent_tool_call", ("tool", "status"), counts.tool_calls),
        ("agent_tool_error", ("tool", "error_class"), counts.tool_errors),
        ("agent_llm_error", ("model", "error_class"), counts.llm_errors),
        ("agent_token_usage", ("model", "token_type"), counts.tokens),
    ):
        found = {tuple(one.labels[label] for label in labels): one.value for one in exposed[name].samples}
        assert {key: number for key, number in found.items() if number} == {
            key: number for key, number in wanted.items() if number
        }, name
        assert all(found[key] == 0 for key in found.keys() - wanted.keys()), name
    outside = {one.labels["label"]: one.value for one in exposed["agent_label_value_outside"].samples}
    assert {name: number for name, number in outside.items() if number} == +counts.outside
    steps = {one.name + one.labels.get("le", ""): one.value for one in exposed["agent_steps_per_run"].samples}
    assert steps["agent_steps_per_run_count"] == counts.steps.total()
    assert steps["agent_steps_per_run_sum"] == sum(number * times for number, times in counts.steps.items())
    for bound in (1, 2, 4, 8):
        within = sum(times for number, times in counts.steps.items() if number <= bound)
        assert steps[f"agent_steps_per_run_bucket{bound}.0"] == within
    latency = {one.name: one.value for one in exposed["agent_run_latency_ms"].samples}
    assert latency["agent_run_latency_ms_count"] == counts.steps.total()
    assert latency["agent_run_latency_ms_sum"] > 0
    calls = {
        one.labels["tool"]: one.value
        for one in exposed["agent_tool_latency_ms"].samples
        if one.name.endswith("count")
    }
    assert sum(calls.values()) == counts.tool_calls.total()


def test_what_is_exposed_is_what_the_loop_counted_and_the_spec_declares() -> None:
    metrics, registry = fresh()
    counts, rng = Counts(), Random(1)  # noqa: S311 - a story, no secret
    for _ in range(_RUNS):
        with suppress(Exception, asyncio.CancelledError):
            run_agent(metrics, story(rng), counts)
    assert len(counts.runs) == 5
    compare(registry, counts)
    assert misfits(families(registry), service("support-agent")) == []
    assert beyond(families(registry), service("support-agent"), shipped().site) == []


def test_threads_lose_nothing() -> None:
    metrics, registry = fresh()
    counts = Counts()

    def work(seed: int) -> None:
        rng = Random(seed)  # noqa: S311 - a story, no secret
        for _ in range(_RUNS // 4):
            with suppress(Exception, asyncio.CancelledError):
                run_agent(metrics, story(rng), counts)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, range(_THREADS)))
    compare(registry, counts)


def test_tasks_keep_their_runs_apart_and_a_cancelled_one_is_counted() -> None:
    metrics, registry = fresh()

    @measured(metrics.tool_call("search_docs"))
    async def search(started: asyncio.Event, forever: asyncio.Event) -> None:
        started.set()
        await forever.wait()

    async def agent(steps: int, started: asyncio.Event, forever: asyncio.Event) -> None:
        async with metrics.run() as run:
            for _ in range(steps):
                async with metrics.llm_step("gpt-4o"):
                    await asyncio.sleep(0)
            assert metrics.current_run() is run
            await search(started, forever)

    async def main() -> None:
        forever = asyncio.Event()
        tasks, starts = [], []
        for steps in (1, 4, 7):
            starts.append(asyncio.Event())
            tasks.append(asyncio.create_task(agent(steps, starts[-1], forever)))
        for started in starts:
            await started.wait()
        tasks[1].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[1]
        forever.set()
        await asyncio.gather(tasks[0], tasks[2])

    asyncio.run(main())
    exposed = families(registry)
    runs = _nonzero(exposed["agent_run"].samples, "status", "stop_reason")
    assert runs == {("ok", "completed"): 2, ("ok", "cancelled"): 1}
    assert _nonzero(exposed["agent_tool_call"].samples, "tool", "status") == {
        ("search_docs", "ok"): 2,
        ("search_docs", "error"): 1,
    }
    assert _nonzero(exposed["agent_tool_error"].samples, "tool", "error_class") == {
        ("search_docs", "cancelled"): 1
    }
    steps = {one.name: one.value for one in exposed["agent_steps_per_run"].samples}
    assert steps["agent_steps_per_run_sum"] == 2 + 5 + 8


def test_every_series_of_listed_values_is_there_before_anything_happens() -> None:
    _, registry = fresh()
    exposed = families(registry)
    assert len(exposed["agent_run"].samples) == 15
    assert len(exposed["agent_tool_error"].samples) == 4 * 17
    assert {
        one.value for name, family in exposed.items() if "created" not in name for one in family.samples
    } == {0}
    assert misfits(families(registry), service("support-agent")) == []


def _nonzero(samples: list[Any], *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(one.labels[label] for label in labels): one.value for one in samples if one.value}
