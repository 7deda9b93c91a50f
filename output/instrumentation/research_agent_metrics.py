"""The metrics of research-agent, as its spec declares them. Generated: edit the spec, then run ``make generate``.

    from research_agent_metrics import ResearchAgentMetrics

    metrics = ResearchAgentMetrics(release="2026-03-21")

    with metrics.run(stop_reason="max_steps") as run:  # or: async with
        for step in agent.iter(task):
            if step.type == "tool_call":
                with run.tool_call(step.tool_name):
                    result = step.execute()
            if step.type == "llm":
                with run.llm_step(step.model) as llm:
                    result = step.execute()
                    llm.usage(result)
            if result.is_final:
                run.stop("completed")
                break

Each of them also decorates a function: sync, async, a generator, or one that returns a stream of an SDK; it lasts
until the stream ends. A run knows of the calls and steps inside of it, also of those made through ``metrics`` and in
other tasks; in a thread of your own, call the methods of ``run``. In a generator, decorated or
with a ``with`` inside, the run is current in each item, in whatever thread or context its consumer asks for it, and not
in what the consumer does between two items. A run within a run is a part of it: its steps count
for both, and the outermost one is counted. A run that goes on elsewhere is one: ``run(resumed=earlier.hand_over())``.
A deadline goes inside the block of what it limits: what is cancelled from outside cannot know why.

Give ``usage()`` whatever an SDK returns, in its own shape: answers, retries, each event of a stream, in any order.
Tokens are settled when the step ends, so that running totals count once.

- **Nothing here raises** into your code, and what your code raises passes through unchanged. A failure to measure
  is logged once, and so is a call that does not fit its method: an argument too many is left out, and a label that
  is missing is ``other``.
- **Why a run ends** is one word of the spec's in ``run.stop("completed")``. What a provider or an SDK says goes to
  ``run.stop_from(answer.stop_reason)``, which knows ``end_turn``, ``max_turns`` and the like. An unknown reason becomes
  ``other``, and its run counts as failed.
- **Series are bounded**, whatever is passed: a value outside the spec's bounds becomes ``other``, is counted in
  ``agent_label_value_outside_total``, and logged, if it is one of the first. Of an exception only an entry of a
  dictionary is exposed, never its text.
- **Series of listed values exist from the start**, at zero, so that no first event is lost. Of a label that the spec
  bounds by a number alone, a value's zeros are there once its first block begins or ``metrics.expect("tool", names)``
  names it. Prometheus counts increases between scrapes: the first events of a value, and all of a process, that come
  before their zeros were scraped are lost to it, unless the server runs with
  ``--enable-feature=created-timestamp-zero-ingestion``.
- **Registry**: prometheus_client's own, or yours: ``ResearchAgentMetrics(..., registry=mine)``. Two services in
  one process need a registry each.
- **Several processes** (gunicorn, uvicorn with workers): set PROMETHEUS_MULTIPROC_DIR to an empty directory before
  Python starts, expose a CollectorRegistry that was given to ``prometheus_client.multiprocess``'s
  MultiProcessCollector, and call its ``mark_process_dead(pid)`` when a worker ends. A label that the spec bounds by
  a number alone is bounded in each worker then, not over all of them.
"""

# ruff: noqa: BLE001, SLF001 - nothing may come out of a measurement; the classes here are one

from __future__ import annotations

import functools
import inspect
import logging
import sys
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from difflib import get_close_matches
from io import IOBase
from itertools import product
from math import inf
from threading import RLock, get_ident
from time import perf_counter
from types import AsyncGeneratorType, CoroutineType, GeneratorType, MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    cast,
    get_args,
)
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        Awaitable,
        Callable,
        Generator,
        Iterable,
        Iterator,
        Mapping,
    )
    from types import FrameType, TracebackType
    from typing import Self

    from prometheus_client import Metric

OTHER: Final = "other"
Status = Literal[
    "ok",
    "error",
]
StopReason = Literal[
    "completed",
    "max_steps",
    "max_tokens",
    "context_exceeded",
    "budget_exceeded",
    "timeout",
    "content_filter",
    "refusal",
    "guardrail",
    "invalid_output",
    "paused",
    "cancelled",
    "tool_error",
    "step_error",
    "other",
]
ErrorClass = Literal[
    "timeout",
    "rate_limit",
    "quota",
    "auth",
    "permission",
    "not_found",
    "invalid_request",
    "context_length",
    "content_policy",
    "overloaded",
    "server_error",
    "connection",
    "invalid_response",
    "tool_validation",
    "tool_error",
    "cancelled",
    "other",
]
TokenType = Literal[
    "prompt",
    "completion",
    "cached",
    "cache_write",
    "reasoning",
    "other",
]
Reason = Literal[
    "missing",
    "unknown",
    "contradicted",
]
Model = Literal[
    "claude-sonnet-4",
    "other",
]
Tool = Literal[
    "search_papers",
    "fetch_pdf",
    "summarise",
    "other",
]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
STOP_REASONS: Final[tuple[StopReason, ...]] = get_args(StopReason)
ERROR_CLASSES: Final[tuple[ErrorClass, ...]] = get_args(ErrorClass)
TOKEN_TYPES: Final[tuple[TokenType, ...]] = get_args(TokenType)
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
MODELS: Final[tuple[Model, ...]] = get_args(Model)
TOOLS: Final[tuple[Tool, ...]] = get_args(Tool)
#: The status that each stop_reason means.
_STATUS_BY_STOP_REASON: Final[Mapping[str, Status]] = {
    "completed": "ok",
    "max_steps": "ok",
    "max_tokens": "ok",
    "context_exceeded": "error",
    "budget_exceeded": "error",
    "timeout": "error",
    "content_filter": "error",
    "refusal": "ok",
    "guardrail": "ok",
    "invalid_output": "error",
    "paused": "ok",
    "cancelled": "ok",
    "tool_error": "error",
    "step_error": "error",
    "other": "error",
}
#: Which label determines which other one, so that not all of their values meet.
_DETERMINED: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("stop_reason", "status", _STATUS_BY_STOP_REASON),
)


_Value = TypeVar("_Value", bound=str)


def _by_word(*rows: tuple[_Value, str]) -> dict[str, _Value]:
    """Let every word of a row stand for its value."""
    return {word: value for value, words in rows for word in words.split()}


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


def _read(holder: object, name: str) -> object:
    """Read a key of a dictionary or an attribute of an object; None where there is none, or reading it fails."""
    try:
        if isinstance(holder, dict):
            return holder.get(name)
        return getattr(holder, name, None)
    except KeyboardInterrupt:
        raise
    except BaseException:  # of a property, whatever it raises
        return None


#: How far the causes of an exception are followed.
_CAUSES: Final = 6
_CLIENT_ERRORS: Final = 400
_NO_ERRORS: Final = 600
#: What error classes are called in SDKs and in Python itself; the nearest base class that is listed counts.
_CLASS_BY_NAME: Final[Mapping[str, ErrorClass]] = _by_word(
    ("timeout", "TimeoutError APITimeoutError ConnectTimeout ReadTimeout TimeoutException Timeout"),
    ("timeout", "ServerTimeoutError DeadlineExceeded NodeTimeoutError ModelTimeoutError"),
    ("rate_limit", "RateLimitError TooManyRequests ThrottlingException"),
    ("quota", "ResourceExhausted QuotaExceededError BudgetExceededError InsufficientQuotaError"),
    ("auth", "AuthenticationError Unauthenticated Unauthorized"),
    ("permission", "PermissionError PermissionDeniedError PermissionDenied Forbidden"),
    ("not_found", "NotFoundError FileNotFoundError NotFound ModelNotFoundError"),
    ("invalid_request", "BadRequestError UnprocessableEntityError InvalidArgument InvalidRequestError"),
    ("context_length", "ContextWindowExceededError ContextLengthExceededError"),
    ("content_policy", "ContentPolicyViolationError ContentFilterFinishReasonError ContentFilterError"),
    ("content_policy", "InputGuardrailTripwireTriggered OutputGuardrailTripwireTriggered"),
    ("overloaded", "OverloadedError ServiceUnavailableError ServiceUnavailable"),
    ("server_error", "InternalServerError APIServerError BadGatewayError"),
    ("connection", "ConnectionError APIConnectionError ConnectError NetworkError TransportError"),
    ("connection", "ClientConnectionError URLError gaierror SSLError"),
    ("invalid_response", "JSONDecodeError OutputParserException ModelBehaviorError UnexpectedModelBehavior"),
    ("invalid_response", "LengthFinishReasonError APIResponseValidationError"),
    ("tool_validation", "ValidationError ToolInputValidationError ToolInvocationError ToolRetryError"),
    ("tool_error", "ToolException ToolError McpError"),
    ("cancelled", "CancelledError KeyboardInterrupt SystemExit GeneratorExit RunCancelled"),
)
#: What providers write into the code or type of an error.
_CLASS_BY_CODE: Final[Mapping[str, ErrorClass]] = _by_word(
    ("timeout", "timeout ETIMEDOUT RequestTimeout timeout_error"),
    ("rate_limit", "rate_limit_exceeded rate_limit_error ThrottlingException"),
    ("rate_limit", "TooManyRequestsException"),
    ("quota", "insufficient_quota billing_error ServiceQuotaExceededException"),
    ("quota", "billing_hard_limit_reached"),
    ("auth", "invalid_api_key authentication_error UnrecognizedClientException"),
    ("auth", "ExpiredTokenException"),
    ("permission", "permission_error AccessDeniedException permission_denied"),
    ("not_found", "not_found_error model_not_found ResourceNotFoundException"),
    ("invalid_request", "ValidationException"),
    ("context_length", "context_length_exceeded string_above_max_length request_too_large"),
    ("content_policy", "content_filter content_policy_violation"),
    ("overloaded", "overloaded_error server_overloaded ServiceUnavailableException engine_overloaded"),
    ("server_error", "api_error server_error InternalServerException"),
    ("invalid_response", "ModelErrorException"),
)
_CLASS_BY_STATUS: Final[Mapping[int, ErrorClass]] = {
    400: "invalid_request",
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limit",
    500: "server_error",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}


def error_class_of(error: BaseException, otherwise: ErrorClass = "other") -> ErrorClass:
    """Find the entry of the dictionary that an exception belongs to, by its code, name, HTTP status, base classes.

    What is not known is looked up by its cause, and a group by its first member.
    """
    with suppress(Exception):
        current: BaseException | None = error
        for _ in range(_CAUSES):
            if current is None:
                break
            own = _CLASS_BY_NAME.get(type(current).__name__)
            found = _by_code(current) or own or _by_status(current) or _by_base(current)
            if found is not None:
                return found
            current = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else current.__cause__
    return otherwise


def _by_code(error: BaseException) -> ErrorClass | None:
    body = _read(error, "body")
    holders = (error, body, _read(body, "error"), _read(_read(error, "response"), "Error"))
    for holder in holders:
        for key in ("code", "type", "Code"):
            said = _read(holder, key)
            if isinstance(said, str) and said in _CLASS_BY_CODE:
                return _CLASS_BY_CODE[said]
    return None


def _by_base(error: BaseException) -> ErrorClass | None:
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_CLASS_BY_NAME[name] for name in names if name in _CLASS_BY_NAME), None)


def _by_status(error: BaseException) -> ErrorClass | None:
    for holder in (error, _read(error, "response")):
        for key in ("status_code", "status", "code"):
            status = _read(holder, key)
            if isinstance(status, int) and _CLIENT_ERRORS <= status < _NO_ERRORS:
                return _CLASS_BY_STATUS.get(status) or _CLASS_BY_STATUS.get(status // 100 * 100)
    return None


#: What providers and frameworks say when they stop, in lower case.
_REASON_BY_WORD: Final[Mapping[str, StopReason]] = _by_word(
    ("completed", "stop end_turn stop_sequence goal success finished completed complete"),
    ("max_steps", "max_turns error_max_turns max_steps max_iterations graph_recursion_limit"),
    ("max_tokens", "length max_tokens max_output_tokens"),
    ("context_exceeded", "model_context_window_exceeded context_length_exceeded"),
    ("budget_exceeded", "error_max_budget_usd budget_exceeded"),
    ("timeout", "timeout"),
    ("content_filter", "content_filter content_filtered safety recitation blocklist prohibited_content"),
    ("refusal", "refusal"),
    ("guardrail", "guardrail_intervened"),
    ("invalid_output", "error_max_structured_output_retries malformed_function_call"),
    ("paused", "interrupt interrupted pause_turn approval_required"),
    ("cancelled", "aborted cancelled canceled user_cancelled"),
    ("tool_error", "tool_error"),
    ("step_error", "error error_during_execution"),
)
#: Exceptions that say why a run ends, wherever they come from; the nearest base class that is listed counts.
_REASON_BY_ERROR: Final[Mapping[str, StopReason]] = _by_word(
    ("max_steps", "MaxTurnsExceeded GraphRecursionError"),
    ("context_exceeded", "ContextWindowExceededError ContextLengthExceededError"),
    ("budget_exceeded", "BudgetExceededError UsageLimitExceeded"),
    ("timeout", "NodeTimeoutError ModelTimeoutError"),
    ("content_filter", "ContentPolicyViolationError ContentFilterFinishReasonError"),
    ("guardrail", "InputGuardrailTripwireTriggered OutputGuardrailTripwireTriggered"),
    ("invalid_output", "ModelBehaviorError UnexpectedModelBehavior"),
    ("paused", "GraphInterrupt NodeInterrupt ApprovalRequired"),
    ("cancelled", "CancelledError KeyboardInterrupt SystemExit GeneratorExit RunCancelled"),
)


def stop_reason_of(said: object) -> StopReason | None:
    """Find what a provider or framework means by its finish reason, a text or an enum; None when it is not known."""
    with suppress(Exception):
        words = (said, _read(said, "value"), _read(said, "name"))
        return next((_REASON_BY_WORD.get(word.lower()) for word in words if isinstance(word, str)), None)
    return None


def _reason_of(error: BaseException, failures: Iterable[tuple[BaseException, StopReason]]) -> StopReason:
    """Find why a run ended that an exception leaves: what it says itself, else which block it came out of."""
    with suppress(Exception):
        seen: BaseException | None = error
        for _ in range(_CAUSES):
            if seen is None:
                break
            names = (kind.__name__ for kind in type(seen).__mro__)
            said = next((_REASON_BY_ERROR[name] for name in names if name in _REASON_BY_ERROR), None)
            met = said or next((reason for failed, reason in failures if failed is seen), None)
            if met is not None:
                return met
            if isinstance(seen, TimeoutError):  # before its cause, which is the cancellation that it makes
                return "timeout"
            seen = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__
    return "step_error"


#: Where SDKs and frameworks put each number of a usage: a place, then its names, compared in lower case without "_".
#: A number that starts with ">" is a place in it. "thoughts" are reasoning tokens beside the output, "requests" is the
#: number of answers in a sum, "-" adds nothing.
_NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "usage": _by_word(
        ("input", "prompt_tokens input_tokens prompt_token_count input_token_count"),
        ("input", "prompt_eval_count total_input_tokens"),
        ("output", "completion_tokens output_tokens candidates_token_count response_token_count"),
        ("output", "output_token_count generation_token_count eval_count total_output_tokens"),
        ("total", "total_tokens total_token_count"),
        ("cached", "cached_tokens cached_input_tokens cached_prompt_tokens prompt_cache_hit_tokens"),
        ("cached", "cached_content_token_count cache_read_tokens cached_read_tokens"),
        ("cached", "num_cached_tokens total_cached_tokens cache_read_input_tokens"),
        ("cached", "cache_read_input_token_count"),
        ("cache_write", "cache_write_tokens cache_creation_tokens cached_write_tokens"),
        ("cache_write", "cache_creation_input_tokens cache_write_input_tokens"),
        ("cache_write", "cache_creation_input_token_count cache_write_input_token_count"),
        ("reasoning", "reasoning_tokens reasoning_output_tokens thinking_tokens"),
        ("thoughts", "thoughts_token_count total_thought_tokens total_reasoning_tokens"),
        ("tool_use", "tool_use_prompt_token_count total_tool_use_tokens connector_tokens"),
        ("audio_input", "input_audio_tokens audio_input_tokens audio_prompt_tokens"),
        ("audio_output", "output_audio_tokens audio_output_tokens audio_completion_tokens"),
        ("requests", "requests successful_requests"),
        (">written", "cache_creation cache_details"),
        (">of_input", "prompt_tokens_details input_tokens_details input_token_details"),
        (">of_input", "prompt_token_details"),
        (">of_cached", "cache_tokens_details"),
        (">of_output", "completion_tokens_details output_tokens_details output_token_details"),
        (">of_output", "completion_token_details candidates_tokens_details response_tokens_details"),
        (">of_output", "details"),
        ("-", "prompt_cache_miss_tokens cache_audio_read_tokens accepted_prediction_tokens"),
        ("-", "rejected_prediction_tokens"),
    ),
    "of_input": _by_word(
        ("cached", "cached_tokens cache_read cached cache_read_tokens"),
        ("cache_write", "cache_write_tokens cache_creation_tokens cache_creation cache_write"),
        ("cache_write_5m", "ephemeral_5m_input_tokens cache_creation_5m 5m"),
        ("cache_write_1h", "ephemeral_1h_input_tokens cache_creation_1h 1h"),
        ("audio_input", "audio_tokens audio"),
        ("image_input", "image_tokens image"),
        (">of_input", "cache_creation_token_details cache_write_tokens_details"),
        (">of_cached", "cached_tokens_details"),
    ),
    "of_cached": _by_word(
        ("cached_audio", "audio_tokens audio"),
        ("cached_image", "image_tokens image"),
    ),
    "written": _by_word(
        ("cache_write_5m", "ephemeral_5m_input_tokens 5m"),
        ("cache_write_1h", "ephemeral_1h_input_tokens 1h"),
    ),
    "of_output": _by_word(
        ("reasoning", "reasoning_tokens reasoning thoughts_tokens thinking_tokens"),
        ("audio_output", "audio_tokens audio"),
        ("image_output", "image_tokens image"),
    ),
}
#: Names of tokens that only some providers count inside the input; all count those of other names there.
_OPEN_NAMES: Final = _words(
    "cache_read_input_tokens cache_creation_input_tokens cache_write_input_tokens",
    "cache_read_input_token_count cache_creation_input_token_count",
    "cache_write_input_token_count",
)
#: Names of an input that contains all tokens that were read, those of the cache too, of any provider.
_WHOLE_INPUTS: Final = _words("prompt_tokens prompt_token_count total_input_tokens")
#: Where an answer keeps its usage; the first place that has one counts.
_PLACES: Final = _words(
    "usage usage_metadata usageMetadata token_usage usage_metrics context_wrapper",
    "accumulated_usage billed_units tokens message response body result raw parse",
    "response_metadata llm_output x_groq metadata meta metrics delta data event chunk",
    "generations current_message_snapshot current_completion_snapshot",
    "amazon-bedrock-invocationMetrics",
)
_MOST_PLACES: Final = 60
#: So many of the names of a usage are those of its input and output.
_LEADING: Final = 14
_MOST_ANSWERS: Final = 10_000
_DEEPEST: Final = 8
_MOST_TOKENS: Final = 1e12
#: The spec's name of each kind of token; a kind without a name of its own has that of the kind it is a part of.
_TOKEN_TYPES: Final[Mapping[str, TokenType]] = {
    "prompt": "prompt",
    "completion": "completion",
    "cached": "cached",
    "cache_write": "cache_write",
    "cache_write_5m": "cache_write",
    "cache_write_1h": "cache_write",
    "tool_use": "prompt",
    "audio_input": "prompt",
    "image_input": "prompt",
    "reasoning": "reasoning",
    "audio_output": "completion",
    "image_output": "completion",
}
#: Of each model in the price list, the types inside other types there, at any depth.
_INSIDE: Final[Mapping[str, Mapping[TokenType, tuple[TokenType, ...]]]] = {
    "claude-sonnet-4": {"completion": ("reasoning",)},
}
#: Of each model in the price list, the kinds whose tokens its provider counts inside its input.
_IN_INPUT: Final[Mapping[str, frozenset[str]]] = {
    "claude-sonnet-4": frozenset({}),
}
_INPUT_KINDS: Final = _words(
    "cached cache_write_5m cache_write_1h cache_write tool_use audio_input image_input"
)
_OUTPUT_KINDS: Final = _words("reasoning audio_output image_output")


def tokens_used(answer: object, model: str = OTHER) -> dict[TokenType, float]:
    """Count the tokens of an answer, or of its usage, by type; empty where nothing is found.

    Args:
        answer: The object or mapping that an SDK returned.
        model: The model that answered, as the spec lists it. Tokens count inside others as its prices in the spec
            expect it, also where a framework has changed that.
    """
    try:
        ledger = _Ledger()
        ledger.add(answer)
        total: dict[TokenType, float] = {}
        for (_, name), amount in ledger.settle(model)[0].items():
            total[name] = total.get(name, 0.0) + amount
    except Exception:
        return {}
    return total


#: Tokens by model and type.
_Tokens = dict[tuple[str, TokenType], float]


#: A number of a usage by its meaning; of a further request behind the answer: its index, its model and the meaning.
_Name = str | tuple[int, str, str]


class _Usage(NamedTuple):
    """The numbers of one usage.

    ``kind`` is "answer" for a complete one, "part" for running totals of a stream, "start" for the first of them,
    "delta" for an amount to add, "sum" for the total of several answers. ``key`` identifies the answer.
    """

    numbers: dict[_Name, float]
    kind: str
    key: object


class _Ledger:
    """The usages of a step, so that its tokens count once: answers add up, totals of a stream do not."""

    def __init__(self) -> None:
        self._largest: dict[object, dict[_Name, float]] = {}
        self._deltas: dict[object, list[Mapping[_Name, float]]] = {}
        self._sums: dict[object, dict[_Name, float]] = {}
        self._current: object = None
        self._kept: list[object] = []
        #: Whether a usage was read, and whether one was there that could not be read.
        self.read = False
        self.unknown = False

    def add(self, answer: object, *, streamed: bool = False) -> bool:
        """Add the usages in an answer or in an event of a stream; return whether there were any."""
        usages = _usages(answer, self._kept)
        if not usages and any(_read(answer, place) is not None for place in _PLACES[:3]):
            self.unknown = True
        self.read = self.read or bool(usages)
        for numbers, kind, own in usages:
            part = kind == "part" or (streamed and kind == "answer")
            key = None if part and isinstance(own, tuple) else own
            if key is None:
                key = self._current if part else object()
            if kind == "start" or (part and key is not None):
                self._current = key
            if kind == "delta":
                self._deltas.setdefault(key, []).append(numbers)
            else:
                largest = self._sums if kind == "sum" else self._largest
                if key in largest:
                    _enlarge(largest[key], numbers)
                else:
                    largest[key] = numbers
        return bool(usages)

    def settle(self, model: str) -> tuple[_Tokens, str]:
        """Add up the tokens; the text is the reason why they are doubtful, if they are."""
        answers, complaint = _added(self._answers(), model)
        if not self._sums:
            return answers, complaint
        sums, of_sums = _added([*self._sums.values()], model)
        _enlarge(answers, sums)
        return answers, of_sums if sums == answers else complaint

    def _answers(self) -> list[Mapping[_Name, float]]:
        """Join the parts of each answer; parts without a key belong to the largest."""
        if not self._deltas and len(self._largest) == 1:
            return [*self._largest.values()]
        answers = {key: dict(numbers) for key, numbers in [*self._largest.items()]}
        for key, deltas in [*self._deltas.items()]:
            _enlarge(answers.setdefault(key, {}), _summed(deltas))
        loose = answers.pop(None, None)
        if loose is not None and not answers:
            return [loose]
        if loose is not None:
            largest = max(answers.values(), key=lambda one: (one.get("input", 0.0), one.get("output", 0.0)))
            _enlarge(largest, loose)
        return [*answers.values()]


_Key = TypeVar("_Key")


def _enlarge(numbers: dict[_Key, float], others: Mapping[_Key, float]) -> None:
    for name, number in others.items():
        if number > numbers.get(name, -1.0):
            numbers[name] = number


def _summed(deltas: list[Mapping[_Name, float]]) -> dict[_Name, float]:
    """Add amounts up, but for a last one that is the sum of the others, as some frameworks send it."""
    total: dict[_Name, float] = {}
    for numbers in deltas:
        for name, number in numbers.items():
            total[name] = total.get(name, 0.0) + number
    ends = [(name, total[name]) for name in ("input", "output") if name in total]
    for numbers in deltas if len(deltas) > 1 else ():
        if numbers.get("input") and all(number == 2 * numbers.get(name, 0.0) for name, number in ends):
            return dict(numbers)
    return total


def _added(answers: list[Mapping[_Name, float]], model: str) -> tuple[_Tokens, str]:
    if len(answers) == 1 and not _further(answers[0]):
        counted, complaint = _counted(answers[0], model)
        return {(model, name): amount for name, amount in counted.items()}, complaint
    total: _Tokens = {}
    complaints = ""
    for numbers, used in _each_request(answers, model):
        counted, complaint = _counted(numbers, used)
        complaints = complaints or complaint
        priced = used
        for name, amount in counted.items():
            total[priced, name] = total.get((priced, name), 0.0) + amount
    return total, complaints


def _each_request(
    answers: list[Mapping[_Name, float]], model: str
) -> Iterator[tuple[Mapping[_Name, float], str]]:
    """List the requests behind the answers, each with its model."""
    for numbers in answers:
        yield numbers, model
        further: dict[tuple[int, str], dict[_Name, float]] = {}
        for (index, used, name), number in _further(numbers):
            further.setdefault((index, used), {})[name] = number
        for (_, used), other in further.items():
            yield other, used or model


def _further(numbers: Mapping[_Name, float]) -> list[tuple[tuple[int, str, str], float]]:
    """List the numbers of further requests behind an answer."""
    return [(name, number) for name, number in numbers.items() if isinstance(name, tuple)]


def _usages(answer: object, kept: list[object]) -> list[_Usage]:
    """Find the usages in an answer: the outermost one of each answer that it contains."""
    numbers = _numbers(answer)
    if numbers:
        return [_Usage(numbers, *_bare(answer, numbers, kept))]
    found: list[_Usage] = []
    _search(answer, None, "", [_MOST_PLACES, 0], found, kept)
    return found


def _bare(usage: object, numbers: Mapping[_Name, float], kept: list[object]) -> tuple[str, object]:
    """Return the kind and the key of a usage that came without its answer."""
    if "requests" in numbers:
        return "sum", _identity(usage, kept)
    if "input" not in numbers or type(usage).__name__.endswith(("DeltaUsage", "UsageChunk")):
        return "part", None
    if "open" in numbers:  # Anthropic's events repeat what was read, and raise what was written
        return "answer", tuple(numbers.get(name, 0.0) for name in ("input", "cached", "cache_write"))
    return "answer", _identity(usage, kept)


def _identity(usage: object, kept: list[object]) -> object:
    """Return the key of an object, and keep it, so that no other one gets its id; a dictionary may be used again."""
    if isinstance(usage, dict):
        return None
    kept.append(usage)
    return ("object", id(usage))


def _search(  # noqa: PLR0913, PLR0917 - the state of a search
    place: object, key: object, kind: str, left: list[int], found: list[_Usage], kept: list[object]
) -> None:
    """Look for usages in the places of an answer, in their order, until one is found; in a list, for one of each."""
    if left[1] > _DEEPEST:
        return
    if isinstance(place, (list, tuple)):
        for inner in place[:_MOST_ANSWERS]:
            candidate = inner[0] if isinstance(inner, list) and inner else inner
            left[0] = max(left[0], _MOST_PLACES // 2) if found else left[0]
            _step_into(candidate, None, kind, left, found, kept)
        return
    if place is None or isinstance(place, (str, bytes, int, float)):
        return
    key, kind = _id(place) or key, _kind(place) or kind
    before = len(found)
    for name in _PLACES:
        inner = _inside(place, name)
        if inner is not None:
            _step_into(inner, key, kind, left, found, kept)
            if len(found) > before:
                if name == "usage_metadata":  # LangChain keeps the provider's own usage beside its own
                    raw = _read(_read(place, "response_metadata"), "usage")
                    _add_requests(_read(raw, "iterations"), found[before].numbers)
                return


def _step_into(  # noqa: PLR0913, PLR0917 - the state of a search
    inner: object, key: object, kind: str, left: list[int], found: list[_Usage], kept: list[object]
) -> None:
    if left[0] <= 0:
        return
    left[0] -= 1
    numbers = _numbers(inner)
    if not numbers:
        left[1] += 1
        _search(inner, key, kind, left, found, kept)
        left[1] -= 1
    elif kind == "sum" or numbers.get("requests", 1.0) > 1 or _sums_up(inner):
        found.append(_Usage(numbers, "sum", key or _identity(inner, kept)))
    elif kind:
        found.append(_Usage(numbers, kind, key))
    elif "input" not in numbers:
        found.append(_Usage(numbers, "part", key))
    else:
        found.append(_Usage(numbers, "answer", key or _identity(inner, kept)))


def _inside(place: object, name: str) -> object:
    inner = _read(place, name)
    if isinstance(inner, MethodType) and name == "usage":
        return _called(inner)
    if name == "parse":  # of a raw response of OpenAI's or Anthropic's SDK, which keeps what it parsed
        was_read = _read(_read(place, "http_response"), "is_stream_consumed") is True
        is_method = isinstance(inner, MethodType) and not inspect.iscoroutinefunction(inner)
        return _called(cast("MethodType", inner)) if was_read and is_method else None
    if name == "x_groq":  # its id is that of the request, and differs from the answer's
        return _read(inner, "usage")
    return inner


def _sums_up(usage: object) -> bool:
    return type(usage).__name__ == "RunUsage"


def _called(method: MethodType) -> object:
    try:
        return method()
    except Exception:
        return None


def _id(place: object) -> object:
    """Read the name of an answer, which is the same in all of its events."""
    for name in ("id", "response_id", "responseId", "message_id"):
        found = _read(place, name)
        if isinstance(found, str) and found:
            return found
    return None


#: Kinds of messages by their type, and how the types of other events end.
_KINDS: Final = {"AIMessageChunk": "delta", "message_start": "start", "result": "sum"}
_EVENT_ENDS: Final = ("_delta", "_stop", "_start", "-end", "-start", "-delta", "_event", "chunk", "Chunk")


def _kind(place: object) -> str:
    """Return the kind of an event of a stream, which contains a usage; empty for a complete answer."""
    name = type(place).__name__
    if name in {"ResultMessage", "AgentResult", "RunResult", "RunResultStreaming"}:
        return "sum"
    kind = _read(place, "type")
    if isinstance(kind, str) and kind in _KINDS:
        return _KINDS[kind]
    if isinstance(kind, str) and (kind.startswith("response.") or kind.endswith(_EVENT_ENDS)):
        return "part"
    kind = _read(place, "object")
    if isinstance(kind, str) and kind.endswith("chunk"):
        return "part"
    is_event = name.endswith(("Chunk", "Event")) or _read(place, "done") is False or _is_open(place)
    return "part" if is_event else ""


def _is_open(place: object) -> bool:
    """Whether the choices or candidates of an answer show that a stream goes on."""
    choices = _read(place, "choices")
    if isinstance(choices, list):
        return not choices or _read(choices[0], "delta") is not None
    candidates = _read(place, "candidates")
    if not isinstance(candidates, list) or not candidates:
        return False
    return not (_read(candidates[0], "finish_reason") or _read(candidates[0], "finishReason"))


def _numbers(usage: object) -> dict[_Name, float]:
    """Read the numbers of a usage by their meaning; empty for an object that is no usage."""
    found: dict[_Name, float] = {}
    if isinstance(usage, dict):
        _gather(usage.items(), "usage", found)
    elif usage is not None and not isinstance(usage, (str, bytes, int, float, list)):
        _gather(_attributes(usage, "usage"), "usage", found)
    if "input" not in found and "output" not in found:
        return {}
    if "whole" not in found:
        _add_requests(_read(usage, "iterations"), found)
    return found


def _add_requests(iterations: object, found: dict[_Name, float]) -> None:
    """Add the requests behind one answer of Anthropic's that its own numbers leave out.

    These are summaries of the context, by the same model, and advice of another model. Its other requests are in its
    numbers, which are now and then smaller than their sum.
    """
    own: dict[_Name, float] = {}
    for index, each in enumerate(iterations[:_MOST_PLACES] if isinstance(iterations, list) else ()):
        kind = _read(each, "type")
        numbers = _numbers(each)
        if kind == "message":
            for name, number in numbers.items():
                own[name] = number if name == "open" else own.get(name, 0.0) + number
        elif kind == "fallback_message":  # of the requests before it, nobody is billed for all
            own = {}
            break
        elif kind in {"compaction", "advisor_message"}:
            model = str(_read(each, "model") or "") if kind == "advisor_message" else ""
            own_numbers = ((name, number) for name, number in numbers.items() if isinstance(name, str))
            found.update(((index, model, name), number) for name, number in own_numbers)
    if "whole" not in found:
        _enlarge(found, own)


def _attributes(holder: object, place: str) -> Iterable[tuple[object, object]]:
    """List the attributes of an object; where it does not list them itself, those of the known names that it has."""
    own = getattr(holder, "__dict__", None)
    if isinstance(own, dict):
        extra = getattr(holder, "__pydantic_extra__", None)
        found = [*own.items(), *(extra.items() if isinstance(extra, dict) else ())]
        if any(isinstance(name, str) and _plain(name) in _plain_names(place) for name, _ in found):
            return found
    names = _names_of(type(holder), place)  # type: ignore[arg-type]
    if place == "usage" and all(_number(_read(holder, name)) is None for name in names[:_LEADING]):
        return []
    return [(name, value) for name in names if (value := _read(holder, name)) is not None]


@functools.lru_cache(maxsize=512)
def _names_of(kind: type, place: str) -> tuple[str, ...]:
    """List the known names that a class has itself: slots, properties, or any where it answers to all names."""
    if hasattr(kind, "__getattr__") and not hasattr(kind, "__pydantic_fields__"):
        return tuple(_NUMBERS[place])
    return tuple(name for name in _NUMBERS[place] if hasattr(kind, name))


@functools.cache
def _plain_names(place: str) -> dict[str, str]:
    return {_plain(name): number for name, number in _NUMBERS[place].items()}


@functools.lru_cache(maxsize=2048)
def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@functools.lru_cache(maxsize=2048)
def _number_of(place: str, name: str) -> tuple[str, str]:
    """Return the number of a name in a place; "whole" where the input contains it, "open" where that depends."""
    plain = _plain(name)
    number = _plain_names(place).get(plain, "")
    if not number and place == "usage":
        tokens = plain.endswith(("tokens", "tokencount")) and not plain.startswith("max")
        return "unknown" if tokens else "", ""
    if place == "usage" and number in {"cached", "cache_write"}:
        return number, "open" if plain in _plain_all(_OPEN_NAMES) else "whole"
    if place == "usage" and number == "input":
        return number, "whole" if plain in _plain_all(_WHOLE_INPUTS) else ""
    return number, "whole" if place == "of_input" and not number.startswith(">") else ""


@functools.cache
def _plain_all(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_plain(name) for name in names)


def _gather(items: Iterable[tuple[object, object]], place: str, found: dict[_Name, float]) -> None:
    for name, value in items:
        if value is None or not isinstance(name, str):
            continue
        number, inside = _number_of(place, name)
        if number in {"", "-"}:
            continue
        if number[0] == ">":
            _gather(_inner(value, number[1:]), number[1:], found)
            continue
        amount = _number(value)
        if amount is None:
            continue
        if number not in found or amount > found[number]:
            found[number] = amount
        if inside:
            found[inside] = 1.0


def _inner(value: object, place: str) -> Iterable[tuple[object, object]]:
    """List the numbers of a part of a usage: a mapping, an object, or a list of a kind and a count each."""
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, (list, tuple)):
        return [(_first(one, _PART_NAMES), _first(one, _PART_COUNTS)) for one in value[:_MOST_PLACES]]
    return () if isinstance(value, (str, bytes, int, float)) else _attributes(value, place)


_PART_NAMES: Final = _words("modality ttl")
_PART_COUNTS: Final = _words("token_count tokenCount inputTokens input_tokens")


def _first(holder: object, names: Iterable[str]) -> object:
    return next((found for name in names if (found := _read(holder, name)) is not None), None)


def _number(value: object) -> float | None:
    """Read a count; None for any other value."""
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return None
    return float(value) if 0 <= value <= _MOST_TOKENS else None


#: The numbers of a usage without parts, and their types.
_PLAIN: Final = frozenset(_words("input output total whole open"))
_PLAIN_TYPES: Final = tuple(
    (number, _TOKEN_TYPES[kind])
    for number, kind in (("input", "prompt"), ("output", "completion"))
    if kind in _TOKEN_TYPES
)
#: Kinds that some providers count beside the input or output.
_MAY_BE_BESIDE: Final = _words("cached cache_write tool_use reasoning")


def _counted(numbers: Mapping[_Name, float], model: str) -> tuple[dict[TokenType, float], str]:
    """Count each token of an answer once, then inside the types where its prices expect it; the text is a doubt."""
    amount = numbers.get
    whole = amount("input", 0.0) + amount("output", 0.0)
    if numbers.keys() <= _PLAIN and amount("total", whole) in {0.0, whole}:
        return {name: size for number, name in _PLAIN_TYPES if (size := numbers.get(number))}, ""
    parts = {kind: amount(kind, 0.0) for kind in (*_INPUT_KINDS, *_OUTPUT_KINDS)}
    for kind, cached in (("audio_input", "cached_audio"), ("image_input", "cached_image")):
        parts[kind] = max(parts[kind] - amount(cached, 0.0), 0.0)
    kept = parts["cache_write_5m"] + parts["cache_write_1h"]
    written = max(parts["cache_write"], kept)
    parts["reasoning"] = max(parts["reasoning"], amount("thoughts", 0.0))
    parts["cache_write"] = written
    beside, complaint = _beside(numbers, {kind: parts[kind] for kind in _MAY_BE_BESIDE}, model)
    parts["cache_write"] = written - kept
    left = amount("input", 0.0) + sum(size for kind, size in beside.items() if kind != "reasoning")
    amounts = {"prompt": 0.0, "completion": 0.0}
    for kind in _INPUT_KINDS:
        amounts[kind] = min(parts[kind], left)
        left -= amounts[kind]
    amounts["prompt"] = left
    left = amount("output", 0.0) + beside.get("reasoning", 0.0)
    for kind in _OUTPUT_KINDS:
        amounts[kind] = min(parts[kind], left)
        left -= amounts[kind]
    amounts["completion"] = left
    inside = {"prompt": "whole" in numbers or "open" not in numbers, "completion": "thoughts" not in numbers}
    return _by_type(_capped(amounts, amount("total", 0.0)), model, inside), complaint


def _beside(
    numbers: Mapping[_Name, float], parts: Mapping[str, float], model: str
) -> tuple[dict[str, float], str]:
    """Find the parts beside the input and the output: those by which the total is right, else by name and provider.

    Returns:
        Those parts; and a doubt where the total is wrong, or a part is larger than the number that contains it.
    """
    known = _IN_INPUT.get(model, frozenset())
    apart = {"tool_use"} | ({"reasoning"} if "thoughts" in numbers else set())
    if "whole" not in numbers:
        apart |= {"cached", "cache_write"} - known
    some = {kind: size for kind, size in parts.items() if size}
    both, total = numbers.get("input", 0.0) + numbers.get("output", 0.0), numbers.get("total", 0.0)
    expected = {kind: size for kind, size in some.items() if kind in apart}
    if not total:
        return expected, _misfit(numbers, some, expected) or ("unknown" if numbers.get("unknown") else "")
    if both + sum(expected.values()) == total and not _misfit(numbers, some, expected):
        return expected, ""
    for chosen in product((False, True), repeat=len(some)):
        other = {kind: size for (kind, size), taken in zip(some.items(), chosen, strict=True) if taken}
        if both + sum(other.values()) == total and not _misfit(numbers, some, other):
            return other, ""
    return expected, "contradicted"


def _misfit(numbers: Mapping[_Name, float], parts: Mapping[str, float], beside: Mapping[str, float]) -> str:
    """Return a doubt where parts are larger than the input or output that contains them."""
    inside = {kind: size for kind, size in parts.items() if kind not in beside}
    reasoning = inside.pop("reasoning", 0.0)
    fits = sum(inside.values()) <= numbers.get("input", 0.0) and reasoning <= numbers.get("output", 0.0)
    return "" if fits else "contradicted"


def _capped(amounts: dict[str, float], total: float) -> dict[str, float]:
    """Reduce the largest amounts to the total of the usage, where it has one."""
    excess = sum(amounts.values()) - total if total else 0.0
    for kind in sorted(amounts, key=lambda one: -amounts[one]):
        if excess <= 0:
            break
        taken = min(excess, amounts[kind])
        amounts[kind] -= taken
        excess -= taken
    return amounts


def _by_type(amounts: Mapping[str, float], model: str, whole: Mapping[str, bool]) -> dict[TokenType, float]:
    """Join kinds in the spec's types, and count types inside others where the prices do."""
    alone: dict[TokenType, float] = {}
    for kind, name in _TOKEN_TYPES.items():
        if amounts.get(kind):
            alone[name] = alone.get(name, 0.0) + amounts[kind]
    inside = _INSIDE.get(model)
    if inside is None:
        inside = {_TOKEN_TYPES[kind]: _PARTS[kind] for kind in _PARTS if kind in _TOKEN_TYPES and whole[kind]}
    counted = dict(alone)
    for outer, inner in inside.items():
        more = sum(alone.get(one, 0.0) for one in inner)
        if more:
            counted[outer] = alone.get(outer, 0.0) + more
    return counted


#: The types inside the input and the output, of models without a price list.
_PARTS: Final[Mapping[str, tuple[TokenType, ...]]] = {
    whole: tuple(
        dict.fromkeys(
            name for kind in kinds if (name := _TOKEN_TYPES.get(kind)) and name != _TOKEN_TYPES.get(whole)
        )
    )
    for whole, kinds in (("prompt", _INPUT_KINDS), ("completion", _OUTPUT_KINDS))
}


@functools.cache
def _say_unread(model: str, reason: str) -> None:
    """Log that tokens were not understood; the cache has this happen once for a model and a reason."""
    with suppress(Exception):
        _LOG.warning("model %s: the tokens of a step are %s; this is said only once", model, _UNREAD[reason])


_UNREAD: Final = {
    "missing": "missing: no usage was returned or given to usage()",
    "unknown": "not understood: the usage has numbers with unknown names",
    "contradicted": "contradicted: the parts of a usage do not add up to its total",
}


_LOG: Final = logging.getLogger(__name__)
_LONGEST: Final = 100
#: Of each label so many values outside its bounds are logged, however many come.
_LOGGED: Final = 20
#: In place of a value that may not be exposed, not even as other.
_NOTHING: Final = ""


@functools.cache
def _lost() -> None:
    """Log the exception that a measurement failed by; the cache has this happen once in the life of the process."""
    with suppress(Exception):
        _LOG.exception("metrics were lost; this is said only once")


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _forgiving(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let no call fail by its arguments: what a method does not take is left out, and what a call lacks is None.

    The spec may lose a label or get one that a call does not know, and an adapter passes on any. Each is logged once.
    """
    parameters = inspect.signature(method).parameters.values()
    ordered = tuple(one.name for one in parameters if one.kind is not one.KEYWORD_ONLY)
    needed = tuple(one.name for one in parameters if one.default is one.empty)
    most, own = len(ordered), frozenset({"self"})
    named = frozenset(one.name for one in parameters) - own
    #: The names that are still free after so many arguments in their order.
    free = tuple(named.difference(ordered[:given]) for given in range(most + 1))
    lenient: Callable[..., _R] = method

    @functools.wraps(method)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if len(args) > most:
            _misused(method.__name__, f"takes {most - 1} arguments in their order, and the rest is left out")
        first = args[:most]
        if kwargs:
            for name in kwargs.keys() - free[len(first)]:
                del kwargs[name]
                _misspelt(method.__name__, name, named)
        for name in needed[len(first) :]:
            if name not in kwargs:
                kwargs[name] = None
                _misused(method.__name__, f"is called without {name}")
        return lenient(*first, **kwargs)

    return call


def _misspelt(method: str, name: str, known: frozenset[str]) -> None:
    """Log a name that a method does not take, or not once more."""
    with suppress(Exception):
        if name in known:
            _misused(method, f"is given {name} twice, and the second is left out")
            return
        near = get_close_matches(name, known, n=1)
        others = f"it takes {', '.join(sorted(known))}" if known else "it takes no other"
        meant = f"did you mean {near[0]}?" if near else others
        _misused(method, f"takes no {name[:_LONGEST]}, which is left out: {meant}")


@functools.cache
def _misused(method: str, how: str) -> None:
    """Log a call that does not fit its method; the cache has this happen once for each way."""
    with suppress(Exception):
        _LOG.error("%s() %s", method, how)


class _Bound:
    """The values that a label may have: what else comes becomes ``other``, is counted, and the first of it logged.

    Where the spec gives only a number, the first values that come are kept, one place being other's.
    """

    def __init__(
        self, label: str, listed: tuple[str, ...], most: int, outside: Counter, advice: str = ""
    ) -> None:
        self.listed = listed
        self._label = label
        known = listed or ((OTHER,) if most > 1 else ())
        self._known: dict[object, str] = {value: value for value in known}
        self._most = most
        self._outside = outside
        self._advice = advice
        self._logged: set[str] = set()
        self._lock = RLock()
        #: The series that show each new value, where the spec lists none.
        self._shown: list[tuple[str, ref[_AnySeries]]] = []

    def fold(self, value: object) -> str:
        """Find the value to expose, nothing where not even ``other`` may be; what was found is found again."""
        try:
            return self._known[value]
        except Exception:
            return self._new(value)

    def _new(self, value: object) -> str:
        if value is _NOTHING and OTHER not in self._known:
            return _NOTHING
        text = None
        with suppress(Exception):
            text = _text(value)
        with self._lock:
            if text is not None and (text in self._known or len(self._known) < self._most):
                known = self._known.setdefault(text, text)
            else:
                known = None
        if known is not None:
            for name, kept in self._shown:
                series = kept()
                if series is not None:
                    series.expose(name, known)
            return known
        self._outside.inc()
        with suppress(Exception):
            self._log(_shown(value, text))
        return self._known.get(OTHER, _NOTHING)

    def show(self, name: str, series: _AnySeries) -> None:
        """Let series show each new value, as that of the label of this name."""
        with self._lock:
            alive = [(one, kept) for one, kept in self._shown if kept() is not None]
            self._shown = [*alive, (name, ref(series))]

    def _log(self, value: str) -> None:
        """Say which value is lost, so that it can be added to the spec; each once."""
        with self._lock:
            if value in self._logged or len(self._logged) == _LOGGED:
                return
            self._logged.add(value)
        becomes = "counted as other" if OTHER in self._known else "not counted"
        _LOG.warning("label %s: %s is outside the spec, and %s%s", self._label, value, becomes, self._advice)


def _shown(value: object, text: str | None) -> str:
    """Describe a value outside the bounds; only a text is shown itself."""
    if text is not None:
        return repr(text)
    return "a call without it" if value is None else f"what is no text of 1 to {_LONGEST} characters"


def _text(value: object) -> str | None:
    """Read a label value; None for what is no text, or none that a label may hold."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return None
    return str.encode(value).decode()


_Family = TypeVar("_Family", Counter, Histogram)


class _Series(dict[tuple[object, ...], _Family]):
    """The series of a metric by the values of their labels, each bound once; those of listed values at once, at zero.

    ``constant`` labels have the one value that they have in this process; the others' values are the key, in their
    order. Whatever values are asked for, the series found is one that the spec allows.
    """

    def __init__(
        self,
        family: _Family,
        names: tuple[str, ...],
        constant: Mapping[str, str],
        bounds: Mapping[str, _Bound],
    ) -> None:
        super().__init__()
        self._family: _Family = family
        self._names = names
        self._constant = {name: constant[name] for name in names if name in constant}
        self._bounds = {name: bounds[name] for name in names if name not in constant}
        for values in product(*(bound.listed for bound in self._bounds.values())):
            self.__missing__(values)
        for name, bound in self._bounds.items():
            if not bound.listed:
                bound.show(name, self)

    def expose(self, name: str, new: str) -> None:
        """Expose zeros of a new value of a label, where the other labels are listed."""
        values = ((new,) if one == name else bound.listed for one, bound in self._bounds.items())
        for each in product(*values):
            self[each]

    def __missing__(self, values: tuple[object, ...]) -> _Family:
        """Bind the series of these values, or of what they become; one that counts for nobody if none may be."""
        folded = tuple(bound.fold(value) for bound, value in zip(self._bounds.values(), values, strict=True))
        labels = {**self._constant, **dict(zip(self._bounds, folded, strict=True))}
        for head, target, means in _DETERMINED:
            if head in labels and target in labels:
                labels[target] = means.get(labels[head], labels[target])
        if _NOTHING in labels.values():
            return type(self._family)("nobody", "Counts for nobody.", registry=None)
        ordered = [labels[name] for name in self._names]
        return self.setdefault(folded, self._family.labels(*ordered) if ordered else self._family)


_AnySeries = _Series[Counter] | _Series[Histogram]


class _Families(Collector):
    """All metrics of a registry, and the bounds of their labels."""

    def __init__(self) -> None:
        outside = Counter(
            "agent_label_value_outside_total",
            "Label values outside the bounds of the spec, exposed as other.",
            ["label"],
            registry=None,
        )
        self.bounds = {
            "status": _Bound(
                "status",
                STATUSES,
                2,
                outside.labels("status"),
            ),
            "stop_reason": _Bound(
                "stop_reason",
                STOP_REASONS,
                15,
                outside.labels("stop_reason"),
                ": its run counts as failed; stop_from() reads the words of providers and SDKs",
            ),
            "error_class": _Bound(
                "error_class",
                ERROR_CLASSES,
                17,
                outside.labels("error_class"),
            ),
            "token_type": _Bound(
                "token_type",
                TOKEN_TYPES,
                6,
                outside.labels("token_type"),
            ),
            "reason": _Bound(
                "reason",
                REASONS,
                3,
                outside.labels("reason"),
            ),
            "release": _Bound(
                "release",
                (),
                3,
                outside.labels("release"),
            ),
            "model": _Bound(
                "model",
                MODELS,
                2,
                outside.labels("model"),
            ),
            "tool": _Bound(
                "tool",
                TOOLS,
                4,
                outside.labels("tool"),
            ),
        }
        self.agent_run_total = Counter(
            "agent_run_total",
            "Finished agent runs.",
            ["status", "stop_reason", "release"],
            registry=None,
        )
        self.agent_run_latency_ms = Histogram(
            "agent_run_latency_ms",
            "Time from the start of a run to its end.",
            ["release"],
            registry=None,
            buckets=(100, 250, 500, 1000, 2000, 5000, 10000),
        )
        self.agent_steps_per_run = Histogram(
            "agent_steps_per_run",
            "Steps that a run took.",
            ["release"],
            registry=None,
            buckets=(1, 2, 4, 8, 12, 16, 24, 32),
        )
        self.agent_tool_call_total = Counter(
            "agent_tool_call_total",
            "Tool calls.",
            ["tool", "status", "release"],
            registry=None,
        )
        self.agent_tool_error_total = Counter(
            "agent_tool_error_total",
            "Tool errors by class.",
            ["tool", "error_class", "release"],
            registry=None,
        )
        self.agent_llm_error_total = Counter(
            "agent_llm_error_total",
            "Errors of LLM steps by model and class.",
            ["model", "error_class", "release"],
            registry=None,
        )
        self.agent_tool_latency_ms = Histogram(
            "agent_tool_latency_ms",
            "Time of a tool call, failed ones included.",
            ["tool", "release"],
            registry=None,
            buckets=(20, 50, 100, 250, 500, 1000, 2000, 5000),
        )
        self.agent_token_usage_total = Counter(
            "agent_token_usage_total",
            "LLM tokens.",
            ["model", "token_type", "release"],
            registry=None,
        )
        self.agent_llm_usage_unread_total = Counter(
            "agent_llm_usage_unread_total",
            "LLM steps whose tokens are missing or not understood.",
            ["model", "reason", "release"],
            registry=None,
        )
        self._all: tuple[Counter | Histogram, ...] = (
            outside,
            self.agent_run_total,
            self.agent_run_latency_ms,
            self.agent_steps_per_run,
            self.agent_tool_call_total,
            self.agent_tool_error_total,
            self.agent_llm_error_total,
            self.agent_tool_latency_ms,
            self.agent_token_usage_total,
            self.agent_llm_usage_unread_total,
        )

    def collect(self) -> Iterator[Metric]:
        """Give the registry what there is."""
        for family in self._all:
            yield from family.collect()

    def describe(self) -> Iterator[Metric]:
        """Give the registry the names, so that it refuses a second metric of the same name."""
        for family in self._all:
            yield from family.describe()


_FAMILIES: Final[WeakKeyDictionary[CollectorRegistry, _Families]] = WeakKeyDictionary()
_FAMILIES_LOCK: Final = RLock()


def _families(registry: CollectorRegistry) -> _Families:
    """Find the metrics of a registry, registered the first time they are asked for, and again where it lost them.

    Where the registry refuses them, they count for nobody, and the log says so.
    """
    with _FAMILIES_LOCK:
        with suppress(Exception):
            known = _FAMILIES.get(registry)
            if known is not None:
                with suppress(ValueError):  # it still has them
                    registry.register(known)
                return known
        families = _Families()
        try:
            registry.register(families)
            _FAMILIES[registry] = families
        except Exception:
            with suppress(Exception):
                _LOG.exception(
                    "the metrics of research-agent are not exposed: another module, or this one before it was "
                    "loaded anew, has their names in this registry"
                )
        return families


class _Measures:
    """What all blocks share: the bounds of the labels, and the series of one value of each constant label."""

    def __init__(self, families: _Families, constant: Mapping[str, object]) -> None:
        self._given = dict(constant)
        self.bounds = families.bounds
        fixed = {name: self.bounds[name].fold(value) for name, value in constant.items()}
        self.agent_run_total = _Series(
            families.agent_run_total,
            ("status", "stop_reason", "release"),
            fixed,
            self.bounds,
        )
        self.agent_run_latency_ms = _Series(
            families.agent_run_latency_ms,
            ("release",),
            fixed,
            self.bounds,
        )
        self.agent_steps_per_run = _Series(
            families.agent_steps_per_run,
            ("release",),
            fixed,
            self.bounds,
        )
        self.agent_tool_call_total = _Series(
            families.agent_tool_call_total,
            ("tool", "status", "release"),
            fixed,
            self.bounds,
        )
        self.agent_tool_error_total = _Series(
            families.agent_tool_error_total,
            ("tool", "error_class", "release"),
            fixed,
            self.bounds,
        )
        self.agent_llm_error_total = _Series(
            families.agent_llm_error_total,
            ("model", "error_class", "release"),
            fixed,
            self.bounds,
        )
        self.agent_tool_latency_ms = _Series(
            families.agent_tool_latency_ms,
            ("tool", "release"),
            fixed,
            self.bounds,
        )
        self.agent_token_usage_total = _Series(
            families.agent_token_usage_total,
            ("model", "token_type", "release"),
            fixed,
            self.bounds,
        )
        self.agent_llm_usage_unread_total = _Series(
            families.agent_llm_usage_unread_total,
            ("model", "reason", "release"),
            fixed,
            self.bounds,
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _measures_again, (self._given,)


def _measures_again(constant: Mapping[str, object]) -> _Measures:
    """Find what was pickled elsewhere, in this process's own registry."""
    return _Measures(_families(REGISTRY), constant)


class _Block:
    """A block of code that is timed, and counted once when it ends: ``with``, ``async with``, or a decorator."""

    def __init__(self, measures: _Measures) -> None:
        self._measures = measures
        #: When it began; several times where one object serves several ``with`` that overlap.
        self._starts: list[float] = []

    def __enter__(self) -> Self:
        try:
            self._begin()
        except Exception:
            _lost()
        self._starts.append(perf_counter())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        now = perf_counter()
        try:
            if self._starts:
                self._end(now - self._starts.pop(), error)
        except Exception:
            _lost()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        """Measure every call of a function; a coroutine or generator for as long as it runs."""
        if inspect.isasyncgenfunction(function):
            return cast("Callable[_P, _R]", self._async_generator(function))
        if inspect.isgeneratorfunction(function):
            return cast("Callable[_P, _R]", self._generator(function))
        if inspect.iscoroutinefunction(function):
            return cast("Callable[_P, _R]", self._coroutine(function))

        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            block = self._another().__enter__()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                block.__exit__(type(error), error, error.__traceback__)
                raise
            return cast("_R", block._given_back(result))

        return call

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _unpickled, (type(self), self._arguments())

    def _arguments(self) -> tuple[object, ...]:
        """List what another block like this one is made of."""
        raise NotImplementedError

    def _another(self) -> Self:
        """Make a block for one call of a decorated function."""
        return type(self)(*self._arguments())  # type: ignore[arg-type]

    def _begin(self) -> None:
        raise NotImplementedError

    def _returned(self, result: object) -> None:
        """Read what a decorated function returned."""

    def _item(self, item: object) -> None:
        """Read an item of a stream."""

    def _end(self, seconds: float, error: BaseException | None) -> None:
        raise NotImplementedError

    def _resume(self) -> Run | None:
        """Come back to a block that lasts over several calls; the answer is the run to go back to when one ends."""
        return None

    def _suspend(self, outer: Run | None) -> None:
        """Leave a block that goes on later, in whatever thread or context."""

    def _given_back(self, result: object) -> object:
        """End with what a function returned; a stream, or what is still to be awaited, ends the block later."""
        try:
            later = self._later(result)
        except Exception:
            _lost()
            later = None
        if later is not None:
            return later
        self._returned(result)
        self.__exit__(None, None, None)
        return result

    def _later(self, result: object) -> object:
        """Wrap what goes on after its function has returned; None for what is complete."""
        if isinstance(result, GeneratorType):
            self._suspend(self._outer_run())
            return self._driven(result)
        if isinstance(result, AsyncGeneratorType):
            self._suspend(self._outer_run())
            return self._async_driven(result)
        if isinstance(result, CoroutineType):
            self._suspend(self._outer_run())
            return self._awaited(result)
        if hasattr(type(result), "add_done_callback"):
            self._suspend(self._outer_run())
            cast("Any", result).add_done_callback(self._done)
            return result
        return None

    def _done(self, future: Any) -> None:  # noqa: ANN401 - of asyncio, or of a thread
        try:
            result = future.result()
        except BaseException as error:
            self.__exit__(type(error), error, None)
        else:
            self._returned(result)
            self.__exit__(None, None, None)

    def _outer_run(self) -> Run | None:
        return None

    async def _awaited(self, waiting: Awaitable[object]) -> object:
        outer = self._resume()
        try:
            result = await waiting
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        finally:
            self._suspend(outer)
        return self._given_back(result)

    def _coroutine(self, function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
        @functools.wraps(function)
        async def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            block = self._another().__enter__()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                block.__exit__(type(error), error, error.__traceback__)
                raise
            return cast("_R", block._given_back(result))

        return call

    def _generator(
        self, function: Callable[_P, Generator[Any, Any, _R]]
    ) -> Callable[_P, Generator[Any, Any, _R]]:
        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> Generator[Any, Any, _R]:
            inner = function(*args, **kwargs)
            block = self._another().__enter__()
            block._suspend(block._outer_run())
            return (yield from block._driven(inner))

        return call

    def _driven(self, inner: Generator[Any, Any, _R]) -> Generator[Any, Any, _R]:
        """Pass a generator on, item by item, and end when it does."""
        error: BaseException | None = None
        step: Callable[[Any], Any] = inner.send
        value: Any = None
        try:
            while True:
                outer = self._resume()
                try:
                    item = step(value)
                except StopIteration as stop:
                    self._returned(stop.value)
                    return cast("_R", stop.value)
                finally:
                    self._suspend(outer)
                self._item(item)
                try:
                    value, step = (yield item), inner.send
                except GeneratorExit:
                    outer = self._resume()
                    try:
                        inner.close()
                    finally:
                        self._suspend(outer)
                    raise
                except BaseException as thrown:
                    value, step = thrown, inner.throw
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.__exit__(type(error) if error else None, error, None)

    def _async_generator(
        self, function: Callable[_P, AsyncGenerator[Any, Any]]
    ) -> Callable[_P, AsyncGenerator[Any, Any]]:
        @functools.wraps(function)
        async def call(*args: _P.args, **kwargs: _P.kwargs) -> AsyncGenerator[Any, Any]:
            inner = function(*args, **kwargs)
            block = self._another().__enter__()
            block._suspend(block._outer_run())
            driven = block._async_driven(inner)
            value: Any = None
            step: Callable[[Any], Awaitable[Any]] = driven.asend
            try:
                while True:
                    try:
                        item = await step(value)
                    except StopAsyncIteration:
                        return
                    try:
                        value, step = (yield item), driven.asend
                    except BaseException as thrown:
                        if isinstance(thrown, GeneratorExit):
                            raise
                        value, step = thrown, driven.athrow
            finally:
                await driven.aclose()

        return call

    async def _async_driven(self, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
        """Pass an async generator on, item by item, and end when it does."""
        error: BaseException | None = None
        step: Callable[[Any], Awaitable[Any]] = inner.asend
        value: Any = None
        try:
            while True:
                outer = self._resume()
                try:
                    item = await step(value)
                except StopAsyncIteration:
                    return
                finally:
                    self._suspend(outer)
                self._item(item)
                try:
                    value, step = (yield item), inner.asend
                except GeneratorExit:
                    outer = self._resume()
                    try:
                        await inner.aclose()
                    finally:
                        self._suspend(outer)
                    raise
                except BaseException as thrown:
                    value, step = thrown, inner.athrow
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.__exit__(type(error) if error else None, error, None)


def _unpickled(kind: type[_Block], arguments: tuple[object, ...]) -> _Block:
    return kind(*arguments)  # type: ignore[arg-type]


class Run(_Block):
    """One run of an agent; it is counted when its block ends, however it does.

    A run within a run is a part of it: its steps count for both, and the outermost one alone is counted as a run.

    Attributes:
        steps: The tool calls, LLM steps and other steps so far, also of runs within this one.
        parent: The run that it is a part of, if any.
    """

    def __init__(
        self,
        measures: _Measures,
        stop_reason: object = "completed",
        resumed: Mapping[str, float] | None = None,
        parent: Run | None = None,
    ) -> None:
        super().__init__(measures)
        self.steps = 0
        self.parent: Run | None = None
        self._given_parent = parent
        self._resumed = resumed
        self._handed_over = False
        self._inside: Run | None = None
        self._default = stop_reason
        self._said: str | None = None
        self._failures: deque[tuple[BaseException, StopReason]] = deque(maxlen=_REMEMBERED)
        self._lock = RLock()
        self._outer: Run | None = None
        #: The generator whose block this is, and the task that began it; else nothing.
        self._within: FrameType | None = None
        self._strand: object = None

    @_forgiving
    def stop(self, reason: StopReason) -> None:
        """Say why the run ends; what is said first stays, unless it is completion and an error follows.

        A reason that the spec does not list becomes ``other``, and the run counts as failed. Words of a
        provider or an SDK, such as ``end_turn``, go to ``stop_from``.
        """
        try:
            if self._said is None:
                self._said = self._measures.bounds["stop_reason"].fold(reason)
        except Exception:
            _lost()

    @_forgiving
    def stop_from(self, said: object) -> None:
        """Say why the run ends in the words of a provider or framework, such as ``end_turn``."""
        try:
            if self._said is None:
                known = stop_reason_of(said)
                self._said = self._measures.bounds["stop_reason"].fold(said if known is None else known)
        except Exception:
            _lost()

    @_forgiving
    def step(self) -> None:
        """Count a step that is neither a tool call nor an LLM step; those count themselves."""
        counting: Run | None = self
        while counting is not None:
            with counting._lock:
                counting.steps += 1
            counting = counting.parent

    @_forgiving
    def hand_over(self) -> dict[str, float]:
        """Let the run go on elsewhere, after a pause or in another process: it is not counted here.

        Returns:
            Its steps and seconds so far, to be passed as ``resumed`` to the ``run`` that goes on with it.
        """
        self._handed_over = True
        before = self._resumed or {}
        since = perf_counter() - self._starts[-1] if self._starts else 0.0
        return {"steps": float(self.steps), "seconds": since + _amount(before, "seconds")}

    @_forgiving
    def sub_run(self) -> Run:
        """Measure a run of another agent within this one, in whatever thread; labels left out are this one's."""
        return Run(
            self._measures,
            parent=self,
        )

    @_forgiving
    def tool_call(self, tool: Tool | str) -> ToolCall:
        """Measure a tool call of this run, in whatever thread."""
        return ToolCall(self._measures, tool, run=self)

    @_forgiving
    def llm_step(self, model: Model | str) -> LLMStep:
        """Measure an LLM step of this run, in whatever thread."""
        return LLMStep(self._measures, model, run=self)

    def _arguments(self) -> tuple[object, ...]:
        return (self._measures, self._default, self._resumed, self._given_parent)

    def _begin(self) -> None:
        self.steps = int(_amount(self._resumed, "steps")) if self._resumed else 0
        self._handed_over = False
        self._said = None
        parent = self._given_parent or _current_run()
        self.parent = None if parent is self else parent
        before = _RUN.get()
        if before is not self:
            self._outer = _open(before)
        self._inside = self
        self._within = _generator_around(sys._getframe(2))
        if self._within is not None:
            self._strand = _strand()
            _WITHIN[id(self._within)] = self
        _RUN.set(self)

    def _resume(self) -> Run | None:
        outer = _RUN.get()
        _RUN.set(self._inside)
        return outer

    def _suspend(self, outer: Run | None) -> None:
        self._within = None
        self._inside = _RUN.get()
        _RUN.set(outer)

    def _outer_run(self) -> Run | None:
        return self._outer

    def _blame(self, error: BaseException, reason: StopReason) -> None:
        """Remember why an exception came up, in this run and in those that it is a part of."""
        blamed: Run | None = self
        while blamed is not None:
            if blamed._starts:
                blamed._failures.append((error, reason))
            blamed = blamed.parent

    def _end(self, seconds: float, error: BaseException | None) -> None:
        self._outer = _open(self._outer)  # or runs that overlap in turn would keep all before them
        if _RUN.get() is self and not self._starts:
            _RUN.set(self._outer)
        self._within = None
        cause = self._why(error)
        self._failures.clear()
        outcome: Status = "ok" if error is None else "error"
        outcome = _STATUS_BY_STOP_REASON.get(cause, outcome)
        if self._handed_over:
            return
        measures = self._measures
        if self.parent is not None:
            return
        seconds += _amount(self._resumed, "seconds") if self._resumed else 0.0
        measures.agent_run_total[outcome, cause].inc()
        measures.agent_run_latency_ms[()].observe(seconds * 1000)
        measures.agent_steps_per_run[()].observe(self.steps)

    def _why(self, error: BaseException | None) -> str:
        completed = self._said == "completed"
        if self._said is not None and not (completed and isinstance(error, Exception)):
            return self._said
        if error is None:
            return self._measures.bounds["stop_reason"].fold(self._default) or "completed"
        return _reason_of(error, tuple(self._failures))


_REMEMBERED: Final = 4
_RUN: Final[ContextVar[Run | None]] = ContextVar("research_agent_metrics_run", default=None)


def _amount(amounts: Mapping[str, float], name: str) -> float:
    """Read an amount that came from elsewhere; 0 for what is none."""
    with suppress(Exception):
        amount = float(amounts[name])
        return amount if 0 <= amount < inf else 0.0
    return 0.0


def _current_run() -> Run | None:
    """Find the innermost run of this task or thread, or of the generator that runs in it; one that ended is none.

    Nor is one whose generator waits for the task to ask for its next item: what goes on meanwhile is the consumer's.
    """
    found = _of_context()
    if not _WITHIN:
        return found
    around = _of_generators(sys._getframe(1))
    inner = found
    while inner is not None and inner is not around:
        inner = inner.parent
    return found if around is None or inner is around else around


def _open(run: Run | None) -> Run | None:
    """Find the innermost run that has not ended, from this one outwards."""
    for _ in range(_MOST_OUTER):
        if run is None or run._starts:
            return run
        run = run._outer
    return None


#: The runs that began in a generator, by its frame.
_WITHIN: Final[WeakValueDictionary[int, Run]] = WeakValueDictionary()


def _of_generators(frame: FrameType | None) -> Run | None:
    """Find the run of the innermost generator that runs now, whoever asked for its next item."""
    while frame is not None:
        run = _WITHIN.get(id(frame))
        if run is not None and run._within is frame and run._starts:
            return run
        frame = frame.f_back
    return None


def _of_context() -> Run | None:
    run = _RUN.get()
    for _ in range(_MOST_OUTER):
        if run is None or run._within is None or not _waits(run._within, run._strand):
            break
        run = run._outer
    return run if run is not None and run._starts else None


#: So many runs that wait are looked through for one that does not.
_MOST_OUTER: Final = 100


_GENERATORS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
#: Packages that turn a generator into a block: what goes on while it waits is inside of it.
_MANAGERS: Final = ("contextlib", "_pytest", "pytest_asyncio", "anyio")


def _generator_around(frame: FrameType | None) -> FrameType | None:
    """Find the generator that a block begins in; None in other functions, and in a generator that is a block itself."""
    if frame is not None and frame.f_globals is globals():
        frame = frame.f_back if frame.f_code.co_name == "__aenter__" else None
    if frame is None or not frame.f_code.co_flags & _GENERATORS:
        return None
    consumer = frame.f_back
    name = consumer.f_globals.get("__name__") if consumer is not None else None
    return None if str(name).partition(".")[0] in _MANAGERS else frame


def _strand() -> object:
    """Identify this thread and task."""
    asyncio = sys.modules.get("asyncio")
    with suppress(Exception):  # there is no task
        return get_ident(), id(asyncio.current_task()) if asyncio else 0
    return get_ident(), 0


def _waits(generator: FrameType, strand: object) -> bool:
    """Say whether a generator that this task began is not what runs now."""
    if strand != _strand():
        return False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame is generator:
            return False
        frame = frame.f_back
    return True


class ToolCall(_Block):
    """One tool call; it is counted when its block ends, however it does."""

    def __init__(
        self,
        measures: _Measures,
        tool: object,
        run: Run | None = None,
    ) -> None:
        super().__init__(measures)
        self._raw_tool = tool
        self._tool: str | None = None
        self._given_run = run
        self._run = run
        self._failed: object = None

    @_forgiving
    def fail(self, error: ErrorClass | BaseException) -> None:
        """Say that it failed although no exception passes, as tools do that answer with an error."""
        self._failed = "other" if error is None else error

    def _arguments(self) -> tuple[object, ...]:
        return (self._measures, self._raw_tool, self._given_run)

    def _begin(self) -> None:
        self._run = self._given_run or _current_run()
        self._fold_labels()
        if self._run is not None:
            self._run.step()
        self._failed = None

    def _fold_labels(self) -> None:
        bounds = self._measures.bounds
        self._tool = bounds["tool"].fold(self._raw_tool)

    def _end(self, seconds: float, error: BaseException | None) -> None:
        failed = error if self._failed is None else self._failed
        measures = self._measures
        outcome: Status = "ok" if failed is None else "error"
        measures.agent_tool_call_total[self._tool, outcome].inc()
        measures.agent_tool_latency_ms[self._tool,].observe(seconds * 1000)
        if failed is None:
            return
        known = error_class_of(failed, "tool_error") if isinstance(failed, BaseException) else failed
        cause = measures.bounds["error_class"].fold(known)
        measures.agent_tool_error_total[self._tool, cause].inc()
        if error is not None and self._run is not None:
            self._run._blame(error, "tool_error")


class LLMStep(_Block):
    """One LLM step; it is counted when its block ends, however it does."""

    def __init__(
        self,
        measures: _Measures,
        model: object,
        run: Run | None = None,
    ) -> None:
        super().__init__(measures)
        self._raw_model = model
        self._model: str | None = None
        self._given_run = run
        self._run = run
        self._failed: object = None
        self._ledger: _Ledger | None = None
        self._counted: dict[tuple[str, str], float] = {}
        self._is_unread = False

    @_forgiving
    def fail(self, error: ErrorClass | BaseException) -> None:
        """Say that it failed although no exception passes, as tools do that answer with an error."""
        self._failed = "other" if error is None else error

    @_forgiving
    def usage(self, answer: object) -> None:
        """Count the tokens of an answer, an event of a stream, or a usage; see tokens_used.

        They are settled when the block ends, so that the running totals of one answer count once, in any order,
        and several answers add up.
        """
        self._tell(answer)

    def _returned(self, result: object) -> None:
        self._tell(result)

    def _item(self, item: object) -> None:
        self._tell(item, streamed=True)

    def _later(self, result: object) -> object:
        later = super()._later(result)
        return _stream_of(self, result) if later is None else later

    def _tell(self, answer: object, *, streamed: bool = False) -> None:
        try:
            if self._ledger is None:
                self._ledger = _Ledger()
            if self._ledger.add(answer, streamed=streamed) and not self._starts:
                if self._model is None:
                    self._fold_labels()
                self._settle(self._ledger)
        except Exception:
            _lost()

    def _settle(self, ledger: _Ledger) -> None:
        """Count the tokens of the usages that are not yet counted."""
        tokens, reason = ledger.settle(self._model or _NOTHING)
        for priced, amount in tokens.items():
            count = amount - self._counted.get(priced, 0.0)
            if count > 0:
                self._counted[priced] = amount
                model, token_type = priced
                self._measures.agent_token_usage_total[model, token_type].inc(count)
        if reason:
            self._unread(reason)

    def _unread(self, reason: str) -> None:
        """Count a step whose tokens are missing or not understood, once, and log the first of its kind."""
        if self._is_unread:
            return
        self._is_unread = True
        measures = self._measures
        measures.agent_llm_usage_unread_total[self._model, reason].inc()
        _say_unread(self._model or OTHER, reason)

    def _arguments(self) -> tuple[object, ...]:
        return (self._measures, self._raw_model, self._given_run)

    def _begin(self) -> None:
        self._run = self._given_run or _current_run()
        self._fold_labels()
        if self._run is not None:
            self._run.step()
        self._failed = None
        if not self._starts:
            self._ledger = None
            self._counted = {}
            self._is_unread = False

    def _fold_labels(self) -> None:
        bounds = self._measures.bounds
        self._model = bounds["model"].fold(self._raw_model)

    def _end(self, _seconds: float, error: BaseException | None) -> None:
        failed = error if self._failed is None else self._failed
        ledger = self._ledger
        if ledger is not None:
            self._settle(ledger)
        if failed is None and (ledger is None or not ledger.read):
            self._unread("unknown" if ledger is not None and ledger.unknown else "missing")
        measures = self._measures
        if failed is None:
            return
        known = error_class_of(failed) if isinstance(failed, BaseException) else failed
        cause = measures.bounds["error_class"].fold(known)
        if cause == "tool_validation":  # of an answer, not of a tool's arguments
            cause = "invalid_response"
        measures.agent_llm_error_total[self._model, cause].inc()
        if error is not None and self._run is not None:
            self._run._blame(error, "step_error")


class _Stream:
    """A stream of an SDK that a decorated step returned: passed on as it is, and its step lasts until it ends.

    It ends when its items do, when it is closed, when its ``with`` ends, or when nobody has it any more.
    """

    _block: LLMStep
    _inner: Any
    _owner: _Stream | None
    _items: Any
    _entered: object
    _ended: bool

    def __init__(self, block: LLMStep, inner: object, owner: _Stream | None = None) -> None:
        own = self.__dict__
        own["_block"], own["_inner"], own["_owner"] = block, inner, owner
        own["_items"], own["_entered"] = None, None
        own["_ended"] = False

    @property
    def __class__(self) -> type:
        return type(self._inner)

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of a stream of any SDK
        found = getattr(self.__dict__["_inner"], name)
        return functools.partial(self._closed, found) if name in {"close", "aclose"} else found

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__:
            self.__dict__[name] = value
        else:
            setattr(self._inner, name, value)

    def __repr__(self) -> str:
        return repr(self._inner)

    def __del__(self) -> None:
        with suppress(Exception):
            if self._owner is None:
                self._finish(self._left())

    def _closed(self, close: Callable[..., object], *args: object, **kwargs: object) -> object:
        try:
            return close(*args, **kwargs)
        finally:
            self._finish(self._left())

    def _left(self) -> BaseException | None:
        """Return the error of a consumer that left before the last item; none where it asked for no items."""
        return None if self._items is None else GeneratorExit()

    def _finish(self, error: BaseException | None) -> None:
        """End the step, once; what the stream itself has summed up is read before."""
        if self._owner is not None:
            self._owner._items = self._items
            self._owner._finish(error)
        elif not self._ended:
            self._ended = True
            for holder in (self._inner, self._entered):
                if holder is not None:
                    self._block._item(holder)
            self._block.__exit__(type(error) if error else None, error, None)

    def _passed(self, item: object) -> object:
        self._block._item(item)
        return item

    def _entering(self, entered: object) -> object:
        if entered is self._inner:
            return self
        self._entered = entered
        return _stream(self._block, entered, self) if _flows(type(entered)) else entered

    def _exiting(self, error: BaseException | None) -> None:
        self._finish(error if error is not None else self._left())


class _Items(_Stream):
    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        if self._items is None:
            self._items = self._inner if hasattr(type(self._inner), "__next__") else iter(self._inner)
        try:
            item = next(self._items)
        except StopIteration:
            self._finish(None)
            raise
        except BaseException as error:
            self._finish(error)
            raise
        return self._passed(item)


class _AsyncItems(_Stream):
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        if self._items is None:
            self._items = self._inner if hasattr(type(self._inner), "__anext__") else aiter(self._inner)
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            self._finish(None)
            raise
        except BaseException as error:
            self._finish(error)
            raise
        return self._passed(item)


class _Managed(_Stream):
    def __enter__(self) -> object:
        return self._entering(self._inner.__enter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return cast("bool | None", self._inner.__exit__(kind, error, traceback))
        finally:
            self._exiting(error)


class _AsyncManaged(_Stream):
    async def __aenter__(self) -> object:
        return self._entering(await self._inner.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return cast("bool | None", await self._inner.__aexit__(kind, error, traceback))
        finally:
            self._exiting(error)


def _flows(kind: type) -> bool:
    """Say whether objects of a class have items to come, or a ``with`` to end."""
    if issubclass(kind, (str, bytes, bytearray, list, tuple, dict, set, frozenset, IOBase)):
        return False
    names = ("__next__", "__anext__", "__enter__", "__aenter__")
    return any(hasattr(kind, name) for name in names)


@functools.lru_cache(maxsize=256)
def _stream_class(kind: type) -> type[_Stream]:
    """Make a class that can do as much as another one, and no more."""
    able = (
        (_Items, ("__next__", "__iter__")),
        (_AsyncItems, ("__anext__", "__aiter__")),
        (_Managed, ("__enter__",)),
        (_AsyncManaged, ("__aenter__",)),
    )
    bases = tuple(base for base, names in able if any(hasattr(kind, name) for name in names))
    return type("_StreamOf", bases, {})


def _stream(block: LLMStep, inner: object, owner: _Stream | None = None) -> _Stream:
    return _stream_class(type(inner))(block, inner, owner)  # type: ignore[arg-type]


def _stream_of(block: LLMStep, result: object) -> object:
    """Wrap a result that is a stream, or has one under ``stream``; None for what is complete."""
    if isinstance(result, dict):
        inner = result.get("stream")
        if hasattr(type(inner), "__iter__") and not isinstance(inner, (str, bytes, list, tuple, dict)):
            return {**result, "stream": _stream(block, inner)}
        return None
    return _stream(block, result) if _flows(type(result)) and not _usages(result, []) else None


class ResearchAgentMetrics:
    """The metrics of research-agent; the module's own text says how to use them.

    Objects of one registry share their series.
    """

    @_forgiving
    def __init__(
        self,
        *,
        release: str,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._measures = _Measures(
            _families(registry),
            {"release": release},
        )

    @_forgiving
    def run(
        self,
        stop_reason: StopReason = "completed",
        resumed: Mapping[str, float] | None = None,
    ) -> Run:
        """Measure a run; ``stop_reason`` is why it ended when nothing else is said and no exception leaves it.

        ``resumed`` is the answer of ``hand_over``, of the part of the run that ended elsewhere.
        """
        return Run(self._measures, stop_reason, resumed=resumed)

    @_forgiving
    def current_run(self) -> Run:
        """Find the innermost run of this task or thread; what is said to the answer counts for nothing without one."""
        return _current_run() or Run(self._measures)

    @_forgiving
    def tool_call(self, tool: Tool | str) -> ToolCall:
        """Measure a tool call, a step of the current run if there is one."""
        return ToolCall(self._measures, tool)

    @_forgiving
    def llm_step(self, model: Model | str) -> LLMStep:
        """Measure an LLM step, a step of the current run if there is one.

        What a decorated function returns is looked through for the tokens that it used.
        """
        return LLMStep(self._measures, model)

    @_forgiving
    def expect(self, label: str, values: Iterable[str]) -> None:
        """Expose zeros of values that are known before their first event, such as the tools that a server lists.

        It is of use for labels that the spec bounds by a number; those of listed values are there from the start.
        """
        with suppress(Exception):
            for value in (values,) if isinstance(values, str) else values:
                self._measures.bounds[label].fold(value)
