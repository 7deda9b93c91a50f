"""Streams that decorated steps and runs return: their tokens, their end, and the current run in between."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.instrumentation.loading import fresh, measured, value
from tests.instrumentation.test_blocks import runs
from tests.instrumentation.test_settling import tokens

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator

_CHUNKS: list[dict[str, Any]] = [
    {"choices": [{"delta": {"content": "a"}}], "usage": None},
    {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 7}},
]
_ALL = {"prompt": 100, "completion": 7}


class SdkStream:
    """An SDK's stream: an iterator with ``close``, and a context manager."""

    def __init__(self) -> None:
        self.left = iter(_CHUNKS)
        self.closed = False
        self.response = "headers"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self.left)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: D102 - as streams have
        self.closed = True


class AsyncStream:
    """The same, asynchronous."""

    def __init__(self) -> None:
        self.left = iter(_CHUNKS)

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        try:
            return next(self.left)
        except StopIteration:
            raise StopAsyncIteration from None


def test_a_stream_that_a_step_returns_is_what_it_was_and_counts_once() -> None:
    metrics, registry = fresh()
    stream = measured(metrics.llm_step("gpt-4o"))(SdkStream)()
    assert isinstance(stream, SdkStream)
    assert stream.response == "headers"
    assert tokens(registry) == {}
    assert list(stream) == _CHUNKS
    assert tokens(registry) == _ALL
    stream.close()
    assert stream.closed
    assert tokens(registry) == _ALL
    assert not hasattr(stream, "__anext__")


@pytest.mark.parametrize("leave", ["close", "with", "forget"])
def test_a_stream_that_is_left_keeps_its_tokens_and_its_step_is_cancelled(leave: str) -> None:
    metrics, registry = fresh()
    usage_first = [_CHUNKS[1], _CHUNKS[0]]
    stream = measured(metrics.llm_step("gpt-4o"))(lambda: iter_of(usage_first))()
    if leave == "with":
        with stream as entered:
            next(entered)
    else:
        next(stream)
    if leave == "close":
        stream.close()
    del stream
    gc.collect()
    assert tokens(registry) == _ALL
    assert value(registry, "agent_llm_error_total", model="gpt-4o", error_class="cancelled") == 1


def iter_of(items: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a stream as any
    """A stream of some items."""
    stream = SdkStream()
    stream.left = iter(items)
    return stream


def test_a_stream_that_breaks_is_an_error_of_its_step() -> None:
    metrics, registry = fresh()

    def broken() -> Generator[dict[str, Any], None, None]:
        yield _CHUNKS[1]
        raise TimeoutError

    class Broken(SdkStream):
        def __next__(self) -> dict[str, Any]:
            return next(self.source)

        source = broken()

    for function in (broken, Broken):
        with pytest.raises(TimeoutError):
            list(measured(metrics.llm_step("gpt-4o"))(function)())
    assert tokens(registry) == {"prompt": 200, "completion": 14}
    assert value(registry, "agent_llm_error_total", model="gpt-4o", error_class="timeout") == 2


def test_a_with_that_reads_its_stream_itself_counts_what_it_summed_up() -> None:
    metrics, registry = fresh()

    class Message:
        current_message_snapshot: ClassVar = {"id": "m", "usage": {"input_tokens": 5, "output_tokens": 2}}

        def read(self) -> str:
            return "a"

    @contextmanager
    def stream() -> Generator[Message, None, None]:
        yield Message()

    @asynccontextmanager
    async def async_stream() -> AsyncGenerator[Message, None]:
        yield Message()

    async def main() -> None:
        async with measured(metrics.llm_step("gpt-4o"))(async_stream)() as entered:
            assert entered.read() == "a"

    with measured(metrics.llm_step("gpt-4o"))(stream)() as entered:
        assert entered.read() == "a"
    asyncio.run(main())
    assert tokens(registry) == {"prompt": 10, "completion": 4}
    assert value(registry, "agent_llm_error_total", model="gpt-4o", error_class="cancelled") == 0


def test_asynchronous_streams_count_as_the_others_do() -> None:
    metrics, registry = fresh()

    async def created() -> AsyncStream:
        return AsyncStream()

    async def generated() -> AsyncGenerator[dict[str, Any], None]:
        for chunk in _CHUNKS:
            yield chunk

    async def main() -> None:
        step = metrics.llm_step("gpt-4o")
        assert [one async for one in await measured(step)(created)()] == _CHUNKS
        assert [one async for one in measured(step)(AsyncStream)()] == _CHUNKS
        assert [one async for one in measured(step)(generated)()] == _CHUNKS
        assert [one async for one in await measured(step)(lambda: created())()] == _CHUNKS  # noqa: PLW0108 - no coroutine function

    asyncio.run(main())
    assert tokens(registry) == {"prompt": 400, "completion": 28}


def test_what_is_still_to_be_awaited_ends_the_step_when_it_is_done() -> None:
    metrics, registry = fresh()

    async def ask() -> dict[str, Any]:
        await asyncio.sleep(0)
        return _CHUNKS[1]

    async def main() -> None:
        step = metrics.llm_step("gpt-4o")
        task = measured(step)(lambda: asyncio.ensure_future(ask()))()
        assert isinstance(task, asyncio.Task)
        await task
        assert await measured(step)(lambda: ask())() == _CHUNKS[1]  # noqa: PLW0108 - no coroutine function

    asyncio.run(main())
    assert tokens(registry) == {"prompt": 200, "completion": 14}


def test_a_bedrock_answer_has_its_stream_under_a_key() -> None:
    metrics, registry = fresh()
    answer = {
        "ResponseMetadata": {},
        "stream": iter_of(
            [{"metadata": {"usage": {"inputTokens": 9, "outputTokens": 1, "totalTokens": 10}}}]
        ),
    }
    found = measured(metrics.llm_step("gpt-4o"))(lambda: answer)()
    assert len(list(found["stream"])) == 1
    assert tokens(registry) == {"prompt": 9, "completion": 1}


def _agent(metrics: Any) -> Callable[[], Generator[str, None, None]]:  # noqa: ANN401 - generated
    @measured(metrics.llm_step("gpt-4o"))
    def ask() -> Generator[dict[str, Any], None, None]:
        yield from _CHUNKS

    @measured(metrics.run())
    def agent() -> Generator[str, None, None]:
        for number in range(3):
            with metrics.tool_call("search_docs"):
                yield str(number)
            metrics.current_run().step()
        for _ in ask():
            yield "said"
        metrics.current_run().stop("paused")

    return agent


def _in_threads(metrics: Any) -> None:  # noqa: ANN401 - generated
    stream, items = _agent(metrics)(), []

    def one() -> None:
        items.extend([item for item in [next(stream, None)] if item is not None])

    for _ in range(6):
        thread = Thread(target=one)
        thread.start()
        thread.join()
    assert items == ["0", "1", "2", "said", "said"]


def _in_contexts(metrics: Any) -> None:  # noqa: ANN401 - generated
    stream = _agent(metrics)()
    while copy_context().run(next, stream, None) is not None:
        assert metrics.current_run().steps == 0  # without a run: the consumer is in none


def _in_starlette(metrics: Any) -> None:  # noqa: ANN401 - generated
    def endpoint(_: object) -> StreamingResponse:
        return StreamingResponse(_agent(metrics)())

    answer = TestClient(Starlette(routes=[Route("/", endpoint)])).get("/")
    assert answer.text == "012saidsaid"


@pytest.mark.parametrize("consume", [_in_threads, _in_contexts, _in_starlette])
def test_a_streamed_run_stays_current_in_each_of_its_items(consume: Callable[[Any], None]) -> None:
    metrics, registry = fresh()
    consume(metrics)
    assert runs(registry) == {("ok", "paused"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 7
    assert tokens(registry) == _ALL


def test_two_runs_that_are_streamed_at_once_are_two() -> None:
    metrics, registry = fresh()
    agent = _agent(metrics)
    assert len(list(zip(agent(), agent(), strict=True))) == 5
    assert runs(registry) == {("ok", "paused"): 2}
    assert value(registry, "agent_steps_per_run_sum") == 14


def test_a_consumer_that_leaves_cancels_the_run_and_keeps_its_steps_and_tokens() -> None:
    metrics, registry = fresh()

    @measured(metrics.llm_step("gpt-4o"))
    async def ask() -> AsyncGenerator[dict[str, Any], None]:
        for chunk in (_CHUNKS[1], _CHUNKS[0]):
            yield chunk

    @measured(metrics.run())
    async def agent() -> AsyncGenerator[str, None]:
        async with metrics.tool_call("search_docs"):
            pass
        async for _ in ask():
            yield "said"

    async def main() -> None:
        stream = agent()
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.01)

    asyncio.run(main())
    gc.collect()
    assert runs(registry) == {("ok", "cancelled"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 2
    assert tokens(registry) == _ALL
