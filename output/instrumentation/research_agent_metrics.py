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

Each of them also decorates a function: sync, async, or a generator. A run knows of the calls and steps inside of it,
also of those made through ``metrics`` and in other tasks; in a thread of your own, call the methods of ``run``. The run
of a decorated generator stays the current one between its items. A deadline goes inside the block of what it limits:
what is cancelled from outside cannot know why.

- **Nothing here raises** into your code, and what your code raises passes through unchanged. A failure to measure
  is logged once.
- **Series are bounded**, whatever is passed: a value outside the spec's bounds becomes ``other``, is counted in
  ``agent_label_value_outside_total``, and logged, if it is one of the first. Of an exception only an entry of a
  dictionary is exposed, never its text.
- **Series of listed values exist from the start**, at zero, so that no first event is lost.
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
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from itertools import product
from threading import RLock
from time import perf_counter
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
from weakref import WeakKeyDictionary

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
    from types import TracebackType
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


def _read(holder: object, name: str) -> object:
    """Read a key of a dictionary or an attribute of an object; None where there is none, or reading it fails."""
    try:
        if isinstance(holder, dict):
            return holder.get(name)
        return getattr(holder, name, None)
    except Exception:
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


class _Shape(NamedTuple):
    """How a family of SDKs spells the tokens that it used, parts after a dot; of several spellings one is there.

    ``whole_prompt`` says that the prompt's number already holds the cached ones and those written to the cache,
    ``whole_completion`` that the completion's holds those of reasoning. ``marker`` tells shapes apart.
    """

    prompt: str
    completion: str
    cached: str = ""
    cache_write: str = ""
    reasoning: str = ""
    whole_prompt: bool = True
    whole_completion: bool = True
    marker: str = ""


#: The first one that fits counts.
_SHAPES: Final = (
    _Shape(  # OpenAI chat completions, and what speaks like them: LiteLLM, Mistral, DeepSeek, vLLM
        "prompt_tokens",
        "completion_tokens",
        cached="prompt_tokens_details.cached_tokens prompt_cache_hit_tokens",
        cache_write="cache_creation_input_tokens",
        reasoning="completion_tokens_details.reasoning_tokens",
    ),
    _Shape(  # OpenAI responses, and its agents SDK
        "input_tokens",
        "output_tokens",
        cached="input_tokens_details.cached_tokens",
        reasoning="output_tokens_details.reasoning_tokens",
        marker="input_tokens_details",
    ),
    _Shape(  # LangChain, whatever the provider
        "input_tokens",
        "output_tokens",
        cached="input_token_details.cache_read",
        cache_write="input_token_details.cache_creation "
        "input_token_details.ephemeral_5m_input_tokens input_token_details.ephemeral_1h_input_tokens",
        reasoning="output_token_details.reasoning",
        marker="input_token_details",
    ),
    _Shape(  # Anthropic
        "input_tokens",
        "output_tokens",
        cached="cache_read_input_tokens",
        cache_write="cache_creation_input_tokens",
        reasoning="output_token_details.reasoning output_tokens_details.reasoning_tokens",
        whole_prompt=False,
    ),
    _Shape(  # Bedrock's Converse
        "inputTokens",
        "outputTokens",
        cached="cacheReadInputTokens",
        cache_write="cacheWriteInputTokens",
        whole_prompt=False,
    ),
    _Shape(  # Gemini's SDK
        "prompt_token_count",
        "candidates_token_count",
        cached="cached_content_token_count",
        reasoning="thoughts_token_count",
        whole_completion=False,
    ),
    _Shape(  # Gemini over HTTP
        "promptTokenCount",
        "candidatesTokenCount",
        cached="cachedContentTokenCount",
        reasoning="thoughtsTokenCount",
        whole_completion=False,
    ),
    _Shape("prompt_eval_count", "eval_count"),  # Ollama
)
#: Those that spell the prompt's or the completion's number so.
_SHAPES_BY_NAME: Final = {
    name: [shape for shape in _SHAPES if name in {shape.prompt, shape.completion}]
    for name in dict.fromkeys(name for shape in _SHAPES for name in (shape.prompt, shape.completion))
}
#: Where an answer keeps its usage; LangChain's results nest deepest.
_PLACES: Final = (
    *("usage", "usage_metadata", "usageMetadata", "token_usage", "response", "message"),
    *("response_metadata", "llm_output", "generations"),
)
_MOST_PLACES: Final = 50
_MOST_TOKENS: Final = 1e12
_OF_PROMPT: Final = ("cached", "cache_write")
_OF_COMPLETION: Final = ("reasoning",)
#: Of each model, the kinds that its prompt or completion tokens already hold where prices are computed.
_INSIDE: Final[Mapping[str, frozenset[str]]] = {
    "claude-sonnet-4": frozenset({"reasoning"}),
}
#: How the spec calls each kind of token.
_TOKEN_TYPES: Final[Mapping[str, TokenType]] = {
    "prompt": "prompt",
    "completion": "completion",
    "cached": "cached",
    "cache_write": "cache_write",
    "reasoning": "reasoning",
}


def tokens_used(answer: object, model: str = OTHER) -> dict[TokenType, float]:
    """Count the tokens of an answer, or of its usage, by type, those that it used; empty where nothing is found.

    Args:
        answer: What an SDK returned, an object or a mapping.
        model: Whose answer it is, as the spec lists it. Its provider's way of counting some tokens inside others is
            kept as the spec's prices know it, also where a framework has changed it.
    """
    try:
        found = None if answer is None else _usage(answer)
        counted = _counted(*found, _INSIDE.get(model)) if found else {}
        return {name: counted[kind] for kind, name in _TOKEN_TYPES.items() if counted.get(kind)}
    except Exception:
        return {}


def _usage(answer: object) -> tuple[object, _Shape] | None:
    """Find the part of an answer that holds the numbers, the outermost one, and its shape."""
    places: list[object] = [[answer]]
    for place in places:  # which grow meanwhile
        for inner in place[:1] if isinstance(place, list) else (_read(place, name) for name in _PLACES):
            if inner is None:
                continue
            shape = _shape_of(inner)
            if shape is not None:
                return inner, shape
            if len(places) == _MOST_PLACES:
                return None
            places.append(inner)
    return None


def _shape_of(place: object) -> _Shape | None:
    for name, shapes in _SHAPES_BY_NAME.items():
        number = _read(place, name)
        if number is not None and _number(number) is not None:
            marked = (shape for shape in shapes if not shape.marker or _read(place, shape.marker) is not None)
            return next(marked, None)
    return None


def _counted(usage: object, shape: _Shape, inside: frozenset[str] | None) -> dict[str, float]:
    """Read the numbers, and count cached and reasoning tokens inside or beside the others, as ``inside`` says."""
    prompt = _number(_read(usage, shape.prompt)) or 0.0
    completion = _number(_read(usage, shape.completion)) or 0.0
    cached, cache_write = _first(usage, shape.cached), _first(usage, shape.cache_write)
    reasoning = _first(usage, shape.reasoning)
    if inside is None:
        inside = frozenset((*_OF_PROMPT * shape.whole_prompt, *_OF_COMPLETION * shape.whole_completion))
    if shape.whole_prompt:
        prompt = max(0.0, prompt - cached - cache_write)
    if shape.whole_completion:
        completion = max(0.0, completion - reasoning)
    return {
        "prompt": prompt + cached * ("cached" in inside) + cache_write * ("cache_write" in inside),
        "completion": completion + reasoning * ("reasoning" in inside),
        "cached": cached,
        "cache_write": cache_write,
        "reasoning": reasoning,
    }


def _first(usage: object, paths: str) -> float:
    """Read the first number that is there and not 0."""
    for path in _split(paths):
        value = usage
        for name in path:
            value = _read(value, name)
            if value is None:
                break
        else:
            if number := _number(value):
                return number
    return 0.0


@functools.cache
def _split(paths: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in paths.split())


def _number(value: object) -> float | None:
    """Read a count; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= _MOST_TOKENS else None


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


class _Bound:
    """The values that a label may have: what else comes becomes ``other``, is counted, and the first of it logged.

    Where the spec gives only a number, the first values that come are kept, one place being other's.
    """

    def __init__(self, label: str, listed: tuple[str, ...], most: int, outside: Counter) -> None:
        self.listed = listed
        self._label = label
        known = listed or ((OTHER,) if most > 1 else ())
        self._known: dict[object, str] = {value: value for value in known}
        self._most = most
        self._outside = outside
        self._logged: set[str] = set()
        self._lock = RLock()

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
                return self._known.setdefault(text, text)
        self._outside.inc()
        with suppress(Exception):
            self._log(repr(text) if text is not None else f"what is no text of 1 to {_LONGEST} characters")
        return self._known.get(OTHER, _NOTHING)

    def _log(self, value: str) -> None:
        """Say which value is lost, so that it can be added to the spec; each once."""
        with self._lock:
            if value in self._logged or len(self._logged) == _LOGGED:
                return
            self._logged.add(value)
        becomes = "counted as other" if OTHER in self._known else "not counted"
        _LOG.warning("label %s: %s is outside the spec, and %s", self._label, value, becomes)


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
        )

    def collect(self) -> Iterator[Metric]:
        """Give the registry what there is."""
        for family in self._all:
            yield from family.collect()

    def describe(self) -> Iterator[Metric]:
        """Tell the registry the names, so that it refuses to have one twice."""
        for family in self._all:
            yield from family.describe()


_FAMILIES: Final[WeakKeyDictionary[CollectorRegistry, _Families]] = WeakKeyDictionary()
_FAMILIES_LOCK: Final = RLock()


def _families(registry: CollectorRegistry) -> _Families:
    """Find the metrics of a registry, registered the first time they are asked for.

    Where the registry refuses them, they count for nobody, and the log says so.
    """
    with _FAMILIES_LOCK:
        with suppress(Exception):
            if registry in _FAMILIES:
                return _FAMILIES[registry]
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


_P = ParamSpec("_P")
_R = TypeVar("_R")


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
            with self._another() as block:
                result = function(*args, **kwargs)
                block._returned(result)
                return result

        return call

    def _another(self) -> Self:
        """Make a block for one call of a decorated function."""
        raise NotImplementedError

    def _begin(self) -> None:
        raise NotImplementedError

    def _returned(self, result: object) -> None:
        """Read what a decorated function returned."""

    def _end(self, seconds: float, error: BaseException | None) -> None:
        raise NotImplementedError

    def _coroutine(self, function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
        @functools.wraps(function)
        async def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with self._another() as block:
                result = await function(*args, **kwargs)
                block._returned(result)
                return result

        return call

    def _generator(
        self, function: Callable[_P, Generator[Any, Any, _R]]
    ) -> Callable[_P, Generator[Any, Any, _R]]:
        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> Generator[Any, Any, _R]:
            with self._another() as block:
                result = yield from function(*args, **kwargs)
                block._returned(result)
                return result

        return call

    def _async_generator(
        self, function: Callable[_P, AsyncGenerator[Any, Any]]
    ) -> Callable[_P, AsyncGenerator[Any, Any]]:
        @functools.wraps(function)
        async def call(*args: _P.args, **kwargs: _P.kwargs) -> AsyncGenerator[Any, Any]:
            with self._another():
                inner = function(*args, **kwargs)
                try:
                    item = await anext(inner)
                    while True:
                        try:
                            sent = yield item
                        except GeneratorExit:
                            await inner.aclose()
                            raise
                        except BaseException as error:
                            item = await inner.athrow(error)
                        else:
                            item = await inner.asend(sent)
                except StopAsyncIteration:
                    return

        return call


class Run(_Block):
    """One run of an agent; it is counted when its block ends, however it does.

    Attributes:
        steps: The tool calls, LLM steps and other steps so far.
    """

    def __init__(
        self,
        measures: _Measures,
        stop_reason: object = "completed",
    ) -> None:
        super().__init__(measures)
        self.steps = 0
        self._default = stop_reason
        self._said: str | None = None
        self._failures: deque[tuple[BaseException, StopReason]] = deque(maxlen=_REMEMBERED)
        self._lock = RLock()
        self._outer: Run | None = None

    def stop(self, reason: StopReason) -> None:
        """Say why the run ends; what is said first stays, unless it is completion and an error follows."""
        try:
            if self._said is None:
                self._said = self._measures.bounds["stop_reason"].fold(reason)
        except Exception:
            _lost()

    def stop_from(self, said: object) -> None:
        """Say why the run ends in the words of a provider or framework, such as ``end_turn``."""
        try:
            if self._said is None:
                known = stop_reason_of(said)
                self._said = self._measures.bounds["stop_reason"].fold(said if known is None else known)
        except Exception:
            _lost()

    def step(self) -> None:
        """Count a step that is neither a tool call nor an LLM step; those count themselves."""
        with self._lock:
            self.steps += 1

    def tool_call(self, tool: Tool | str) -> ToolCall:
        """Measure a tool call of this run, in whatever thread."""
        return ToolCall(self._measures, tool, run=self)

    def llm_step(self, model: Model | str) -> LLMStep:
        """Measure an LLM step of this run, in whatever thread."""
        return LLMStep(self._measures, model, run=self)

    def _another(self) -> Self:
        return type(self)(self._measures, self._default)

    def _begin(self) -> None:
        self.steps = 0
        self._said = None
        self._outer = _current_run()
        _RUN.set(self)

    def _end(self, seconds: float, error: BaseException | None) -> None:
        if _RUN.get() is self:
            _RUN.set(self._outer)
        self._outer = None
        cause = self._why(error)
        self._failures.clear()
        outcome: Status = "ok" if error is None else "error"
        outcome = _STATUS_BY_STOP_REASON.get(cause, outcome)
        measures = self._measures
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


def _current_run() -> Run | None:
    """Find the innermost run of this task or thread; one that ended in another is none."""
    run = _RUN.get()
    return run if run is not None and run._starts else None


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

    def fail(self, error: ErrorClass | BaseException) -> None:
        """Say that it failed although no exception passes, as tools do that answer with an error."""
        self._failed = error

    def _another(self) -> Self:
        return type(self)(self._measures, self._raw_tool, self._given_run)

    def _begin(self) -> None:
        self._tool = self._measures.bounds["tool"].fold(self._raw_tool)
        self._run = self._given_run or _current_run()
        if self._run is not None:
            self._run.step()
        self._failed = None

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
        if error is not None and self._run is not None and self._run._starts:
            self._run._failures.append((error, "tool_error"))


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

    def fail(self, error: ErrorClass | BaseException) -> None:
        """Say that it failed although no exception passes, as tools do that answer with an error."""
        self._failed = error

    def usage(self, answer: object) -> None:
        """Count the tokens that an answer, or its usage, tells of, once for each answer; see tokens_used."""
        try:
            if self._model is None:
                self._model = self._measures.bounds["model"].fold(self._raw_model)
            for token_type, count in tokens_used(answer, self._model or OTHER).items():
                self._measures.agent_token_usage_total[self._model, token_type].inc(count)
        except Exception:
            _lost()

    def _returned(self, result: object) -> None:
        self.usage(result)

    def _another(self) -> Self:
        return type(self)(self._measures, self._raw_model, self._given_run)

    def _begin(self) -> None:
        self._model = self._measures.bounds["model"].fold(self._raw_model)
        self._run = self._given_run or _current_run()
        if self._run is not None:
            self._run.step()
        self._failed = None

    def _end(self, _seconds: float, error: BaseException | None) -> None:
        failed = error if self._failed is None else self._failed
        measures = self._measures
        if failed is None:
            return
        known = error_class_of(failed) if isinstance(failed, BaseException) else failed
        cause = measures.bounds["error_class"].fold(known)
        if cause == "tool_validation":  # of an answer, not of a tool's arguments
            cause = "invalid_response"
        measures.agent_llm_error_total[self._model, cause].inc()
        if error is not None and self._run is not None and self._run._starts:
            self._run._failures.append((error, "step_error"))


class ResearchAgentMetrics:
    """The metrics of research-agent; the module's own text says how to use them.

    Objects of one registry share their series.
    """

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

    def run(
        self,
        stop_reason: StopReason = "completed",
    ) -> Run:
        """Measure a run; ``stop_reason`` is why it ended when nothing else is said and no exception leaves it."""
        return Run(self._measures, stop_reason)

    def current_run(self) -> Run:
        """Find the innermost run of this task or thread; what is said to the answer counts for nothing without one."""
        return _current_run() or Run(self._measures)

    def tool_call(self, tool: Tool | str) -> ToolCall:
        """Measure a tool call, a step of the current run if there is one."""
        return ToolCall(self._measures, tool)

    def llm_step(self, model: Model | str) -> LLMStep:
        """Measure an LLM step, a step of the current run if there is one.

        What a decorated function returns is looked through for the tokens that it used.
        """
        return LLMStep(self._measures, model)
