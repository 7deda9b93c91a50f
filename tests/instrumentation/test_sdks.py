"""Objects of the real SDKs and frameworks, streamed and complete; figures counted by hand."""

# Each test imports its own SDK: together they take seconds, in every process that collects tests.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.instrumentation.loading import OUTPUT, imported

if TYPE_CHECKING:
    from anthropic.types import RawMessageDeltaEvent, RawMessageStartEvent
    from google.genai.types import GenerateContentResponse
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or its import downloads prices

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

_SUPPORT = imported(OUTPUT / "support_agent_metrics.py")
_RESEARCH = imported(OUTPUT / "research_agent_metrics.py")


def settled(model: str, *told: object) -> dict[str, float]:
    """The tokens of a step that receives these objects, in order."""
    module = _RESEARCH if model.startswith("claude") else _SUPPORT
    ledger = module._Ledger()  # noqa: SLF001 - what a step keeps
    for one in told:
        ledger.add(one)
    counted, complaint = ledger.settle(model)
    assert complaint == ""
    return {kind: number for (_, kind), number in counted.items()}


_OPENAI = {
    "prompt_tokens": 1500,
    "completion_tokens": 20,
    "total_tokens": 1520,
    "prompt_tokens_details": {"cached_tokens": 200, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 7},
}


def _completion() -> ChatCompletion:
    from openai.types.chat import ChatCompletion

    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a"}}
    about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    return ChatCompletion.model_validate({**about, "choices": [choice], "usage": _OPENAI})


def _chunk(usage: dict[str, Any] | None) -> ChatCompletionChunk:
    from openai.types.chat import ChatCompletionChunk

    about = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    return ChatCompletionChunk.model_validate({**about, "choices": [], "usage": usage})


def test_openai_chat() -> None:
    expected = {"prompt": 1500, "completion": 20, "cached": 200, "reasoning": 7}
    running = _chunk({**_OPENAI, "completion_tokens": 9, "total_tokens": 1509})
    assert settled("gpt-4o", _completion()) == expected
    assert settled("gpt-4o", _chunk(None), running, _chunk(_OPENAI)) == expected
    assert settled("gpt-4o", _chunk(_OPENAI), _completion()) == expected


def test_raw_responses_are_read_unless_they_are_streams() -> None:
    import httpx2 as httpx
    from openai import OpenAI

    def answer(request: httpx.Request) -> httpx.Response:
        if b'"stream":true' in request.content:
            content = f"data: {_chunk(_OPENAI).model_dump_json()}\n\ndata: [DONE]\n\n"
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=content)
        return httpx.Response(200, json=_completion().model_dump())

    client = OpenAI(api_key="none", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    create = client.chat.completions.with_raw_response.create
    raw = create(model="gpt-4o", messages=[])
    expected = {"prompt": 1500, "completion": 20, "cached": 200, "reasoning": 7}
    assert settled("gpt-4o", raw) == expected
    assert settled("gpt-4o", raw, raw.parse()) == expected
    stream = create(model="gpt-4o", messages=[], stream=True)
    assert settled("gpt-4o", stream) == {}
    assert settled("gpt-4o", *stream.parse()) == expected


def test_openai_responses() -> None:
    from openai.types.responses import Response, ResponseCompletedEvent

    usage = {
        "input_tokens": 1500,
        "output_tokens": 20,
        "total_tokens": 1520,
        "input_tokens_details": {"cached_tokens": 200, "cache_write_tokens": 1000},
        "output_tokens_details": {"reasoning_tokens": 7},
    }
    response = Response.model_construct(
        id="resp_1", object="response", model="gpt-4o", output=[], usage=usage
    )
    event = ResponseCompletedEvent.model_construct(
        type="response.completed", sequence_number=9, response=response
    )
    expected = {"prompt": 1500, "completion": 20, "cached": 200, "reasoning": 7, "cache_write": 1000}
    # For OpenAI the shipped prices count cache writes inside the prompt.
    assert settled("gpt-4o", event, response) == expected


def _started(number: str = "msg_1") -> RawMessageStartEvent:
    from anthropic.types import RawMessageStartEvent

    usage = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 47119,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 47119, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 2,
    }
    message = {
        "id": number,
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-sonnet-4",
    }
    ends = {"stop_reason": None, "stop_sequence": None, "usage": usage}
    return RawMessageStartEvent.model_validate({"type": "message_start", "message": {**message, **ends}})


def _ended(output: int = 310) -> RawMessageDeltaEvent:
    from anthropic.types import RawMessageDeltaEvent

    usage = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 47119,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
    }
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return RawMessageDeltaEvent.model_validate({"type": "message_delta", "delta": delta, "usage": usage})


def test_anthropic() -> None:
    from anthropic.types import Message

    expected = {"prompt": 4, "completion": 310, "cache_write": 47119}
    started, ended = _started(), _ended()
    whole = Message.model_validate(
        {
            **started.message.model_dump(),
            "usage": {**started.message.usage.model_dump(), "output_tokens": 310},
        }
    )
    for told in (
        (started, ended),
        (ended, started),
        (started, _ended(90), ended, whole),
        (whole,),
        (started.message.usage, ended.usage),
        (started.model_dump(), ended.model_dump()),
    ):
        assert settled("claude-sonnet-4", *told) == expected
    assert settled("claude-sonnet-4", started) == {**expected, "completion": 2}  # it broke off
    retried = settled("claude-sonnet-4", _started("msg_0"), started, ended)
    assert retried == {"prompt": 8, "completion": 312, "cache_write": 94238}


def _compacted(advice: str) -> dict[str, Any]:
    """An answer after a summary of its context, which asked another model for advice."""
    kinds: list[dict[str, Any]] = [
        {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500},
        {"type": "message", "input_tokens": 3, "output_tokens": 100, "cache_read_input_tokens": 20_000},
        {"type": "advisor_message", "input_tokens": 900, "output_tokens": 400, "model": advice},
        {"type": "message", "input_tokens": 7, "output_tokens": 50, "cache_read_input_tokens": 21_000},
    ]
    cached = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "cache_creation": None}
    return {
        "input_tokens": 10,
        "output_tokens": 150,
        "cache_read_input_tokens": 41_000,
        "cache_creation_input_tokens": 0,
        "iterations": [cached | one for one in kinds],
    }


def test_the_requests_behind_an_answer_of_anthropic_count_as_well() -> None:
    from anthropic.types.beta import BetaMessage, BetaRawMessageDeltaEvent

    usage = _compacted("claude-opus-4")
    about = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "claude-sonnet-4"}
    ends = {"stop_reason": "end_turn", "stop_sequence": None}
    whole = BetaMessage.model_validate({**about, **ends, "usage": usage})
    event = {"type": "message_delta", "delta": ends, "usage": usage, "context_management": None}
    ended = BetaRawMessageDeltaEvent.model_validate(event)
    expected = {
        ("claude-sonnet-4", "prompt"): 180_010,
        ("claude-sonnet-4", "completion"): 3650,
        ("claude-sonnet-4", "cached"): 41_000,
        ("claude-opus-4", "prompt"): 900,
        ("claude-opus-4", "completion"): 400,
    }
    for told in ((whole,), (ended,), (whole.model_dump(),), (ended, whole), (whole, ended), (whole, whole)):
        ledger = _RESEARCH._Ledger()  # noqa: SLF001 - what a step keeps
        for one in told:
            ledger.add(one)
        assert ledger.settle("claude-sonnet-4") == (expected, "")


def test_an_answer_whose_own_numbers_are_less_than_its_requests_counts_these() -> None:
    usage = _compacted("claude-sonnet-4") | {"input_tokens": 3, "output_tokens": 100}
    assert settled("claude-sonnet-4", {"id": "m", "usage": usage})["completion"] == 3500 + 100 + 400 + 50
    usage["iterations"][1]["type"] = "fallback_message"
    usage["iterations"] = usage["iterations"][:2]
    assert settled("claude-sonnet-4", {"id": "m", "usage": usage})["prompt"] == 180_003


def test_langchain_keeps_the_requests_behind_an_answer_of_anthropic() -> None:
    from langchain_core.messages import AIMessage

    details: Any = {"cache_read": 41_000, "cache_creation": 0}
    usage: Any = {
        "input_tokens": 41_010,
        "output_tokens": 150,
        "total_tokens": 41_160,
        "input_token_details": details,
    }
    raw = {"usage": _compacted("claude-sonnet-4")}
    message = AIMessage(content="a", id="run-1", usage_metadata=usage, response_metadata=raw)
    expected = {"prompt": 180_910, "completion": 4050, "cached": 41_000}
    assert settled("claude-sonnet-4", message) == expected
    assert settled("claude-sonnet-4", message, message) == expected


def test_a_gateway_that_sums_up_those_requests_itself_counts_them_once() -> None:
    from litellm.llms.anthropic.chat.transformation import AnthropicConfig

    usage = AnthropicConfig().calculate_usage(_compacted("claude-sonnet-4"), reasoning_content=None)
    assert settled("claude-sonnet-4", usage) == {"prompt": 180_910, "completion": 4050, "cached": 41_000}


def test_results_of_batches() -> None:
    from anthropic.types.messages import MessageBatchIndividualResponse

    message = _started().message.model_dump()
    result = {"custom_id": "a", "result": {"type": "succeeded", "message": message}}
    expected = {"prompt": 4, "completion": 2, "cache_write": 47119}
    assert settled("claude-sonnet-4", MessageBatchIndividualResponse.model_validate(result)) == expected
    assert settled("claude-sonnet-4", result) == expected
    line = {
        "id": "batch_req_1",
        "custom_id": "a",
        "response": {"status_code": 200, "request_id": "r", "body": _completion().model_dump()},
        "error": None,
    }
    assert settled("gpt-4o", line) == {"prompt": 1500, "completion": 20, "cached": 200, "reasoning": 7}


def _gemini(candidates: int, number: str | None, reason: str | None = None) -> GenerateContentResponse:
    from google.genai import types as gemini

    return gemini.GenerateContentResponse(
        response_id=number,
        candidates=[gemini.Candidate(finish_reason=gemini.FinishReason(reason) if reason else None)],
        usage_metadata=gemini.GenerateContentResponseUsageMetadata(
            prompt_token_count=151,
            candidates_token_count=candidates,
            tool_use_prompt_token_count=18329,
            thoughts_token_count=1120,
            total_token_count=151 + candidates + 18329 + 1120,
        ),
    )


@pytest.mark.parametrize("number", [None, "r-1"])
def test_gemini(number: str | None) -> None:
    expected = {"prompt": 18480, "completion": 1089, "reasoning": 1120}
    parts = _gemini(10, number), _gemini(400, number), _gemini(1089, number, "STOP")
    assert settled("gemini-2.5-flash", *parts) == expected
    assert settled("gemini-2.5-flash", parts[-1]) == expected


def test_cohere_bills_other_tokens_than_it_reads() -> None:
    from cohere import V2ChatResponse
    from cohere.types import Usage, UsageBilledUnits, UsageTokens

    usage = Usage(
        billed_units=UsageBilledUnits(input_tokens=20, output_tokens=5),
        tokens=UsageTokens(input_tokens=80, output_tokens=5),
    )
    answer = V2ChatResponse.model_construct(id="1", usage=usage)
    assert settled("command-r", answer) == {"prompt": 20, "completion": 5}


def test_mistral() -> None:
    from mistralai.client.models import ConversationUsageInfo, UsageInfo

    usage = UsageInfo(prompt_tokens=30, completion_tokens=5, total_tokens=35)
    assert settled("mistral-large", usage) == {"prompt": 30, "completion": 5}
    with_search = ConversationUsageInfo(
        prompt_tokens=188, completion_tokens=55, total_tokens=7355, connector_tokens=7112
    )
    assert settled("mistral-large", with_search) == {"prompt": 7300, "completion": 55}


def test_groq_ends_its_stream_with_a_usage_of_its_own() -> None:
    from groq.types.chat import ChatCompletionChunk

    about = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    chunk = ChatCompletionChunk.model_validate({**about, "x_groq": {"id": "r", "usage": usage}})
    last = ChatCompletionChunk.model_validate({**about, "usage": usage})
    for told in ((chunk,), (chunk, last), (last, chunk)):
        assert settled("gpt-4o", *told) == {"prompt": 10, "completion": 2}


def test_litellm_keeps_the_provider_s_fields_beside_its_own() -> None:
    import litellm

    usage = litellm.Usage(
        prompt_tokens=7100,
        completion_tokens=50,
        total_tokens=7150,
        cache_creation_input_tokens=2000,
        cache_read_input_tokens=5000,
    )
    expected = {"prompt": 100, "completion": 50, "cached": 5000, "cache_write": 2000}
    assert settled("claude-sonnet-4", litellm.ModelResponse(usage=usage)) == expected


def test_langchain() -> None:
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.outputs import ChatGeneration, LLMResult

    details = {
        "cache_read": 100,
        "cache_creation": 0,
        "ephemeral_5m_input_tokens": 300,
        "ephemeral_1h_input_tokens": 700,
    }
    usage: Any = {
        "input_tokens": 1110,
        "output_tokens": 20,
        "total_tokens": 1130,
        "input_token_details": details,
    }
    first: Any = {**usage, "output_tokens": 0, "total_tokens": 1110}
    begin = AIMessageChunk(content="", id="run-1", usage_metadata=first)
    end = AIMessageChunk(
        content="a", id="run-1", usage_metadata={"input_tokens": 0, "output_tokens": 20, "total_tokens": 20}
    )
    expected = {"prompt": 10, "completion": 20, "cached": 100, "cache_write": 1000}
    message = AIMessage(content="a", id="run-1", usage_metadata=usage)
    result = LLMResult(generations=[[ChatGeneration(message=message)]])
    assert (
        settled("claude-sonnet-4", {"raw": message, "parsed": None, "parsing_error": None})["cached"] == 100
    )
    for told in ((begin, end), (begin, end, begin + end), (begin + end, end, begin), (message,), (result,)):
        assert settled("claude-sonnet-4", *told) == expected


def test_pydantic_ai() -> None:
    from pydantic_ai.messages import ModelResponse, TextPart
    from pydantic_ai.usage import RequestUsage, RunUsage

    usage = RequestUsage(
        input_tokens=130213, output_tokens=100, cache_read_tokens=128955, cache_write_tokens=1253
    )
    expected = {"prompt": 5, "completion": 100, "cached": 128955, "cache_write": 1253}
    assert settled("claude-sonnet-4", ModelResponse(parts=[TextPart("a")], usage=usage)) == expected
    run = RunUsage()
    run.incr(usage)
    run.requests = 1
    assert settled("claude-sonnet-4", run) == expected
    assert settled("claude-sonnet-4", ModelResponse(parts=[TextPart("a")], usage=usage), run) == expected


def test_openai_agents() -> None:
    from agents import ModelResponse
    from agents.usage import Usage

    usage = Usage(requests=1, input_tokens=10, output_tokens=2, total_tokens=12)
    answers = [ModelResponse(output=[], usage=usage, response_id=number) for number in ("a", "b")]
    total = Usage(requests=2, input_tokens=20, output_tokens=4, total_tokens=24)
    assert settled("gpt-4o", *answers) == {"prompt": 20, "completion": 4}
    assert settled("gpt-4o", total) == {"prompt": 20, "completion": 4}
    assert settled("gpt-4o", *answers, total) == {"prompt": 20, "completion": 4}
