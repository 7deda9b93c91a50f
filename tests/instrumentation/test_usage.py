"""Token usage in the shapes that SDKs return, as mappings and as objects, counted as the spec's prices expect it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from tests.instrumentation.loading import OUTPUT, fresh, imported, support, value

#: 1000 tokens of prompt, 300 of them cached; 200 of completion, 50 of them reasoning.
_INCLUSIVE = {"prompt": 1000, "completion": 200, "cached": 300, "reasoning": 50}
_OPENAI = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 300, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 50},
}
_RESPONSES = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "input_tokens_details": {"cached_tokens": 300},
    "output_tokens_details": {"reasoning_tokens": 50},
}
_LANGCHAIN = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "total_tokens": 1200,
    "input_token_details": {"cache_read": 300},
    "output_token_details": {"reasoning": 50},
}
_GEMINI = {
    "prompt_token_count": 1000,
    "candidates_token_count": 150,
    "cached_content_token_count": 300,
    "thoughts_token_count": 50,
}
_GEMINI_HTTP = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 150,
    "cachedContentTokenCount": 300,
    "thoughtsTokenCount": 50,
}
_PLAIN = {"prompt": 1000, "completion": 200}

_SHAPES: dict[str, tuple[object, dict[str, int]]] = {
    "openai usage": (_OPENAI, _INCLUSIVE),
    "openai completion": ({"id": "1", "usage": _OPENAI}, _INCLUSIVE),
    "openai without details": (
        {"prompt_tokens": 1000, "completion_tokens": 200, "prompt_tokens_details": None},
        _PLAIN,
    ),
    "openai responses": ({"usage": _RESPONSES}, _INCLUSIVE),
    "langchain message": ({"content": "", "usage_metadata": _LANGCHAIN}, _INCLUSIVE),
    "langchain response metadata": ({"response_metadata": {"token_usage": _OPENAI}}, _INCLUSIVE),
    "langchain llm output": ({"generations": [], "llm_output": {"token_usage": _OPENAI}}, _INCLUSIVE),
    "langchain generations": ({"generations": [[{"message": {"usage_metadata": _LANGCHAIN}}]]}, _INCLUSIVE),
    "gemini": ({"usage_metadata": _GEMINI}, _INCLUSIVE),
    "gemini over http": ({"usageMetadata": _GEMINI_HTTP}, _INCLUSIVE),
    "the article": ({"token_usage": {"prompt_tokens": 1000, "completion_tokens": 200}}, _PLAIN),
    "ollama": ({"prompt_eval_count": 1000, "eval_count": 200}, _PLAIN),
    "embeddings": ({"usage": {"prompt_tokens": 8, "total_tokens": 8}}, {"prompt": 8}),
    "anthropic": (
        {"usage": {"input_tokens": 1000, "output_tokens": 200, "cache_read_input_tokens": None}},
        _PLAIN,
    ),
}


def as_object(value: Any) -> Any:  # noqa: ANN401 - of any depth
    """Convert mappings to objects, at all depths."""
    if isinstance(value, dict):
        return SimpleNamespace(**{key: as_object(inner) for key, inner in value.items()})
    return [as_object(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("form", [dict, as_object], ids=["mapping", "object"])
@pytest.mark.parametrize("name", _SHAPES)
def test_tokens_are_counted_once_for_each_type(name: str, form: Any) -> None:  # noqa: ANN401 - dict or a function
    answer, expected = _SHAPES[name]
    metrics, registry = fresh()
    with metrics.llm_step("gpt-4o") as llm:
        llm.usage(form(answer))
    for token_type in support().TOKEN_TYPES:
        found = value(registry, "agent_token_usage_total", model="gpt-4o", token_type=token_type)
        assert found == expected.get(token_type, 0), token_type


#: Anthropic's own numbers leave cached tokens beside the prompt; others that serve its models count them inside.
_ANTHROPIC = {"prompt": 100, "completion": 20, "cached": 700, "cache_write": 200}


@pytest.mark.parametrize(
    "usage",
    [
        {
            "input_tokens": 100,
            "output_tokens": 20,
            "cache_read_input_tokens": 700,
            "cache_creation_input_tokens": 200,
        },
        {"inputTokens": 100, "outputTokens": 20, "cacheReadInputTokens": 700, "cacheWriteInputTokens": 200},
        {
            "input_tokens": 1000,
            "output_tokens": 20,
            "input_token_details": {"cache_read": 700, "cache_creation": 200},
        },
        {
            "prompt_tokens": 1000,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 700},
            "cache_read_input_tokens": 700,
            "cache_creation_input_tokens": 200,
        },
    ],
    ids=["anthropic", "bedrock", "langchain", "litellm"],
)
def test_a_framework_that_counts_cached_tokens_inside_does_not_make_them_cost_twice(
    usage: dict[str, Any],
) -> None:
    research = imported(OUTPUT / "research_agent_metrics.py")
    assert research.tokens_used({"usage": usage}, "claude-sonnet-4") == _ANTHROPIC


def test_a_model_that_the_prices_do_not_know_keeps_its_providers_way() -> None:
    usage = {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 700}
    assert support().tokens_used(usage) == {"prompt": 100, "completion": 20, "cached": 700}
    assert support().tokens_used(_GEMINI) == {
        "prompt": 1000,
        "completion": 150,
        "cached": 300,
        "reasoning": 50,
    }


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "prompt_tokens",
        {"usage": None},
        {"usage": {"prompt_tokens": "12", "completion_tokens": True}},
        {"prompt_tokens": -1, "completion_tokens": float("nan")},
        {"prompt_tokens": float("inf"), "completion_tokens": 10**400},
        {"usage": {}},
        MagicMock(),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_what_tells_of_no_tokens_counts_none(answer: object) -> None:
    assert support().tokens_used(answer) == {}


def test_a_list_that_holds_itself_ends() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert support().tokens_used({"generations": endless}) == {}


def test_usage_counts_without_a_block_as_in_callbacks() -> None:
    metrics, registry = fresh()
    metrics.llm_step("gpt-4o").usage(_OPENAI)
    assert value(registry, "agent_token_usage_total", model="gpt-4o", token_type="prompt") == 1000  # noqa: S106
