"""Answers of Prometheus's HTTP API as values, rules included: every part that is used is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from generator.live.errors import LiveError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
#: Answers with more samples, or series, are not read: in memory they take ten times the size of their JSON.
MOST_SAMPLES, MOST_SERIES = 300_000, 100_000
#: The first Unix seconds that cannot be a real time: the year 5138.
_NO_TIME = 1e11
_HELP = "is this a Prometheus? the address ends where its own paths begin"


class InstantSample(Struct, frozen=True):
    """One series' value at the requested instant."""

    labels: Mapping[str, str]
    value: float


class RangeSeries(Struct, frozen=True):
    """One series' samples in order of time; ``timestamps`` are Unix seconds."""

    labels: Mapping[str, str]
    timestamps: tuple[float, ...]
    values: tuple[float, ...]


class RangeResult(Struct, frozen=True):
    """The series of a range."""

    series: tuple[RangeSeries, ...]
    warnings: tuple[str, ...] = ()


class Answer(Struct, frozen=True):
    """The ``data`` of an answer, as JSON that is not checked yet."""

    data: Raw
    warnings: tuple[str, ...] = ()


class ServerError(LiveError):
    """The server itself reports an error of a request."""


class _Envelope(Struct):
    status: Literal["success", "error"]
    data: Raw = field(default_factory=lambda: Raw(b"null"))
    error_type: str = field(default="", name="errorType")
    error: str = ""
    warnings: tuple[str, ...] | None = None


class _Result(Struct):
    kind: str = field(name="resultType")
    result: Raw


class _Instant(Struct):
    metric: dict[str, str] = field(default_factory=dict)
    # Native histograms have "histogram" in its place; no code here reads them.
    value: tuple[float, str] | None = None


class _Range(Struct):
    metric: dict[str, str] = field(default_factory=dict)
    values: list[tuple[float, str]] = field(default_factory=list)


class ActiveAlert(Struct, frozen=True):
    """An alert that is ``pending`` or ``firing``; ``active_at`` is the server's text (RFC 3339)."""

    state: str
    labels: dict[str, str]
    annotations: dict[str, str]
    value: str
    active_at: str = field(default="", name="activeAt")


class RuleState(Struct, frozen=True):
    """A rule of either kind; ``health`` is ``ok``, ``err`` or, before its first evaluation, ``unknown``.

    All from ``state`` (``inactive``, ``pending``, ``firing``, in Prometheus 3 also ``unknown``) on is an alerting
    rule's only; ``duration`` (``for``) and ``keep_firing_for`` are in seconds.
    """

    kind: str = field(name="type")
    name: str
    expr: str = field(name="query")
    health: str
    last_error: str = field(default="", name="lastError")
    labels: dict[str, str] = field(default_factory=dict)
    state: str = ""
    alerts: tuple[ActiveAlert, ...] = ()
    duration: float = 0.0
    keep_firing_for: float = field(default=0.0, name="keepFiringFor")
    annotations: dict[str, str] = field(default_factory=dict)


class GroupState(Struct, frozen=True):
    """A group as loaded from ``file``; ``interval`` is in seconds."""

    name: str
    file: str
    interval: float
    rules: tuple[RuleState, ...]


class _Groups(Struct):
    groups: tuple[GroupState, ...]


def read_answer(body: bytes) -> Answer:
    """Parse an answer of the API.

    Raises:
        ServerError: the server reports an error.
        TooLargeError: it has more samples or series than are read.
        LiveError: it is not JSON, or not of the API's shape.
    """
    # Each sample has its own bracket, and each series has the word "metric".
    if body.count(b"[") > MOST_SAMPLES or body.count(b'"metric"') > MOST_SERIES:
        message = f"the answer has more than {MOST_SAMPLES:,} samples, or {MOST_SERIES:,} series"
        raise TooLargeError(message, "ask for less at once: a shorter span, or a larger step")
    envelope = decoded(body, _Envelope, "JSON of Prometheus's API")
    if envelope.status == "success":
        return Answer(envelope.data, envelope.warnings or ())
    if not envelope.error_type and not envelope.error:
        raise _not_of("JSON of Prometheus's API")
    raise ServerError(f"{envelope.error_type}: {envelope.error}")


def instant_samples(answer: Answer) -> tuple[InstantSample, ...]:
    """Read a vector or a scalar, which is one sample without labels.

    Raises:
        LiveError: it is of another type, or not of the API's shape.
    """
    noun = "an instant vector"
    result = decoded(answer.data, _Result, noun)
    if result.kind == "scalar":
        (_, text) = decoded(result.result, tuple[float, str], noun)
        return (InstantSample({}, _number(text, noun)),)
    _demand(result.kind, "vector")
    listed = decoded(result.result, list[_Instant], noun)
    return tuple(InstantSample(one.metric, _number(one.value[1], noun)) for one in listed if one.value)


def range_result(answer: Answer) -> RangeResult:
    """Read a matrix.

    Raises:
        LiveError: it is of another type, or not of the API's shape.
    """
    result = decoded(answer.data, _Result, "a matrix")
    _demand(result.kind, "matrix")
    # Series by series, so that only one at a time is in memory in the large form of parsed JSON.
    listed = (decoded(one, _Range, "a matrix") for one in decoded(result.result, list[Raw], "a matrix"))
    return RangeResult(tuple(_series(one) for one in listed if one.values), answer.warnings)


def decoded(body: bytes | Raw, shape: type[T], noun: str) -> T:
    """Read JSON as a value of a type; ``noun`` names it for people.

    Raises:
        LiveError: it is not JSON, is nested too deeply, or has another shape.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError) as error:
        raise _not_of(noun) from error


def whole_number(value: float) -> int:
    """Read a count.

    Raises:
        LiveError: it is not a count: infinite or negative.
    """
    if not 0 <= value < 2**63:
        raise LiveError(f"the server counts to {value:g}", _HELP)
    return int(value)


def _not_of(noun: str) -> LiveError:
    return LiveError(f"the answer is not {noun}", _HELP)


def _series(one: _Range) -> RangeSeries:
    timestamps, texts = zip(*one.values, strict=True)
    if min(timestamps) < 0 or max(timestamps) >= _NO_TIME:
        raise _not_of("a matrix")
    try:
        return RangeSeries(one.metric, timestamps, tuple(map(float, texts)))
    except ValueError:
        raise _not_of("a matrix") from None


def _number(text: str, noun: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _not_of(noun) from None


def _demand(kind: str, wanted: str) -> None:
    if kind != wanted:
        message = f"the expression yields a {kind[:40]}, where a {wanted} is needed"
        raise LiveError(message, _HELP)


def group_states(answer: Answer) -> tuple[GroupState, ...]:
    """Read the groups with their rules and alerts.

    Raises:
        LiveError: the answer is not of the API's shape.
    """
    return decoded(answer.data, _Groups, "a list of rule groups").groups
