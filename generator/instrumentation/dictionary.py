"""The names of errors and stop reasons in SDKs and frameworks, by the one name for each in specs."""

from __future__ import annotations

from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDTH = 80

#: By error class: classes of exceptions in Python, HTTP clients, SDKs of providers, agent frameworks.
ERROR_NAMES = {
    "timeout": (
        "TimeoutError",
        "APITimeoutError",
        "ConnectTimeout",
        "ReadTimeout",
        "TimeoutException",
        "Timeout",
        "ServerTimeoutError",
        "DeadlineExceeded",
        "NodeTimeoutError",
        "ModelTimeoutError",
    ),
    "rate_limit": ("RateLimitError", "TooManyRequests", "ThrottlingException"),
    "quota": ("ResourceExhausted", "QuotaExceededError", "BudgetExceededError", "InsufficientQuotaError"),
    "auth": ("AuthenticationError", "Unauthenticated", "Unauthorized"),
    "permission": ("PermissionError", "PermissionDeniedError", "PermissionDenied", "Forbidden"),
    "not_found": ("NotFoundError", "FileNotFoundError", "NotFound", "ModelNotFoundError"),
    "invalid_request": (
        "BadRequestError",
        "UnprocessableEntityError",
        "InvalidArgument",
        "InvalidRequestError",
    ),
    "context_length": ("ContextWindowExceededError", "ContextLengthExceededError"),
    "content_policy": (
        "ContentPolicyViolationError",
        "ContentFilterFinishReasonError",
        "ContentFilterError",
        "InputGuardrailTripwireTriggered",
        "OutputGuardrailTripwireTriggered",
    ),
    "overloaded": ("OverloadedError", "ServiceUnavailableError", "ServiceUnavailable"),
    "server_error": ("InternalServerError", "APIServerError", "BadGatewayError"),
    "connection": (
        "ConnectionError",
        "APIConnectionError",
        "ConnectError",
        "NetworkError",
        "TransportError",
        "ClientConnectionError",
        "URLError",
        "gaierror",
        "SSLError",
    ),
    "invalid_response": (
        "JSONDecodeError",
        "OutputParserException",
        "ModelBehaviorError",
        "UnexpectedModelBehavior",
        "LengthFinishReasonError",
        "APIResponseValidationError",
    ),
    "tool_validation": (
        "ValidationError",
        "ToolInputValidationError",
        "ToolInvocationError",
        "ToolRetryError",
    ),
    "tool_error": ("ToolException", "ToolError", "McpError"),
    "cancelled": ("CancelledError", "KeyboardInterrupt", "SystemExit", "GeneratorExit", "RunCancelled"),
}

#: By error class: the values of an error's code or type in providers' answers.
ERROR_CODES = {
    "timeout": ("timeout", "ETIMEDOUT", "RequestTimeout", "timeout_error"),
    "rate_limit": (
        "rate_limit_exceeded",
        "rate_limit_error",
        "ThrottlingException",
        "TooManyRequestsException",
    ),
    "quota": (
        "insufficient_quota",
        "billing_error",
        "ServiceQuotaExceededException",
        "billing_hard_limit_reached",
    ),
    "auth": (
        "invalid_api_key",
        "authentication_error",
        "UnrecognizedClientException",
        "ExpiredTokenException",
    ),
    "permission": ("permission_error", "AccessDeniedException", "permission_denied"),
    "not_found": ("not_found_error", "model_not_found", "ResourceNotFoundException"),
    "invalid_request": ("ValidationException",),
    "context_length": ("context_length_exceeded", "string_above_max_length", "request_too_large"),
    "content_policy": ("content_filter", "content_policy_violation"),
    "overloaded": (
        "overloaded_error",
        "server_overloaded",
        "ServiceUnavailableException",
        "engine_overloaded",
    ),
    "server_error": ("api_error", "server_error", "InternalServerException"),
    "invalid_response": ("ModelErrorException",),
}

#: By error class: HTTP statuses; 400 and 500 also represent all other statuses 4xx and 5xx.
_ERROR_STATUSES = {
    "invalid_request": (400,),
    "auth": (401,),
    "quota": (402,),
    "permission": (403,),
    "not_found": (404,),
    "timeout": (408, 504),
    "rate_limit": (429,),
    "server_error": (500,),
    "overloaded": (503, 529),
}

#: By stop reason: finish reasons of providers and frameworks, in lower case.
REASON_WORDS = {
    "completed": (
        "stop",
        "end_turn",
        "stop_sequence",
        "goal",
        "success",
        "finished",
        "completed",
        "complete",
    ),
    "max_steps": ("max_turns", "error_max_turns", "max_steps", "max_iterations", "graph_recursion_limit"),
    "max_tokens": ("length", "max_tokens", "max_output_tokens"),
    "context_exceeded": ("model_context_window_exceeded", "context_length_exceeded"),
    "budget_exceeded": ("error_max_budget_usd", "budget_exceeded"),
    "timeout": ("timeout",),
    "content_filter": (
        "content_filter",
        "content_filtered",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
    ),
    "refusal": ("refusal",),
    "guardrail": ("guardrail_intervened",),
    "invalid_output": ("error_max_structured_output_retries", "malformed_function_call"),
    "paused": ("interrupt", "interrupted", "pause_turn", "approval_required"),
    "cancelled": ("aborted", "cancelled", "canceled", "user_cancelled"),
    "tool_error": ("tool_error",),
    "step_error": ("error", "error_during_execution"),
}

#: By stop reason: exceptions that are the reason why a run ends.
REASON_ERRORS = {
    "max_steps": ("MaxTurnsExceeded", "GraphRecursionError"),
    "context_exceeded": ("ContextWindowExceededError", "ContextLengthExceededError"),
    "budget_exceeded": ("BudgetExceededError", "UsageLimitExceeded"),
    "timeout": ("NodeTimeoutError", "ModelTimeoutError"),
    "content_filter": ("ContentPolicyViolationError", "ContentFilterFinishReasonError"),
    "guardrail": ("InputGuardrailTripwireTriggered", "OutputGuardrailTripwireTriggered"),
    "invalid_output": ("ModelBehaviorError", "UnexpectedModelBehavior"),
    "paused": ("GraphInterrupt", "NodeInterrupt", "ApprovalRequired"),
    "cancelled": ("CancelledError", "KeyboardInterrupt", "SystemExit", "GeneratorExit", "RunCancelled"),
}

#: By place in a usage, then by number: its names in SDKs, frameworks and HTTP answers, in lower case and with ``_``;
#: ``promptTokens`` is found as ``prompt_tokens``. The first place is the usage itself. A number that starts with ``>``
#: is a place of its own. ``thoughts`` are reasoning tokens outside the output, ``requests`` marks a sum over several
#: answers, ``-`` is known and ignored.
USAGE_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "usage": {
        "input": (
            "prompt_tokens",
            "input_tokens",
            "prompt_token_count",
            "input_token_count",
            "prompt_eval_count",
            "total_input_tokens",
        ),
        "output": (
            "completion_tokens",
            "output_tokens",
            "candidates_token_count",
            "response_token_count",
            "output_token_count",
            "generation_token_count",
            "eval_count",
            "total_output_tokens",
        ),
        "total": ("total_tokens", "total_token_count"),
        "cached": (
            "cached_tokens",
            "cached_input_tokens",
            "cached_prompt_tokens",
            "prompt_cache_hit_tokens",
            "cached_content_token_count",
            "cache_read_tokens",
            "cached_read_tokens",
            "num_cached_tokens",
            "total_cached_tokens",
            "cache_read_input_tokens",
            "cache_read_input_token_count",
        ),
        "cache_write": (
            "cache_write_tokens",
            "cache_creation_tokens",
            "cached_write_tokens",
            "cache_creation_input_tokens",
            "cache_write_input_tokens",
            "cache_creation_input_token_count",
            "cache_write_input_token_count",
        ),
        "reasoning": ("reasoning_tokens", "reasoning_output_tokens", "thinking_tokens"),
        "thoughts": ("thoughts_token_count", "total_thought_tokens", "total_reasoning_tokens"),
        "tool_use": ("tool_use_prompt_token_count", "total_tool_use_tokens", "connector_tokens"),
        "audio_input": ("input_audio_tokens", "audio_input_tokens", "audio_prompt_tokens"),
        "audio_output": ("output_audio_tokens", "audio_output_tokens", "audio_completion_tokens"),
        "requests": ("requests", "successful_requests"),
        ">written": ("cache_creation", "cache_details"),
        ">of_input": (
            "prompt_tokens_details",
            "input_tokens_details",
            "input_token_details",
            "prompt_token_details",
        ),
        ">of_cached": ("cache_tokens_details",),
        ">of_output": (
            "completion_tokens_details",
            "output_tokens_details",
            "output_token_details",
            "completion_token_details",
            "candidates_tokens_details",
            "response_tokens_details",
            "details",
        ),
        "-": (
            "prompt_cache_miss_tokens",
            "cache_audio_read_tokens",
            "accepted_prediction_tokens",
            "rejected_prediction_tokens",
        ),
    },
    "of_input": {
        "cached": ("cached_tokens", "cache_read", "cached", "cache_read_tokens"),
        "cache_write": (
            "cache_write_tokens",
            "cache_creation_tokens",
            "cache_creation",
            "cache_write",
        ),
        "cache_write_5m": ("ephemeral_5m_input_tokens", "cache_creation_5m", "5m"),
        "cache_write_1h": ("ephemeral_1h_input_tokens", "cache_creation_1h", "1h"),
        "audio_input": ("audio_tokens", "audio"),
        "image_input": ("image_tokens", "image"),
        ">of_input": ("cache_creation_token_details", "cache_write_tokens_details"),
        ">of_cached": ("cached_tokens_details",),
    },
    "of_cached": {
        "cached_audio": ("audio_tokens", "audio"),
        "cached_image": ("image_tokens", "image"),
    },
    "written": {
        "cache_write_5m": ("ephemeral_5m_input_tokens", "5m"),
        "cache_write_1h": ("ephemeral_1h_input_tokens", "1h"),
    },
    "of_output": {
        "reasoning": ("reasoning_tokens", "reasoning", "thoughts_tokens", "thinking_tokens"),
        "audio_output": ("audio_tokens", "audio"),
        "image_output": ("image_tokens", "image"),
    },
}

#: Names for which the input includes these tokens with some providers only; it includes those of any other name.
OPEN_NAMES = (
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_write_input_tokens",
    "cache_read_input_token_count",
    "cache_creation_input_token_count",
    "cache_write_input_token_count",
)

#: Names of an input that includes all tokens that were read, also those of the cache, with any provider.
WHOLE_INPUTS = ("prompt_tokens", "prompt_token_count", "total_input_tokens")

#: Where an answer keeps its usage, the first place that has one; several lines of words.
USAGE_PLACES = (
    "usage",
    "usage_metadata",
    "usageMetadata",
    "token_usage",
    "usage_metrics",
    "context_wrapper",
    "accumulated_usage",
    "billed_units",
    "tokens",
    "message",
    "response",
    "body",
    "result",
    "raw",
    "parse",
    "response_metadata",
    "llm_output",
    "x_groq",
    "metadata",
    "meta",
    "metrics",
    "delta",
    "data",
    "event",
    "chunk",
    "generations",
    "current_message_snapshot",
    "current_completion_snapshot",
    "amazon-bedrock-invocationMetrics",
)


def usage_rows() -> list[tuple[str, list[tuple[str, str]]]]:
    """List the places of a usage, each with its numbers and their names, in lines of a moderate length."""
    return [
        (place, [(number, line) for number, words in names.items() for line in word_lines(words)])
        for place, names in USAGE_NAMES.items()
    ]


def rows(table: Mapping[str, tuple[str, ...]], known: tuple[str, ...]) -> list[tuple[str, str]]:
    """List values with their words, in lines of a moderate length, without values that a label lacks.

    A label without a list has all values.
    """
    chosen = [(value, words) for value, words in table.items() if not known or value in known]
    return [(value, line) for value, words in chosen for line in word_lines(words)]


@lru_cache(maxsize=256)
def word_lines(words: tuple[str, ...]) -> list[str]:
    """Join words in lines of a moderate length."""
    return wrap(" ".join(words), _WIDTH, break_on_hyphens=False)


def http_statuses(known: tuple[str, ...]) -> list[tuple[int, str]]:
    """List the HTTP statuses of the error classes that a label has."""
    chosen = [(value, codes) for value, codes in _ERROR_STATUSES.items() if not known or value in known]
    return sorted((code, value) for value, codes in chosen for code in codes)
