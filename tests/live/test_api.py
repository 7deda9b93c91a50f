"""The HTTP API: results as values, failures as sentences."""

from __future__ import annotations

import json
import math
import socket
from typing import TYPE_CHECKING

import pytest

from generator.live.api import MAX_POINTS, connect
from generator.live.errors import LiveError
from generator.live.remote_write import TimeSeries, write
from generator.live.retry import ONCE, Patience
from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.api import PrometheusApi

T = 1_700_006_400


def test_a_vector_comes_with_its_labels_and_values(prometheus: PrometheusApi, unique: str) -> None:
    write(prometheus, [TimeSeries({"__name__": "m", "test": unique, "tool": "ü\n"}, [T * 1000], [2.5])])
    (sample,) = prometheus.query(f'm{{test="{unique}"}}', T)
    assert sample.labels == {"__name__": "m", "test": unique, "tool": "ü\n"}
    assert sample.value == 2.5


def test_a_scalar_is_one_sample_without_labels(prometheus: PrometheusApi) -> None:
    (sample,) = prometheus.query("scalar(vector(7))", T)
    assert (dict(sample.labels), sample.value) == ({}, 7.0)


@pytest.mark.parametrize(("expr", "value"), [("1 / 0", math.inf), ("-1 / 0", -math.inf)])
def test_infinities_are_values(prometheus: PrometheusApi, expr: str, value: float) -> None:
    assert prometheus.query(expr, T)[0].value == value


def test_not_a_number_is_a_value(prometheus: PrometheusApi) -> None:
    assert math.isnan(prometheus.query("0 / 0", T)[0].value)


def test_an_instant_with_a_fraction_is_kept_to_the_millisecond(prometheus: PrometheusApi) -> None:
    assert prometheus.query("time()", T + 0.125)[0].value == T + 0.125


def test_a_range_has_one_point_a_step_up_to_its_end(prometheus: PrometheusApi) -> None:
    (series,) = prometheus.query_range("time()", T, T + 100, 15).series
    assert series.timestamps == tuple(range(T, T + 91, 15))
    assert series.values == series.timestamps


@pytest.mark.parametrize("points", [MAX_POINTS - 1, MAX_POINTS, MAX_POINTS + 1, 2 * MAX_POINTS + 1])
def test_a_range_beyond_the_servers_limit_is_put_together(prometheus: PrometheusApi, points: int) -> None:
    (series,) = prometheus.query_range("time()", T, T + points - 1, 1).series
    assert series.timestamps == tuple(range(T, T + points))


def test_a_step_of_a_fraction_meets_its_end(prometheus: PrometheusApi) -> None:
    (series,) = prometheus.query_range("time()", T, T + 0.3, 0.1).series
    assert series.timestamps == pytest.approx((T, T + 0.1, T + 0.2, T + 0.3), abs=1e-4)


def test_a_range_that_ends_before_it_starts_is_empty(prometheus: PrometheusApi) -> None:
    assert prometheus.query_range("time()", T, T - 1, 15).series == ()


def test_a_step_of_nothing_is_refused(prometheus: PrometheusApi) -> None:
    with pytest.raises(LiveError, match="a step is more than 0 seconds, not 0"):
        prometheus.query_range("time()", T, T, 0)


def test_stored_samples_come_with_their_own_times(prometheus: PrometheusApi, unique: str) -> None:
    write(prometheus, [TimeSeries({"__name__": "raw", "test": unique}, [T * 1000, T * 1000 + 500], [1, 2])])
    (series,) = prometheus.query_samples(f'raw{{test="{unique}"}}[1m]', T + 30).series
    assert (series.timestamps, series.values) == ((T, T + 0.5), (1.0, 2.0))


def test_a_range_vector_is_no_instant(prometheus: PrometheusApi) -> None:
    with pytest.raises(LiveError, match="yields a matrix, where a vector is needed"):
        prometheus.query("up[5m]", T)


def test_the_servers_own_words_reach_the_user(prometheus: PrometheusApi) -> None:
    with pytest.raises(LiveError, match=r"^http://127\.0\.0\.1:\d+: bad_data: .*parse error"):
        prometheus.query("sum(", T)


def test_a_server_that_is_gone_is_one_short_sentence() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening: no other server can answer here
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        api = connect(url)
        assert not api.ready()
        with pytest.raises(LiveError) as caught:
            api.query("up", T)
    assert str(caught.value) == f"Prometheus at {url} does not answer: Connection refused"


@pytest.mark.parametrize("body", [b'{"status":"succ', b"<html>", b"[]", b"", b'{"status":"error"}'])
def test_an_answer_that_is_no_api_answer_is_refused(answering: Callable[..., str], body: bytes) -> None:
    api = connect(answering(200, body))
    with pytest.raises(LiveError, match=r"not JSON of Prometheus's API$"):
        api.query("up", T)


@pytest.mark.parametrize(
    "data", ['{"resultType":"vector","result":[{"metric":{}, "value":[1]}]}', "null", '{"result":[]}', "[1]"]
)
def test_data_of_another_shape_is_refused(answering: Callable[..., str], data: str) -> None:
    api = connect(answering(200, f'{{"status":"success","data":{data}}}'.encode()))
    with pytest.raises(LiveError, match="not an instant vector"):
        api.query("up", T)


def test_an_answer_cut_short_on_its_way_is_refused(answering: Callable[..., str]) -> None:
    api = connect(answering(200, b'{"status":"success"', promised=500))
    with pytest.raises(LiveError, match=r"does not answer: the connection ended within the answer$"):
        api.query("up", T)


class _Closing(Handler):
    def handle_body(self, body: bytes) -> None:
        """Answer nothing: the connection is closed after the request."""


def test_a_connection_that_ends_without_an_answer_is_told_in_words() -> None:
    with served(_Closing) as url, pytest.raises(LiveError) as caught:
        connect(url, patience=ONCE).query("up", T)
    assert str(caught.value) == f"Prometheus at {url} does not answer: it closed the connection"


@pytest.mark.parametrize("url", ["http://localhost:99999", "localhost:9090"])
def test_an_address_that_is_none_is_told_with_one(url: str) -> None:
    with pytest.raises(LiveError) as caught:
        connect(url)
    assert caught.value.help == "give it as in http://localhost:9090; ports end at 65535"


def test_a_proxys_page_is_told_by_its_status_and_first_line(answering: Callable[..., str]) -> None:
    url = answering(502, b"Bad Gateway\n<html>...")
    with pytest.raises(LiveError) as caught:
        connect(url, patience=Patience(sleep=lambda _: None)).query("up", T)
    assert str(caught.value) == f"{url}: HTTP 502: Bad Gateway"


def test_warnings_are_kept(answering: Callable[..., str]) -> None:
    body = b'{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["half is missing"]}'
    assert connect(answering(200, body)).query_range("up", T, T, 1).warnings == ("half is missing",)


@pytest.mark.parametrize(
    "url", ["", "localhost", "ftp://localhost", "http://", "http://host:port", "http://[::1"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(LiveError, match="not an"):
        connect(url)


def test_credentials_are_sent_and_never_shown() -> None:
    api = connect("https://user:p%40ss@example.com/prometheus/")
    assert api.url == "https://example.com/prometheus"
    assert api.connection.credentials.headers["Authorization"] == "Basic dXNlcjpwQHNz"


def test_a_firing_alert_comes_with_its_labels_value_and_error(answering: Callable[..., str]) -> None:
    alert = {
        "state": "firing",
        "labels": {"alertname": "A", "severity": "critical"},
        "annotations": {"summary": "It is."},
        "value": "1e+00",
        "activeAt": "2024-01-01T00:00:00Z",
    }
    rule = {
        "type": "alerting",
        "name": "A",
        "query": "x > 0",
        "health": "err",
        "lastError": "many-to-many",
        "state": "firing",
        "alerts": [alert],
    }
    group = {"name": "g", "file": "a.yml", "interval": 60, "rules": [rule]}
    body = json.dumps({"status": "success", "data": {"groups": [group]}}).encode()
    ((found,),) = (state.rules for state in connect(answering(200, body)).rules())
    assert (found.state, found.health, found.last_error) == ("firing", "err", "many-to-many")
    assert found.alerts[0].labels["severity"] == "critical"
    assert (found.alerts[0].value, found.alerts[0].active_at) == ("1e+00", "2024-01-01T00:00:00Z")


@pytest.mark.parametrize("url", ["ftp://me:pa/ss@host", "me:pass@host", "http://me:pass@[::1"])
def test_an_address_that_is_refused_is_shown_without_its_password(url: str) -> None:
    with pytest.raises(LiveError, match=r"\*\*\*@") as caught:
        connect(url)
    assert "ss" not in str(caught.value).replace("address", "")


def test_an_answer_that_asks_to_wait_is_an_answer(answering: Callable[..., str]) -> None:
    url = answering(503, b"busy", headers={"Retry-After": "3600"})
    response = connect(url, patience=ONCE).connection.send("GET", "/")
    assert (response.status, response.headers["retry-after"]) == (503, "3600")
