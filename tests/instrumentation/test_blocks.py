"""Runs, tool calls and LLM steps as blocks and decorators: their ends, and the resulting counts."""

from __future__ import annotations

import asyncio
import inspect
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.instrumentation.loading import fresh, measured, support, value

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator


class GraphRecursionError(RecursionError):
    """Called as a framework calls its own."""


class BudgetExceededError(Exception):
    """Called as a framework calls its own."""


def runs(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """The finished runs, by status and stop reason."""
    samples = (one for family in registry.collect() if family.name == "agent_run" for one in family.samples)
    return {
        (one.labels["status"], one.labels["stop_reason"]): one.value
        for one in samples
        if one.value and one.name.endswith("_total")
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, ("ok", "completed")),
        (ValueError("text that nobody may see"), ("error", "step_error")),
        (TimeoutError(), ("error", "timeout")),
        (GraphRecursionError(), ("ok", "max_steps")),
        (BudgetExceededError(), ("error", "budget_exceeded")),
        (asyncio.CancelledError(), ("ok", "cancelled")),
        (KeyboardInterrupt(), ("ok", "cancelled")),
        (ExceptionGroup("of a task group", [TimeoutError()]), ("error", "timeout")),
        (ExceptionGroup("of a task group", [BudgetExceededError()]), ("error", "budget_exceeded")),
    ],
    ids=repr,
)
def test_a_run_is_counted_once_however_it_ends_and_its_exception_passes_unchanged(
    error: BaseException | None, expected: tuple[str, str]
) -> None:
    metrics, registry = fresh()
    caught: BaseException | None = None
    run = metrics.run()
    try:
        with run:
            if error is not None:
                raise error  # noqa: TRY301 - out of the block
    except BaseException as passed:  # noqa: BLE001 - the very exception
        caught = passed
    run.__exit__(None, None, None)
    assert caught is error
    assert error is None or (error.__cause__ is None and error.__context__ is None)
    assert runs(registry) == {expected: 1}
    assert value(registry, "agent_run_latency_ms_count") == 1


@pytest.mark.parametrize(
    ("said", "error", "expected"),
    [
        (["max_steps"], None, "max_steps"),
        (["max_steps", "completed"], None, "max_steps"),
        (["budget_exceeded"], ValueError(), "budget_exceeded"),
        (["completed"], ValueError(), "step_error"),
        (["no such reason"], None, "other"),
    ],
)
def test_what_is_said_first_stays_unless_it_is_completion_and_an_exception_follows(
    said: list[str], error: Exception | None, expected: str
) -> None:
    metrics, registry = fresh()
    try:
        with metrics.run() as run:
            for reason in said:
                run.stop(reason)
            if error:
                raise error
    except ValueError:
        pass
    [(_, found)] = runs(registry)
    assert found == expected
    outside = registry.get_sample_value("agent_label_value_outside_total", {"label": "stop_reason"})
    assert outside == (1 if expected == "other" else 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("end_turn", "completed"),
        ("MAX_TOKENS", "max_tokens"),
        ("pause_turn", "paused"),
        (None, "other"),
        ("?", "other"),
    ],
)
def test_a_run_ends_in_the_words_of_a_provider(said: object, expected: str) -> None:
    metrics, registry = fresh()
    with metrics.run() as run:
        run.stop_from(said)
    [(_, found)] = runs(registry)
    assert found == expected


def test_an_exception_out_of_a_tool_ends_the_run_as_a_tool_error_also_when_it_is_wrapped() -> None:
    metrics, registry = fresh()
    for wrapped in (False, True):
        with pytest.raises(Exception, match="down") as caught, metrics.run() as run:  # noqa: PT012 - one block
            try:
                with run.tool_call("search_docs"):
                    raise TimeoutError("down")  # noqa: TRY301 - as tools do
            except TimeoutError as error:
                if wrapped:
                    raise RuntimeError("search is down") from error
                raise
        assert type(caught.value) is (RuntimeError if wrapped else TimeoutError)
    assert runs(registry) == {("error", "tool_error"): 2}
    assert value(registry, "agent_tool_error_total", tool="search_docs", error_class="timeout") == 2


def test_a_caught_failure_of_a_tool_does_not_fail_the_run() -> None:
    metrics, registry = fresh()
    with metrics.run() as run:
        try:
            with run.tool_call("search_docs"):
                raise ConnectionError  # noqa: TRY301 - as tools do
        except ConnectionError:
            with run.tool_call("search_docs") as call:
                call.fail("tool_validation")
    assert runs(registry) == {("ok", "completed"): 1}
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="error") == 2
    assert value(registry, "agent_tool_error_total", tool="search_docs", error_class="tool_validation") == 1


def test_decorated_functions_are_measured_and_stay_what_they_are() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    def agent(task: str) -> str:
        """Answer."""
        metrics.current_run().stop("paused")
        return search(task) + str(ask(task)["text"])

    @measured(metrics.tool_call("search_docs"))
    def search(text: str) -> str:
        return text

    @measured(metrics.llm_step("gpt-4o"))
    def ask(text: str) -> dict[str, Any]:
        return {"text": text, "usage": {"prompt_tokens": 5, "completion_tokens": 2}}

    assert agent("a") == "aa"
    assert (agent.__name__, agent.__doc__) == ("agent", "Answer.")
    assert runs(registry) == {("ok", "paused"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 2
    assert value(registry, "agent_token_usage_total", model="gpt-4o", token_type="prompt") == 5  # noqa: S106


def test_a_decorated_generator_is_measured_until_it_ends_and_obeys_its_caller() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    def echo() -> Generator[str, str, int]:
        said = "first"
        while said != "enough":
            try:
                said = yield said
            except KeyError:
                said = "caught"
        return 7

    stream = echo()
    assert inspect.isgeneratorfunction(echo)
    assert next(stream) == "first"
    assert stream.send("second") == "second"
    assert stream.throw(KeyError()) == "caught"
    assert runs(registry) == {}
    with pytest.raises(StopIteration) as ended:
        stream.send("enough")
    assert ended.value.value == 7
    left = echo()
    next(left)
    left.close()
    assert runs(registry) == {("ok", "completed"): 1, ("ok", "cancelled"): 1}


def test_a_decorated_async_generator_is_measured_until_it_ends_and_obeys_its_caller() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    async def echo() -> AsyncGenerator[str, str]:
        said = "first"
        while said != "enough":
            try:
                said = yield said
            except KeyError:
                said = "caught"

    async def main() -> None:
        stream = echo()
        assert await anext(stream) == "first"
        assert await stream.asend("second") == "second"
        assert await stream.athrow(KeyError()) == "caught"
        with pytest.raises(StopAsyncIteration):
            await stream.asend("enough")
        left = echo()
        await anext(left)
        await left.aclose()
        broken = echo()
        await anext(broken)
        with pytest.raises(ZeroDivisionError):
            await broken.athrow(ZeroDivisionError())

    assert inspect.isasyncgenfunction(echo)
    asyncio.run(main())
    assert runs(registry) == {("ok", "completed"): 1, ("ok", "cancelled"): 1, ("error", "step_error"): 1}


def test_a_decorated_coroutine_is_measured_until_it_is_done() -> None:
    metrics, registry = fresh()

    @measured(metrics.llm_step("gpt-4o-mini"))
    async def ask() -> dict[str, int]:
        await asyncio.sleep(0)
        return {"input_tokens": 3, "output_tokens": 1}

    assert inspect.iscoroutinefunction(ask)
    asyncio.run(ask())
    assert value(registry, "agent_token_usage_total", model="gpt-4o-mini", token_type="completion") == 1  # noqa: S106


def test_a_thread_of_ones_own_counts_for_the_run_that_is_named() -> None:
    metrics, registry = fresh()
    with metrics.run() as run:

        def work() -> None:
            with metrics.tool_call("search_docs"), run.tool_call("send_email"):
                pass

        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert run.steps == 1
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 1


def test_what_is_said_outside_of_a_run_counts_for_nothing() -> None:
    metrics, registry = fresh()
    metrics.current_run().stop("completed")
    with metrics.current_run().tool_call("search_docs"):
        pass
    assert runs(registry) == {}
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 1


def test_releases_share_a_registry_and_registries_share_nothing() -> None:
    metrics, registry = fresh()
    second = support().SupportAgentMetrics(release="r2", registry=registry)
    again = support().SupportAgentMetrics(release="r1", registry=registry)
    for one in (metrics, second, again):
        with one.run():
            pass
    assert value(registry, "agent_run_total", status="ok", stop_reason="completed") == 2
    assert registry.get_sample_value("agent_run_latency_ms_count", {"release": "r2"}) == 1
    _, other = fresh()
    assert runs(other) == {}


def test_a_name_that_is_taken_does_not_stop_the_agent_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    mine = Counter("agent_run_total", "Mine.", registry=registry)
    metrics = support().SupportAgentMetrics(release="r1", registry=registry)
    with metrics.run():
        pass
    assert "the metrics of support-agent are not exposed" in caplog.text
    assert registry.get_sample_value("agent_run_total") == 0
    registry.unregister(mine)
    assert list(registry.collect()) == []


def test_no_series_is_looked_up_by_its_labels_once_the_metrics_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, registry = fresh()

    def labels(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Counter, "labels", labels)
    with metrics.run() as run, run.llm_step("gpt-4o") as llm:
        llm.usage({"prompt_tokens": 1, "completion_tokens": 1})
        llm.fail("timeout")
    monkeypatch.undo()
    assert value(registry, "agent_llm_error_total", model="gpt-4o", error_class="timeout") == 1
    assert runs(registry) == {("ok", "completed"): 1}
