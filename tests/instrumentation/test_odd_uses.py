"""Unusual uses of blocks: reused, left open, ended elsewhere, timed out; their counts are still true."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import copy_context
from threading import Barrier, Thread
from typing import TYPE_CHECKING
from weakref import ref

import pytest
from prometheus_client import CollectorRegistry

from tests.instrumentation.loading import OUTPUT, fresh, imported, measured, support, value
from tests.instrumentation.test_blocks import runs

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator


def test_a_run_that_its_own_deadline_ends_is_no_cancelled_one() -> None:
    metrics, registry = fresh()

    async def agent() -> None:
        async with metrics.run() as run, asyncio.timeout(0.001), run.tool_call("search_docs"):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(agent())
    assert runs(registry) == {("error", "timeout"): 1}


def test_a_run_whose_tasks_are_runs_of_their_own_ends_by_what_failed_in_one_of_them() -> None:
    metrics, registry = fresh()

    async def waits() -> None:
        async with metrics.run():
            await asyncio.Event().wait()

    async def fails() -> None:
        async with metrics.run() as run:
            await asyncio.sleep(0)
            with run.tool_call("search_docs"):
                raise ConnectionError

    async def main() -> None:
        async with metrics.run(), asyncio.TaskGroup() as group:
            group.create_task(waits())
            group.create_task(fails())

    with pytest.raises(ExceptionGroup):
        asyncio.run(main())
    assert runs(registry) == {("error", "tool_error"): 1}


@pytest.mark.parametrize("leave", [GeneratorExit, asyncio.CancelledError, KeyboardInterrupt])
def test_a_completed_run_whose_caller_leaves_stays_completed(leave: type[BaseException]) -> None:
    metrics, registry = fresh()
    with pytest.raises(leave), metrics.run() as run:  # noqa: PT012 - one block
        run.stop("completed")
        raise leave
    assert runs(registry) == {("ok", "completed"): 1}


def test_one_object_that_serves_several_blocks_at_once_loses_none() -> None:
    metrics, registry = fresh()
    search, together = metrics.tool_call("search_docs"), Barrier(4)

    def work() -> None:
        with search:
            together.wait()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with search, search:
        pass
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 6
    assert value(registry, "agent_tool_latency_ms_count", tool="search_docs") == 6


def test_a_run_entered_within_itself_leaves_no_run_behind() -> None:
    metrics, registry = fresh()
    run = metrics.run()
    with run, run:
        pass
    assert metrics.current_run() is not run
    assert runs(registry) == {("ok", "completed"): 2}


def test_two_threads_that_end_one_run_count_it_once() -> None:
    metrics, registry = fresh()
    for _ in range(50):
        run, together = metrics.run().__enter__(), Barrier(2)

        def end(run: object = run, together: Barrier = together) -> None:
            together.wait()
            run.__exit__(None, None, None)  # type: ignore[attr-defined]

        threads = [Thread(target=end) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert runs(registry) == {("ok", "completed"): 50}


def test_a_task_that_outlives_its_run_calls_tools_of_no_run() -> None:
    metrics, registry = fresh()

    async def straggler(go: asyncio.Event) -> None:
        await go.wait()
        with metrics.tool_call("search_docs"):
            pass

    async def main() -> None:
        go = asyncio.Event()
        async with metrics.run() as run:
            task = asyncio.create_task(straggler(go))
            await asyncio.sleep(0)
        go.set()
        await task
        assert run.steps == 0

    asyncio.run(main())
    assert value(registry, "agent_steps_per_run_sum") == 0


def test_a_generator_that_ends_in_another_context_leaves_no_run_behind() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    def agent() -> Generator[int, None, None]:
        yield 1

    stream = agent()
    next(stream)
    copy_context().run(stream.close)
    with metrics.tool_call("search_docs"), metrics.run() as run:
        assert metrics.current_run() is run
    metrics.current_run().stop("paused")
    assert runs(registry) == {("ok", "cancelled"): 1, ("ok", "completed"): 1}


def test_a_stream_that_its_consumer_left_takes_no_run_in() -> None:
    metrics, registry = fresh()

    async def agent() -> AsyncGenerator[int, None]:
        async with metrics.run():
            for item in range(3):
                with metrics.llm_step("gpt-4o"):
                    await asyncio.sleep(0)
                yield item

    async def main() -> None:
        for _ in range(10):
            async for _item in agent():
                break
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert runs(registry) == {("ok", "cancelled"): 10}
    assert value(registry, "agent_steps_per_run_sum") == 10


def test_streams_that_take_turns_are_a_run_each_and_keep_their_steps() -> None:
    metrics, registry = fresh()

    def agent() -> Generator[None, None, None]:
        with metrics.run():
            for _ in range(3):
                with metrics.tool_call("search_docs"):
                    pass
                yield

    streams = [agent() for _ in range(3)]
    for _ in range(4):
        for stream in streams:
            next(stream, None)
    assert runs(registry) == {("ok", "completed"): 3}
    assert value(registry, "agent_steps_per_run_sum") == 9
    assert value(registry, "agent_steps_per_run_bucket", le="4.0") == 3


def test_streams_that_overlap_in_turn_are_forgotten_when_they_end() -> None:
    metrics, _ = fresh()
    kept: list[ref[object]] = []

    def agent() -> Generator[None, None, None]:
        with metrics.run() as run:
            kept.append(ref(run))
            yield

    before = agent()
    for stream in [before, *(agent() for _ in range(20))]:
        next(stream)
        if stream is not before:
            before.close()
        before = stream
    before.close()
    del stream, before
    gc.collect()
    assert sum(one() is not None for one in kept) <= 2


def test_a_generator_that_is_a_block_has_what_goes_on_inside() -> None:
    metrics, registry = fresh()

    @contextmanager
    def traced() -> Generator[None, None, None]:
        with metrics.run():
            yield

    @asynccontextmanager
    async def traced_too() -> AsyncGenerator[None, None]:
        async with metrics.run():
            yield

    async def main() -> None:
        async with traced_too():
            with metrics.tool_call("search_docs"), traced():
                pass

    with traced(), metrics.tool_call("search_docs"), metrics.run():
        pass
    asyncio.run(main())
    assert runs(registry) == {("ok", "completed"): 2}
    assert value(registry, "agent_steps_per_run_sum") == 2


def test_a_stream_whose_items_are_asked_for_in_several_contexts_is_one_run() -> None:
    metrics, registry = fresh()

    def agent() -> Generator[None, None, None]:
        with metrics.run():
            for _ in range(3):
                with metrics.tool_call("search_docs"), metrics.run(), metrics.llm_step("gpt-4o"):
                    pass
                yield

    async def streamed() -> AsyncGenerator[None, None]:
        async with metrics.run():
            for _ in range(3):
                async with metrics.tool_call("search_docs"):
                    await asyncio.sleep(0)
                yield

    async def main() -> None:
        async with metrics.run():
            stream, later = agent(), streamed()
            for _ in range(4):
                await asyncio.to_thread(next, stream, None)  # as web frameworks send a stream
                with suppress(StopAsyncIteration):
                    await asyncio.create_task(later.__anext__())
            with metrics.tool_call("send_email"):
                pass

    asyncio.run(main())
    assert runs(registry) == {("ok", "completed"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 3 * 2 + 3 + 1


def test_the_tasks_of_a_stream_are_steps_of_its_run() -> None:
    metrics, registry = fresh()

    async def search() -> None:
        async with metrics.tool_call("search_docs"):
            await asyncio.sleep(0)

    async def agent() -> AsyncGenerator[None, None]:
        async with metrics.run():
            await asyncio.gather(search(), search(), asyncio.to_thread(asyncio.run, search()))
            yield

    async def main() -> None:
        async for _ in agent():
            pass

    asyncio.run(main())
    assert value(registry, "agent_steps_per_run_sum") == 3


def test_metrics_are_exposed_again_where_the_registry_lost_them() -> None:
    metrics, registry = fresh()
    for collector in list(registry._collector_to_names):  # noqa: SLF001 - as the tests of a service do
        registry.unregister(collector)
    again = support().SupportAgentMetrics(release="r1", registry=registry)
    for one in (metrics, again):
        with one.run():
            pass
    assert runs(registry) == {("ok", "completed"): 2}


def test_an_abandoned_stream_is_counted_when_it_is_collected() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    async def agent() -> AsyncGenerator[int, None]:
        yield 1

    async def main() -> None:
        stream = agent()
        await anext(stream)
        del stream
        gc.collect()
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert runs(registry) == {("ok", "cancelled"): 1}


def test_an_unknown_model_is_counted_once_for_a_step_also_when_its_usage_comes_after() -> None:
    metrics, registry = fresh()
    with metrics.llm_step("gpt-9") as llm:
        pass
    llm.usage({"prompt_tokens": 1})
    assert registry.get_sample_value("agent_label_value_outside_total", {"label": "model"}) == 1


def test_a_module_that_is_loaded_again_stops_nobody_and_says_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics, registry = fresh()
    again = imported(OUTPUT / "support_agent_metrics.py").SupportAgentMetrics(release="r1", registry=registry)
    for one in (again, metrics):
        with one.run():
            pass
    assert "before it was loaded anew" in caplog.text
    assert runs(registry) == {("ok", "completed"): 1}


def test_the_first_loss_is_logged_and_no_other(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = imported(OUTPUT / "support_agent_metrics.py")
    metrics = module.SupportAgentMetrics(release="r1", registry=fresh()[1])

    def broken(*_: object) -> str:
        raise OSError

    monkeypatch.setattr(module._Bound, "fold", broken)  # noqa: SLF001 - to break it
    caplog.clear()
    for _ in range(2):
        with metrics.run() as run, run.tool_call("search_docs"):
            run.stop("completed")
    assert [record.message for record in caplog.records] == ["metrics were lost; this is said only once"]


def test_texts_of_other_classes_are_known_by_what_they_say() -> None:
    from enum import StrEnum  # noqa: PLC0415 - beside its use

    class Tool(StrEnum):
        SEARCH = "search_docs"

    metrics, registry = fresh()
    with metrics.tool_call(Tool.SEARCH):
        pass
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 1
    assert support().stop_reason_of(Tool.SEARCH) is None


#: Calls that lack an argument, or have one too many, on the metrics, on a run, on a tool call and on a step.
_MISFITS = {
    "no tool": lambda metrics, *_: metrics.tool_call(),
    "no model": lambda metrics, *_: metrics.llm_step(),
    "two tools": lambda metrics, *_: metrics.tool_call("search_docs", "create_ticket"),
    "a tool twice": lambda metrics, *_: metrics.tool_call("search_docs", tool="create_ticket"),
    "a current run of something": lambda metrics, *_: metrics.current_run("mine"),
    "nothing to expect": lambda metrics, *_: metrics.expect(),
    "no values to expect": lambda metrics, *_: metrics.expect("tool"),
    "a run of what there is not": lambda _, run, *__: run.sub_run("x", colour="red"),
    "a tool of what there is not": lambda _, run, *__: run.tool_call("search_docs", colour="red"),
    "a model of what there is not": lambda _, run, *__: run.llm_step("gpt-4o", colour="red"),
    "no tool of a run": lambda _, run, *__: run.tool_call(),
    "a step of something": lambda _, run, *__: run.step("search"),
    "a hand-over to somebody": lambda _, run, *__: run.hand_over("you"),
    "no reason": lambda _, run, *__: run.stop(),
    "two reasons": lambda _, run, *__: run.stop("completed", "timeout"),
    "nothing said": lambda _, run, *__: run.stop_from(),
    "no error of a tool": lambda _, __, tool, ___: tool.fail(),
    "no error of a step": lambda *all_: all_[3].fail(),
    "no answer": lambda *all_: all_[3].usage(),
    "two answers": lambda *all_: all_[3].usage({}, {}),
}


@pytest.mark.parametrize("misfit", _MISFITS)
def test_a_call_that_does_not_fit_its_method_raises_nothing_and_is_logged(
    misfit: str, caplog: pytest.LogCaptureFixture
) -> None:
    module = imported(OUTPUT / "support_agent_metrics.py")  # which has logged nothing yet
    registry = CollectorRegistry()
    metrics = module.SupportAgentMetrics(release="r1", registry=registry)
    with metrics.run() as run, run.tool_call("search_docs") as tool, run.llm_step("gpt-4o") as step:
        made = _MISFITS[misfit](metrics, run, tool, step)
        if hasattr(made, "__enter__") and made is not run:
            with made:
                pass
    assert sum(runs(registry).values()) == (0 if "hand-over" in misfit else 1)
    logged = [one.getMessage() for one in caplog.records]
    assert any("() is called without " in one or "left out" in one for one in logged)


def test_a_tool_call_without_its_tool_counts_as_other() -> None:
    metrics, registry = fresh()
    with metrics.tool_call():
        pass
    assert value(registry, "agent_tool_call_total", tool="other", status="ok") == 1


@pytest.mark.parametrize("error", [(), (None,)])
def test_what_failed_without_a_reason_has_failed(error: tuple[None, ...]) -> None:
    metrics, registry = fresh()
    with metrics.tool_call("search_docs") as tool:
        tool.fail(*error)
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="error") == 1
    assert value(registry, "agent_tool_error_total", tool="search_docs", error_class="other") == 1


def test_metrics_without_their_release_count_as_another(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    metrics = support().SupportAgentMetrics(registry=registry)
    with metrics.run():
        pass
    labels = {"release": "other", "status": "ok", "stop_reason": "completed"}
    assert registry.get_sample_value("agent_run_total", labels) == 1
    assert "__init__() is called without release" in caplog.text
