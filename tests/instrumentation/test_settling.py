"""Tokens are settled once a step: running totals, amounts, complete answers and sums, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from generator.model.metrics import Label
from generator.model.service import Model
from tests.instrumentation.loading import OUTPUT, fresh, generated, imported, service, shipped, support, value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_RESEARCH = imported(OUTPUT / "research_agent_metrics.py")


def tokens(registry: CollectorRegistry, model: str = "gpt-4o") -> dict[str, float]:
    """The tokens of a model by type, without zeros."""
    found = {
        kind: value(registry, "agent_token_usage_total", model=model, token_type=kind)
        for kind in support().TOKEN_TYPES
    }
    return {kind: number for kind, number in found.items() if number > 0}


def settled(events: Sequence[object], model: str = "claude-sonnet-4") -> dict[str, float]:
    """The tokens of a step that receives these events."""
    ledger = _RESEARCH._Ledger()  # noqa: SLF001 - what a step keeps
    for event in events:
        ledger.add(event)
    return {kind: number for (_, kind), number in ledger.settle(model)[0].items()}


_OPENAI = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
_START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "usage": {"input_tokens": 4, "cache_creation_input_tokens": 47119, "output_tokens": 2},
    },
}
_DELTA = {
    "type": "message_delta",
    "usage": {"input_tokens": 4, "cache_creation_input_tokens": 47119, "output_tokens": 310},
}


def test_answers_add_up_and_an_answer_that_is_told_twice_does_not() -> None:
    metrics, registry = fresh()
    with metrics.llm_step("gpt-4o") as llm:
        llm.usage({"id": "a", "usage": _OPENAI})
        llm.usage({"id": "a", "usage": _OPENAI})
        llm.usage({"id": "b", "usage": _OPENAI})  # a retry
        llm.usage(_OPENAI)  # and two without an answer's name
        llm.usage(_OPENAI)
    assert tokens(registry) == {"prompt": 400, "completion": 40}


def test_what_a_broken_stream_used_is_kept_beside_its_retry() -> None:
    again = {**_START, "message": {**_START["message"], "id": "msg_2"}}  # type: ignore[dict-item]
    assert settled([_START, again, _DELTA]) == {"prompt": 8, "cache_write": 94238, "completion": 312}


def test_tokens_are_counted_when_the_step_ends_also_by_an_exception() -> None:
    metrics, registry = fresh()
    with pytest.raises(ConnectionError), metrics.llm_step("gpt-4o") as llm:  # noqa: PT012 - one block
        llm.usage(_OPENAI)
        assert tokens(registry) == {}
        raise ConnectionError
    assert tokens(registry) == {"prompt": 100, "completion": 10}


def test_what_is_told_after_the_step_counts_only_what_is_more() -> None:
    metrics, registry = fresh()
    with metrics.llm_step("gpt-4o") as llm:
        llm.usage({"id": "a", "usage": _OPENAI})
    llm.usage({"id": "a", "usage": {**_OPENAI, "completion_tokens": 15, "total_tokens": 115}})
    assert tokens(registry) == {"prompt": 100, "completion": 15}


def test_one_block_used_again_counts_anew() -> None:
    metrics, registry = fresh()
    step = metrics.llm_step("gpt-4o")
    for _ in range(2):
        with step as llm:
            llm.usage({"id": "a", "usage": _OPENAI})
    assert tokens(registry) == {"prompt": 200, "completion": 20}


#: Events of one answer each, by the form of its stream, and its tokens counted by hand.
_STREAMS: dict[str, tuple[list[Any], dict[str, float]]] = {
    "anthropic": (
        [_START, {"type": "content_block_delta", "delta": {"text": "a"}}, _DELTA, {"type": "message_stop"}],
        {"prompt": 4, "cache_write": 47119, "completion": 310},
    ),
    "anthropic, and the message at its end": (
        [
            _START,
            _DELTA,
            {"type": "message", "id": "msg_1", "content": [], "usage": _DELTA["usage"]},
        ],
        {"prompt": 4, "cache_write": 47119, "completion": 310},
    ),
    "totals in each chunk": (
        [
            {"object": "chat.completion.chunk", "choices": [{"delta": {}}], "usage": {**_OPENAI, **more}}
            for more in (
                {"completion_tokens": 3, "total_tokens": 103},
                {"completion_tokens": 6, "total_tokens": 106},
                {},
            )
        ],
        {"prompt": 100, "completion": 10},
    ),
    "gemini": (
        [
            {
                "candidates": [{"finishReason": end}],
                "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": number},
            }
            for number, end in ((3, None), (6, None), (10, "STOP"))
        ],
        {"prompt": 100, "completion": 10},
    ),
    "amounts, and the message that they add up to": (
        [
            {"type": "AIMessageChunk", "id": "run-1", "usage_metadata": usage}
            for usage in (
                {
                    "input_tokens": 100,
                    "output_tokens": 0,
                    "total_tokens": 100,
                    "input_token_details": {"cache_read": 60},
                },
                {"input_tokens": 0, "output_tokens": 4, "total_tokens": 4},
                {"input_tokens": 0, "output_tokens": 4, "total_tokens": 4},
                {
                    "input_tokens": 100,
                    "output_tokens": 8,
                    "total_tokens": 108,
                    "input_token_details": {"cache_read": 60},
                },
            )
        ],
        {"prompt": 40, "cached": 60, "completion": 8},
    ),
    "messages, and the sum at the end of the session": (
        [
            {
                "message_id": "a",
                "usage": {"input_tokens": 3, "cache_read_input_tokens": 50, "output_tokens": 1},
            },
            {
                "message_id": "a",
                "usage": {"input_tokens": 3, "cache_read_input_tokens": 50, "output_tokens": 9},
            },
            {
                "message_id": "b",
                "usage": {"input_tokens": 4, "cache_read_input_tokens": 70, "output_tokens": 5},
            },
            {
                "type": "result",
                "usage": {"input_tokens": 7, "cache_read_input_tokens": 120, "output_tokens": 14},
            },
        ],
        {"prompt": 7, "cached": 120, "completion": 14},
    ),
}


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(sorted(_STREAMS)))
def test_the_events_of_a_stream_count_the_same_in_any_order(data: st.DataObject, name: str) -> None:
    events, expected = _STREAMS[name]
    assert settled(data.draw(st.permutations(events))) == expected


_AMOUNTS = st.integers(min_value=0, max_value=50_000)


@settings(max_examples=100, deadline=None)
@given(fresh_=_AMOUNTS, cached=_AMOUNTS, written=_AMOUNTS, output=_AMOUNTS, beside=st.booleans())
def test_tokens_never_exceed_the_total_that_is_told(
    fresh_: int, cached: int, written: int, output: int, *, beside: bool
) -> None:
    usage = {
        "prompt_tokens": fresh_ if beside else fresh_ + cached + written,
        "completion_tokens": output,
        "total_tokens": fresh_ + cached + written + output,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
    }
    counted = _RESEARCH.tokens_used({"usage": usage}, "claude-sonnet-4")
    assert counted.get("prompt", 0) == fresh_
    assert counted.get("completion", 0) == output
    alone = counted.get("prompt", 0) + counted.get("cached", 0) + counted.get("cache_write", 0)
    assert alone + counted.get("completion", 0) == usage["total_tokens"]


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "prompt_tokens",
                "completion_tokens",
                "cached_tokens",
                "reasoning_tokens",
                "thoughts_token_count",
                "cache_read_input_tokens",
            ]
        ),
        _AMOUNTS,
    ),
    st.integers(1, 100_000),
)
def test_tokens_never_exceed_a_total_that_contradicts_them(usage: dict[str, int], total: int) -> None:
    counted = _RESEARCH.tokens_used({**usage, "total_tokens": total}, "claude-sonnet-4")
    assert sum(number for kind, number in counted.items() if kind != "reasoning") <= total


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        # Thoughts beside the output, by a provider whose names suggest otherwise: the total decides.
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 35,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            {"prompt": 10, "completion": 25, "reasoning": 20},
        ),
        # Ambiguous names: the provider decides, except with a total.
        (
            {"inputTokens": 100, "outputTokens": 5, "cacheReadInputTokens": 60},
            {"prompt": 100, "completion": 5, "cached": 60},
        ),
        (
            {"inputTokens": 100, "outputTokens": 5, "cacheReadInputTokens": 60, "totalTokens": 105},
            {"prompt": 40, "completion": 5, "cached": 60},
        ),
        # Times to live of cache writes, in a list and in the input's parts.
        (
            {
                "inputTokens": 4,
                "outputTokens": 5,
                "cacheWriteInputTokens": 30,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 10}, {"ttl": "1h", "inputTokens": 20}],
            },
            {"prompt": 4, "completion": 5, "cache_write": 30},
        ),
        (
            {
                "prompt_tokens": 40,
                "completion_tokens": 5,
                "prompt_tokens_details": {
                    "cache_creation_token_details": {
                        "ephemeral_5m_input_tokens": 10,
                        "ephemeral_1h_input_tokens": 20,
                    }
                },
            },
            {"prompt": 10, "completion": 5, "cache_write": 30},
        ),
    ],
)
def test_each_number_is_read_by_its_meaning(usage: dict[str, Any], expected: dict[str, float]) -> None:
    assert _RESEARCH.tokens_used({"usage": usage}, "claude-sonnet-4") == expected


def test_a_batch_counts_each_of_its_answers_and_of_several_candidates_one() -> None:
    message = {"usage_metadata": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}}
    batch = {"generations": [[{"message": message}, {"message": message}], [{"message": message}]]}
    assert support().tokens_used(batch) == {"prompt": 20, "completion": 4}


def test_a_model_is_told_apart_by_how_it_is_served_where_the_spec_lists_that(tmp_path: Path) -> None:
    one = service("support-agent")
    listed = ("gpt-4o", "gpt-4o@above_272k", "gpt-4o@batch", "gpt-4o@priority", "other")
    labels = {**one.labels, "model": Label("model", "", listed, len(listed))}
    module = generated(Model(shipped().site, shipped().library, (replace(one, labels=labels),)), tmp_path)
    registry = CollectorRegistry()
    metrics = module.SupportAgentMetrics(release="r1", registry=registry)
    with metrics.llm_step("gpt-4o") as llm:
        llm.usage({"id": "a", "usage": {"prompt_tokens": 272_000, "completion_tokens": 1}})
        llm.usage({"id": "b", "usage": {"prompt_tokens": 272_001, "completion_tokens": 2}})
        llm.usage({"id": "c", "service_tier": "priority", "usage": _OPENAI})
        llm.usage({"id": "d", "usage": {**_OPENAI, "service_tier": "batch"}})
        llm.usage({"id": "e", "service_tier": "flex", "usage": _OPENAI})
    assert {name: tokens(registry, name) for name in listed} == {
        "gpt-4o": {"prompt": 272_100, "completion": 11},
        "gpt-4o@above_272k": {"prompt": 272_001, "completion": 2},
        "gpt-4o@batch": {"prompt": 100, "completion": 10},
        "gpt-4o@priority": {"prompt": 100, "completion": 10},
        "other": {},
    }


def _unread(registry: CollectorRegistry) -> dict[str, float]:
    reasons = ("missing", "unknown", "contradicted")
    found = {
        one: value(registry, "agent_llm_usage_unread_total", model="gpt-4o", reason=one) for one in reasons
    }
    return {reason: number for reason, number in found.items() if number}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], {"missing": 1}),
        (["a text", None, {"choices": [{"delta": {}}], "usage": None}], {"missing": 1}),
        ([{"usage": {"in": 5, "out": 7}}], {"unknown": 1}),
        ([{"usage": {"total_tokens": 12}}], {"unknown": 1}),
        ([{"usage": {**_OPENAI, "total_tokens": 0, "citation_tokens": 18_209}}], {"unknown": 1}),
        ([{"usage": {**_OPENAI, "total_tokens": 4_000}}], {"contradicted": 1}),
        (
            [{"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}}],
            {"contradicted": 1},
        ),
        ([{"usage": {**_OPENAI, "total_tokens": 4_000}}] * 3, {"contradicted": 1}),
        ([_OPENAI], {}),
        ([{**_OPENAI, "text_tokens": 100}], {}),
        ([{"usage": {"prompt_tokens": 0, "completion_tokens": 0}}], {}),
    ],
)
def test_a_step_whose_tokens_are_not_understood_is_counted_once(
    told: list[Any], expected: dict[str, float]
) -> None:
    metrics, registry = fresh()
    with metrics.llm_step("gpt-4o") as llm:
        for one in told:
            llm.usage(one)
    assert _unread(registry) == expected


def test_a_step_that_failed_owes_no_tokens() -> None:
    metrics, registry = fresh()
    with pytest.raises(TimeoutError), metrics.llm_step("gpt-4o"):
        raise TimeoutError
    with metrics.llm_step("gpt-4o") as llm:
        llm.fail("timeout")
    assert _unread(registry) == {}


def test_what_is_not_understood_is_logged_once_for_a_model_and_a_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    module = imported(OUTPUT / "support_agent_metrics.py")
    metrics = module.SupportAgentMetrics(release="r1", registry=CollectorRegistry())
    for _ in range(3):
        with metrics.llm_step("gpt-4o"):
            pass
        with metrics.llm_step("gpt-4o-mini") as llm:
            llm.usage({"usage": {**_OPENAI, "total_tokens": 1}})
    assert [record.message.split(";")[0].split(":")[0] for record in caplog.records] == [
        "model gpt-4o",
        "model gpt-4o-mini",
    ]
