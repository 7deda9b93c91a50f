"""Exceptions from anywhere become entries of the dictionary."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
from email.message import Message
from types import SimpleNamespace
from typing import NoReturn

import pytest

from tests.instrumentation.loading import support


def raised(name: str, base: type[Exception] = Exception, **attributes: object) -> Exception:
    """An exception of an SDK, identified by its class's name and its attributes."""
    error: Exception = type(name, (base,), {})("text that nobody may see")
    for key, value in attributes.items():
        setattr(error, key, value)
    return error


def caused(error: Exception, cause: Exception) -> Exception:
    """The exception, raised from another."""
    error.__cause__ = cause
    return error


def _json_error() -> Exception:
    try:
        json.loads("{")
    except ValueError as error:
        return error
    raise AssertionError


_REQUEST = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
_CASES: tuple[tuple[BaseException, str], ...] = (
    (TimeoutError(), "timeout"),
    (asyncio.CancelledError(), "cancelled"),
    (ConnectionResetError(), "connection"),
    (socket.gaierror(), "connection"),
    (PermissionError(), "permission"),
    (FileNotFoundError(), "not_found"),
    (_json_error(), "invalid_response"),
    (raised("APITimeoutError", status_code=None), "timeout"),
    (raised("RateLimitError", status_code=429, code="rate_limit_exceeded"), "rate_limit"),
    (raised("RateLimitError", status_code=429, code="insufficient_quota"), "quota"),
    (raised("BadRequestError", status_code=400, type="invalid_request_error"), "invalid_request"),
    (raised("BadRequestError", status_code=400, code="context_length_exceeded"), "context_length"),
    (raised("BadRequestError", status_code=400, code="content_filter"), "content_policy"),
    (raised("PermissionDeniedError", status_code=403, type="invalid_request_error"), "permission"),
    (raised("APIStatusError", status_code=529, body=_REQUEST), "overloaded"),
    (raised("InternalServerError", status_code=529, body=_REQUEST), "overloaded"),
    (raised("APIStatusError", status_code=502), "server_error"),
    (raised("HTTPStatusError", response=SimpleNamespace(status_code=401)), "auth"),
    (raised("HTTPError", response=SimpleNamespace(status_code=418)), "invalid_request"),
    (raised("ClientError", response={"Error": {"Code": "ThrottlingException"}}), "rate_limit"),
    (raised("ClientResponseError", status=504), "timeout"),
    (raised("SomethingOfMine", raised("ContextWindowExceededError").__class__), "context_length"),
    (raised("ValidationError", ValueError), "tool_validation"),
    (caused(raised("AgentFailed"), TimeoutError()), "timeout"),
    (ExceptionGroup("of a task group", [ConnectionError(), ValueError()]), "connection"),
    (ValueError(), "other"),
    (raised("Custom", code=7, status="bad"), "other"),
)


@pytest.mark.parametrize(
    ("error", "expected"), _CASES, ids=[f"{type(one).__name__}-{to}" for one, to in _CASES]
)
def test_an_exception_has_a_class(error: BaseException, expected: str) -> None:
    assert support().error_class_of(error) == expected


def test_an_http_error_of_urllib_is_known_by_its_status() -> None:
    with urllib.error.HTTPError("http://x", 404, "no", Message(), None) as error:
        assert support().error_class_of(error) == "not_found"


def test_a_chain_of_causes_that_closes_ends() -> None:
    error = ValueError()
    error.__cause__ = error
    assert support().error_class_of(error) == "other"


def test_an_exception_that_cannot_be_read_is_another_one() -> None:
    class HostileError(Exception):
        def __getattribute__(self, name: str) -> NoReturn:
            raise RuntimeError(name)

    assert support().error_class_of(HostileError(), "tool_error") == "tool_error"
