"""What Prometheus's HTTP API answers, as values."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class InstantSample(Struct, frozen=True):
    """One series' value at the instant that was asked for."""

    labels: Mapping[str, str]
    value: float


class InstantResult(Struct, frozen=True):
    """The samples of an instant vector; a scalar is one sample without labels."""

    samples: tuple[InstantSample, ...]
    warnings: tuple[str, ...] = ()


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
    """The ``data`` of an answer before anything is known of its shape."""

    data: Any
    warnings: tuple[str, ...] = ()


def read_answer(text: bytes | str) -> Answer:
    """Take an answer of the API apart.

    Raises:
        LiveError: it is no JSON, not of the API's shape, or the server says what was wrong.
    """
    with expecting("JSON of Prometheus's API"):
        document = json.loads(text)
        if document["status"] != "success":
            message = f"{document['errorType']}: {document['error']}"
            raise LiveError(message)
        return Answer(document.get("data"), tuple(document.get("warnings", ())))


def instant_result(answer: Answer) -> InstantResult:
    """Read a vector or a scalar.

    Raises:
        LiveError: it is of another type, or not of the API's shape.
    """
    with expecting("an instant vector"):
        kind, result = answer.data["resultType"], answer.data["result"]
        if kind == "scalar":
            return InstantResult((InstantSample({}, float(result[1])),), answer.warnings)
        _demand(kind, "vector")
        # Native histograms have "histogram" in place of "value"; nothing here reads them.
        found = (InstantSample(one["metric"], float(one["value"][1])) for one in result if "value" in one)
        return InstantResult(tuple(found), answer.warnings)


def range_result(answer: Answer) -> RangeResult:
    """Read a matrix.

    Raises:
        LiveError: it is of another type, or not of the API's shape.
    """
    with expecting("a matrix"):
        _demand(answer.data["resultType"], "matrix")
        series = tuple(_series(one) for one in answer.data["result"] if one.get("values"))
        return RangeResult(series, answer.warnings)


def _series(one: Mapping[str, Any]) -> RangeSeries:
    timestamps, values = zip(*one["values"], strict=True)
    return RangeSeries(one["metric"], timestamps, tuple(map(float, values)))


def _demand(found: str, wanted: str) -> None:
    if found != wanted:
        message = f"the expression yields a {found}, where a {wanted} is needed"
        raise LiveError(message)


@contextmanager
def expecting(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while an answer is taken apart into a LiveError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        message = f"the answer is not {what} (is this a Prometheus?)"
        raise LiveError(message) from error
