"""Remote write: the written samples are the read ones."""

from __future__ import annotations

import math
from struct import pack
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, cast

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.live.api import PrometheusApi, connect
from generator.live.errors import LiveError
from generator.live.remote_write import STALE_NAN, TimeSeries, write, write_request
from generator.live.transport import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from urllib3 import PoolManager

    from generator.live.server import PrometheusServer

T = 1_700_006_400
DAY = 86_400
MS = 1000


def series(name: str, test: str, samples: dict[int, float], **labels: str) -> TimeSeries:
    """A series by seconds."""
    times = [second * MS for second in samples]
    return TimeSeries({"__name__": name, "test": test, **labels}, times, list(samples.values()))


def stored(api: PrometheusApi, name: str, test: str, *, at: int = T + 3600) -> dict[float, float]:
    """The server's samples of one series within two hours."""
    (found,) = api.query_samples(f'{name}{{test="{test}"}}[2h]', at).series
    return dict(zip(found.timestamps, found.values, strict=True))


@given(st.dictionaries(st.integers(0, 4_000), st.floats(allow_nan=False), min_size=1, max_size=30))
def test_values_and_times_are_encoded_exactly(samples: dict[int, float]) -> None:
    request = write_request()
    added = request.timeseries.add()
    for second, value in samples.items():
        added.samples.add(value=value, timestamp=second)
    expected = b"".join(_sample(second, value) for second, value in samples.items())
    assert request.SerializeToString().endswith(expected)


def _sample(timestamp: int, value: float) -> bytes:
    # Written by hand from the protobuf encoding: field 1 as 64 bits, field 2 as a varint, zeros left out.
    number = b"\x09" + pack("<d", value) if pack("<d", value) != bytes(8) else b""
    low, high = timestamp & 127, timestamp >> 7
    time = b"\x10" + (bytes([low | 128, high]) if high else bytes([low])) if timestamp else b""
    return bytes([0x12, len(number + time)]) + number + time


def test_the_stale_marker_is_the_one_of_prometheus_to_the_bit() -> None:
    request = write_request()
    request.timeseries.add().samples.add(value=STALE_NAN, timestamp=1)
    assert (0x7FF0000000000002).to_bytes(8, "little") in request.SerializeToString()


def test_samples_are_visible_as_soon_as_they_are_written(prometheus: PrometheusApi, unique: str) -> None:
    for second in range(50):
        write(prometheus, [series("now", unique, {T + second: float(second)})])
        (sample,) = prometheus.query(f'now{{test="{unique}"}}', T + second)
        assert sample.value == second


class Listening:
    """A fake pool of connections: it keeps the sent bodies."""

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def request(self, _method: str, _url: str, body: bytes, **_: object) -> object:
        """Keep ``body`` and answer with success."""
        self.bodies.append(bytes(cramjam.snappy.decompress_raw(body)))
        return SimpleNamespace(status=204, read=lambda _: b"", close=lambda: None, headers={})


def test_a_request_is_sorted_by_label_and_time_and_has_no_empty_label() -> None:
    pool = Listening()
    api = PrometheusApi(Connection("http://x", cast("PoolManager", pool), 10))
    labels = {"b": "2", "empty": "", "__name__": "m", "a": "1"}
    assert write(api, [TimeSeries(labels, [30, 10, 20], [3.0, 2.0, 5.0])]) == 3
    expected = write_request()
    added = expected.timeseries.add()
    for name, value in (("__name__", "m"), ("a", "1"), ("b", "2")):
        added.labels.add(name=name, value=value)
    for timestamp, number in ((10, 2.0), (20, 5.0), (30, 3.0)):
        added.samples.add(value=number, timestamp=timestamp)
    assert pool.bodies == [expected.SerializeToString()]


def test_extreme_values_come_back_exactly(prometheus: PrometheusApi, unique: str) -> None:
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, math.inf, -math.inf]
    write(prometheus, [series("extreme", unique, {T + place: value for place, value in enumerate(values)})])
    assert list(stored(prometheus, "extreme", unique).values()) == values


def test_not_a_number_is_a_sample_and_no_end(prometheus: PrometheusApi, unique: str) -> None:
    write(prometheus, [series("blank", unique, {T: 1.0, T + 15: math.nan})])
    (sample,) = prometheus.query(f'blank{{test="{unique}"}}', T + 15)
    assert math.isnan(sample.value)


def test_a_series_ends_at_the_instant_of_its_stale_marker(prometheus: PrometheusApi, unique: str) -> None:
    write(prometheus, [series("ends", unique, {T: 1.0, T + 15: STALE_NAN})])
    selector = f'ends{{test="{unique}"}}'
    assert len(prometheus.query(selector, T + 14.999)) == 1
    assert prometheus.query(selector, T + 15) == ()


def test_a_long_series_is_spread_over_requests_without_loss(prometheus: PrometheusApi, unique: str) -> None:
    many = [
        series("many", unique, {T + second: 1.0 for second in range(size)}, i=str(size)) for size in (7, 1)
    ]
    assert write(prometheus, many, samples_per_request=3) == 8
    (sample,) = prometheus.query(f'sum(count_over_time(many{{test="{unique}"}}[1h]))', T + 60)
    assert sample.value == 8


def test_nothing_to_write_is_no_request() -> None:
    nowhere = connect("http://127.0.0.1:9")
    assert write(nowhere, [TimeSeries({"__name__": "none"}, [], [])]) == 0


def test_a_fresh_server_takes_samples_of_any_age_in_any_order(fresh_prometheus: PrometheusServer) -> None:
    ages = [0, 3600, 31 * DAY, 2 * DAY, 365 * DAY, 10 * DAY]
    for age in ages:
        write(
            fresh_prometheus.api,
            [series("aged", "x", {T - age: 1.0}), series("aged", str(age), {T - age: 1.0})],
        )
    (sample,) = fresh_prometheus.api.query('count_over_time(aged{test="x"}[2y])', T)
    assert sample.value == len(ages)


def test_a_day_over_many_series_is_taken_oldest_series_last(fresh_prometheus: PrometheusServer) -> None:
    # Each series starts again at the beginning of the day, before the end of the previous one.
    seconds = range(T, T + DAY, 300)
    write(fresh_prometheus.api, (series("day", str(n), dict.fromkeys(seconds, 1.0)) for n in range(20)))
    (sample,) = fresh_prometheus.api.query("sum(count_over_time(day[1d]))", T + DAY - 1)
    assert sample.value == 20 * len(seconds)


@pytest.mark.parametrize("reason", [b"out of bounds\n", b"too old sample"])
def test_too_old_a_sample_is_refused_with_the_setting_to_change(
    answering: Callable[..., str], reason: bytes
) -> None:
    api = connect(answering(400, reason))
    with pytest.raises(LiveError, match="HTTP 400") as caught:
        write(api, [series("old", "x", {T: 1.0})])
    assert "storage.tsdb.out_of_order_time_window" in caught.value.help


def test_a_server_that_takes_no_writes_says_so_itself(answering: Callable[..., str]) -> None:
    api = connect(answering(404, b"remote write receiver needs to be enabled with --web.enable-remote"))
    with pytest.raises(LiveError, match="refuses to be written to: HTTP 404: remote write receiver needs"):
        write(api, [series("m", "x", {T: 1.0})])


def test_two_values_at_one_time_are_refused(prometheus: PrometheusApi, unique: str) -> None:
    write(prometheus, [series("twice", unique, {T: 1.0})])
    with pytest.raises(LiveError, match="HTTP 400: duplicate sample for timestamp"):
        write(prometheus, [series("twice", unique, {T: 2.0})])
