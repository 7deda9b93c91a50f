"""How SDKs and frameworks call what a spec's dictionaries of errors and stop reasons know by one name each."""

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

#: By error class: what providers write into an error's code or type.
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

#: By error class: HTTP statuses; 400 and 500 also stand for the rest of their hundred.
ERROR_STATUSES = {
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

#: By stop reason: exceptions that say why a run ends.
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

#: By kind of token: what profiles call it, compared in lower case without separators.
TOKEN_KINDS = {
    "prompt": ("prompt", "input"),
    "completion": ("completion", "output"),
    "cached": ("cached", "cacheread", "cachedinput"),
    "cache_write": ("cachewrite", "cachecreation"),
    "reasoning": ("reasoning", "thinking", "thoughts"),
}


def rows(table: Mapping[str, tuple[str, ...]], known: tuple[str, ...]) -> list[tuple[str, str]]:
    """List values with the words that mean them, in lines of a fair length, without values that a label lacks.

    A label that lists nothing takes all.
    """
    found = [(value, words) for value, words in table.items() if not known or value in known]
    return [(value, line) for value, words in found for line in _lines(words)]


@lru_cache(maxsize=256)
def _lines(words: tuple[str, ...]) -> list[str]:
    return wrap(" ".join(words), _WIDTH, break_on_hyphens=False)


def statuses(known: tuple[str, ...]) -> list[tuple[int, str]]:
    """List the HTTP statuses of the error classes that a label has."""
    found = [(value, codes) for value, codes in ERROR_STATUSES.items() if not known or value in known]
    return sorted((code, value) for value, codes in found for code in codes)


def token_kinds(values: tuple[str, ...]) -> dict[str, str]:
    """Find what a label calls each kind of token; where it lists nothing, as we do."""
    if not values:
        return {kind: kind for kind in TOKEN_KINDS}
    plain = {value.lower().replace("_", "").replace("-", ""): value for value in reversed(values)}
    found = {
        kind: next((plain[name] for name in called if name in plain), None)
        for kind, called in TOKEN_KINDS.items()
    }
    return {kind: value for kind, value in found.items() if value is not None}
