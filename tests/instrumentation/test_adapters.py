"""Adapters beside a module, with the real frameworks; messages of the Claude Agent SDK are replaced by fakes."""

from __future__ import annotations

import asyncio
import importlib
import os
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from tests.instrumentation.loading import assert_laid_out, service, shipped, value, with_adapters
from tests.instrumentation.test_blocks import runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import ModuleType

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
_ALL = ("langchain", "openai_agents", "litellm", "pydantic_ai", "claude_agent_sdk")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the module of support-agent and all adapters."""
    one = replace(service("support-agent"), adapters=_ALL)
    return with_adapters(one, shipped().site, tmp_path_factory.mktemp("adapters"))


@pytest.fixture
def loaded(written: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function
    """Import an adapter, with metrics in a registry of its own."""

    def load(framework: str) -> tuple[ModuleType, Any, CollectorRegistry]:
        monkeypatch.syspath_prepend(str(written))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = importlib.import_module(f"support_agent_{framework}")
        registry = CollectorRegistry()
        module = importlib.import_module("support_agent_metrics")
        return adapter, module.SupportAgentMetrics(release="r1", registry=registry), registry

    return load


def tokens(registry: CollectorRegistry) -> tuple[float, float]:
    """The tokens of prompts and of completions."""
    found = [
        value(registry, "agent_token_usage_total", model="gpt-4o", token_type=kind)
        for kind in ("prompt", "completion")
    ]
    return found[0], found[1]


@pytest.mark.parametrize("framework", _ALL)
def test_adapters_are_clean_and_laid_out(framework: str, written: Path) -> None:
    assert_laid_out(written / f"support_agent_{framework}.py")


def test_langchain(loaded: Any) -> None:  # noqa: ANN401 - a function
    from langchain_core.language_models import GenericFakeChatModel  # noqa: PLC0415 - heavy
    from langchain_core.messages import AIMessage  # noqa: PLC0415
    from langchain_core.runnables import RunnableLambda  # noqa: PLC0415
    from langchain_core.tools import tool  # noqa: PLC0415

    adapter, metrics, registry = loaded("langchain")
    usage: Any = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
    model = GenericFakeChatModel(
        messages=iter([AIMessage(content="a", usage_metadata=usage)] * 3),
        metadata={"ls_model_name": "gpt-4o"},
    )

    @tool
    def search_docs(query: str) -> str:
        """Search."""
        if query == "b":
            raise TimeoutError
        return query

    def agent(query: str, config: Any) -> str:  # noqa: ANN401 - LangChain's
        model.invoke(query, config)
        return str(search_docs.invoke(query, config))

    handler = adapter.MetricsHandler(metrics)
    config: Any = {"callbacks": [handler]}
    assert RunnableLambda(agent).invoke("a", config) == "a"
    with pytest.raises(TimeoutError):
        RunnableLambda(agent).invoke("b", config)
    assert asyncio.run(RunnableLambda(agent).ainvoke("a", config)) == "a"
    assert runs(registry) == {("ok", "completed"): 2, ("error", "tool_error"): 1}
    assert tokens(registry) == (30, 6)
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 2
    assert value(registry, "agent_tool_error_total", tool="search_docs", error_class="timeout") == 1
    assert value(registry, "agent_steps_per_run_sum") == 6
    assert not handler._runs  # noqa: SLF001 - nothing is left behind
    assert not handler._steps  # noqa: SLF001
    assert not handler._calls  # noqa: SLF001


def test_openai_agents(loaded: Any) -> None:  # noqa: ANN401 - a function
    from agents import Agent, Model, ModelResponse, Usage, function_tool, set_tracing_disabled  # noqa: PLC0415 - heavy
    from openai.types.responses import (  # noqa: PLC0415
        ResponseFunctionToolCall,
        ResponseOutputMessage,
        ResponseOutputText,
    )

    set_tracing_disabled(disabled=True)
    adapter, metrics, registry = loaded("openai_agents")

    class Fake(Model):
        model = "gpt-4o"

        def __init__(self) -> None:
            self.asked = 0

        async def get_response(self, *_: Any, **__: Any) -> ModelResponse:  # noqa: ANN401 - the SDK's
            self.asked += 1
            text = ResponseOutputText(type="output_text", text="a", annotations=[])
            call = ResponseFunctionToolCall(
                type="function_call", name="search_docs", arguments='{"query": "a"}', call_id=str(self.asked)
            )
            done = ResponseOutputMessage(
                id="m", type="message", role="assistant", status="completed", content=[text]
            )
            usage = Usage(requests=1, input_tokens=10, output_tokens=2, total_tokens=12)
            return ModelResponse(
                output=[call if self.asked == 1 else done], usage=usage, response_id=str(self.asked)
            )

        def stream_response(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - the SDK's
            raise NotImplementedError

    @function_tool
    def search_docs(query: str) -> str:
        """Search."""
        return query

    agent = Agent(name="a", model=Fake(), tools=[search_docs])
    result = asyncio.run(adapter.run(metrics, agent, "a question"))
    assert result.final_output == "a"
    assert runs(registry) == {("ok", "completed"): 1}
    assert tokens(registry) == (20, 4)
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 1
    assert value(registry, "agent_steps_per_run_sum") == 3


def test_litellm(loaded: Any) -> None:  # noqa: ANN401 - a function
    adapter, metrics, registry = loaded("litellm")
    logger = adapter.MetricsLogger(metrics)
    about = {"litellm_call_id": "1", "model": "gpt-4o"}
    answer = {"usage": {"prompt_tokens": 10, "completion_tokens": 2}}
    logger.log_success_event(about, answer, None, None)
    asyncio.run(logger.async_log_success_event(about, answer, None, None))
    failed = {"litellm_call_id": "2", "model": "gpt-4o", "exception": TimeoutError()}
    logger.log_failure_event(failed, None, None, None)
    assert tokens(registry) == (10, 2)
    assert value(registry, "agent_llm_error_total", model="gpt-4o", error_class="timeout") == 1


def test_litellm_tells_its_callbacks(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401 - a function
    import litellm  # noqa: PLC0415 - heavy

    adapter, metrics, registry = loaded("litellm")
    monkeypatch.setattr(litellm, "callbacks", [adapter.MetricsLogger(metrics)])
    messages = [{"role": "user", "content": "a"}]
    asyncio.run(_complete(litellm, messages))
    prompt, completion = tokens(registry)
    assert prompt > 0
    assert completion > 0


async def _complete(litellm: Any, messages: list[dict[str, str]]) -> None:  # noqa: ANN401 - a module
    await litellm.acompletion(model="gpt-4o", messages=messages, mock_response="an answer")
    for _ in range(50):  # it reports it later
        await asyncio.sleep(0.1)


def test_pydantic_ai(loaded: Any) -> None:  # noqa: ANN401 - a function
    from pydantic_ai import Agent, FunctionToolset  # noqa: PLC0415 - heavy
    from pydantic_ai.models.test import TestModel  # noqa: PLC0415

    adapter, metrics, registry = loaded("pydantic_ai")

    def search_docs(query: str) -> str:
        return query

    model = adapter.MetricsModel(TestModel(model_name="gpt-4o"), metrics)
    agent = Agent(model, toolsets=[adapter.MetricsToolset(FunctionToolset([search_docs]), metrics)])

    async def main() -> None:
        async with metrics.run():
            await agent.run("a question")
        async with metrics.run(), agent.run_stream("a question") as result:
            assert [part async for part in result.stream_text()]

    asyncio.run(main())
    assert runs(registry) == {("ok", "completed"): 2}
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="ok") == 2
    assert value(registry, "agent_steps_per_run_sum") == 6
    prompt, completion = tokens(registry)
    assert prompt > 100
    assert completion > 0


def message(kind: str, **about: Any) -> Any:  # noqa: ANN401 - as the SDK's dataclasses
    """Fake a message of the Claude Agent SDK."""
    return type(kind, (SimpleNamespace,), {})(**about)


def test_claude_agent_sdk(loaded: Any) -> None:  # noqa: ANN401 - a function
    adapter, metrics, registry = loaded("claude_agent_sdk")

    def answer(number: str, output: int, *content: Any) -> Any:  # noqa: ANN401 - of the SDK
        usage = {"input_tokens": 3, "cache_read_input_tokens": 0, "output_tokens": output}
        return message(
            "AssistantMessage", message_id=number, model="gpt-4o", content=content, usage=usage, error=None
        )

    async def query() -> AsyncIterator[Any]:
        yield answer("a", 1)
        yield answer("a", 1, message("ToolUseBlock", id="t", name="search_docs"))
        yield message("UserMessage", content=[message("ToolResultBlock", tool_use_id="t", is_error=True)])
        yield answer("b", 1)
        by_model = {"gpt-4o": {"inputTokens": 6, "outputTokens": 40, "cacheReadInputTokens": 0}}
        yield message("ResultMessage", subtype="error_max_turns", usage={}, model_usage=by_model)

    async def main() -> int:
        return len([one async for one in adapter.measured(metrics, query())])

    assert asyncio.run(main()) == 5
    assert runs(registry) == {("ok", "max_steps"): 1}
    assert tokens(registry) == (6, 40)
    assert value(registry, "agent_tool_call_total", tool="search_docs", status="error") == 1
    assert value(registry, "agent_steps_per_run_sum") == 3
