"""Native histograms written into a real Prometheus, which only it makes at a scrape (remote write 1.0, protobuf)."""

from __future__ import annotations

import os
from contextlib import contextmanager
from struct import pack
from typing import TYPE_CHECKING

import cramjam
import pytest
from msgspec import Struct

from generator.live.server import find_prometheus, prometheus_server
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer

#: The variable of the environment with the path of a Prometheus 3, for the tests that need one.
PROMETHEUS_3 = "PROMETHEUS_3"
#: The schema of bounds that double from one to the next: a bucket ``n`` ends at 2 to the power of ``n``.
DOUBLING = 0
#: The schema of a histogram's own bounds.
_CUSTOM = -53
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_VARINT, _FIXED64, _BYTES = 0, 1, 2


class Native(Struct, frozen=True):
    """One sample: the events of consecutive buckets, of which the first ends at 2 to the power of ``first``.

    With ``bounds`` they are the histogram's own, and a last bucket is above them.
    """

    events: Sequence[int]
    total: float
    first: int = 0
    bounds: tuple[float, ...] = ()


@contextmanager
def native_prometheus() -> Iterator[PrometheusServer]:
    """Start a server that stores native histograms."""
    needed(find_prometheus)
    with prometheus_server(features=("native-histograms",)) as server:
        yield server


def prometheus_3(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers be of the program that ``PROMETHEUS_3`` names; without it, the test is skipped.

    Debian has Prometheus 2, which does not multiply histograms, and has none of bounds of their own.
    """
    if not (program := os.environ.get(PROMETHEUS_3)):
        pytest.skip(f"{PROMETHEUS_3} names no program of Prometheus 3")
    (directory / "prometheus").symlink_to(program)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")


def write_native(api: PrometheusApi, labels: Mapping[str, str], samples: Mapping[int, Native]) -> None:
    """Write the samples of one series, by their Unix seconds."""
    series = b"".join(
        _message(1, _message(1, name.encode()) + _message(2, value.encode()))
        for name, value in sorted(labels.items())
    )
    series += b"".join(_message(4, _histogram(at * 1000, one)) for at, one in sorted(samples.items()))
    body = bytes(cramjam.snappy.compress_raw(_message(1, series)))
    response = api.connection.send("POST", "/api/v1/write", body, _HEADERS)
    assert response.ok, response.text


def _histogram(milliseconds: int, one: Native) -> bytes:
    deltas = [after - before for before, after in zip((0, *one.events), one.events, strict=False)]
    span = _number(1, _zigzag(0 if one.bounds else one.first)) + _number(2, len(one.events))
    return b"".join(
        (
            _number(1, sum(one.events)),
            _double(3, one.total),
            _number(4, _zigzag(_CUSTOM if one.bounds else DOUBLING)),
            _double(5, 0 if one.bounds else 1e-9),
            _number(6, 0),
            _message(11, span),
            _message(12, b"".join(_varint(_zigzag(delta)) for delta in deltas)),
            _number(15, milliseconds),
            _message(16, b"".join(pack("<d", bound) for bound in one.bounds)) if one.bounds else b"",
        )
    )


def _message(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(body)) + body


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FIXED64) + pack("<d", value)


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
