"""An agent on the generated module, scraped by a real Prometheus with the generated rules, at their real pace."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from math import ceil
from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import start_http_server

from generator.live.server import ServerConfig
from generator.model.rules import RecordingRule
from generator.prometheus.files import rule_files
from generator.prometheus.rule_set import compile_rules
from tests.instrumentation.agent import Counts, run_agent
from tests.instrumentation.loading import fresh, service, shipped
from tests.instrumentation.test_agent_loop import story
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from prometheus_client import CollectorRegistry

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.prometheus.rule_set import Compiled

_INTERVAL, _SCRAPE, _RUNS = 2, 1, 60
#: The time that a rule looks back.
_WINDOW = _INTERVAL + _SCRAPE
#: Seconds. The largest allowed deviation of a scrape: a rate is as much too large as two of its samples are too close,
#: and 2% are allowed.
_LATE = 0.015
_MOST_ROUNDS = 20
_RECORDS = {
    ("status", "stop_reason"): ("stream:agent_run:rate", "agent_run_total"),
    ("tool", "status"): ("stream:agent_tool_call:rate", "agent_tool_call_total"),
    ("tool", "error_class"): ("stream:agent_tool_error:rate", "agent_tool_error_total"),
    ("model", "error_class"): ("stream:agent_llm_error:rate", "agent_llm_error_total"),
    ("model", "token_type"): ("stream:agent_token_usage:rate", "agent_token_usage_total"),
}
_SITE = replace(shipped().site, scrape_interval=_SCRAPE, rule_interval=_INTERVAL)


def test_what_is_scraped_and_recorded_is_what_the_loop_counted(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    metrics, registry = fresh()
    api = fresh_prometheus.api
    with _exposed(registry) as port:
        fresh_prometheus.load(_config(tmp_path, port))
        _work(metrics)  # rate() underestimates a series' rise from zero, so everything has moved once
        _settled(api, 1)
        done = _worked_in_step(api, metrics)
        for labels, (record, metric) in _RECORDS.items():
            wanted = _counted(done.counts, labels)
            every = {key: number * done.number for key, number in wanted.items()}
            assert _scraped(api, metric, labels) == every, metric
            assert _recorded(api, record, labels, done) == pytest.approx(wanted, rel=0.02), record
            assert api.query(f"count({record})", time.time())[0].value > 0
        assert not [rule.last_error for group in api.rules() for rule in group.rules if rule.last_error]


class _Round(Struct, frozen=True):
    """Work between regular scrapes.

    Attributes:
        number: The number of rounds, including this one and the first; each counts the same.
        counts: Its counts.
        start: Its start, Unix seconds.
        end: A time when rules see all of it, half a scrape after the last needed one.
    """

    number: int
    counts: Counts
    start: float
    end: float


def _worked_in_step(api: PrometheusApi, metrics: object) -> _Round:
    """Work until the scrapes around it were regular: otherwise a rate is extrapolated; a busy machine is late."""
    for number in range(2, _MOST_ROUNDS + 1):
        start = time.time()
        counts = _work(metrics)
        worked = time.time()
        _settled(api, number)
        if last := _last_in_step(_scrapes(api, start), start - _WINDOW, worked + _WINDOW):
            return _Round(number, counts, start, last + _SCRAPE / 2)
    pytest.fail("this machine is too busy to be scraped once a second")


def _scrapes(api: PrometheusApi, start: float) -> tuple[float, ...]:
    now = time.time()
    return api.query_samples(f"up[{ceil(now - start + 2 * _WINDOW)}s]", now).series[0].timestamps


def _last_in_step(scrapes: Iterable[float], first: float, last: float) -> float | None:
    """Find the last scrape between two moments; None if any scrape between them was late, early or missing."""
    between = [time for time in scrapes if first < time < last]
    if not between or between[0] - first > _SCRAPE + _LATE or last - between[-1] > _SCRAPE + _LATE:
        return None
    turns = (between[-1] - time for time in reversed(between))
    return between[-1] if all(abs(turn - at * _SCRAPE) < _LATE for at, turn in enumerate(turns)) else None


@pytest.mark.parametrize(
    ("scrapes", "found"),
    [
        ([0.5, 1.5, 2.5, 3.5], 3.5),
        ([0.5, 1.51, 2.49, 3.5, 4.9], 3.5),
        ([0.5, 1.55, 2.5, 3.5], None),
        ([0.5, 1.5, 2.5, 3.55], None),
        ([0.5, 2.5, 3.5], None),
        ([1.5, 2.5, 3.5], None),
        ([0.5, 1.5, 2.5], None),
        ([], None),
    ],
)
def test_scrapes_out_of_step_are_told(scrapes: list[float], found: float | None) -> None:
    assert _last_in_step(scrapes, 0, 4) == found


def _work(metrics: object) -> Counts:
    """Do the same work, with the same counts, each time."""
    rng, counts = Random(5), Counts()  # noqa: S311 - a story, no secret
    for _ in range(_RUNS):
        with suppress(Exception, asyncio.CancelledError):
            run_agent(metrics, story(rng), counts)
    return counts


def _counted(counts: Counts, labels: tuple[str, str]) -> dict[tuple[str, ...], int]:
    found = {
        ("status", "stop_reason"): counts.runs,
        ("tool", "status"): counts.tool_calls,
        ("tool", "error_class"): counts.tool_errors,
        ("model", "error_class"): counts.llm_errors,
        ("model", "token_type"): counts.tokens,
    }[labels]
    return {key: number for key, number in found.items() if number}


def _scraped(api: PrometheusApi, metric: str, labels: tuple[str, str]) -> dict[tuple[str, ...], float]:
    samples = api.query(f"{metric} > 0", time.time())
    return {tuple(one.labels[label] for label in labels): one.value for one in samples}


def _recorded(
    api: PrometheusApi, record: str, labels: tuple[str, str], done: _Round
) -> dict[tuple[str, ...], float]:
    """Sum the results of the record's rule over a round's samples, half a scrape after each second one.

    A rate times the interval of its rule is a number of events. At intervals of seconds the server itself evaluates
    some rules before the scrape of that moment is stored.
    """
    rules = (
        rule for group in _compiled().recording for rule in group.rules if isinstance(rule, RecordingRule)
    )
    [expr] = [rule.expr for rule in rules if rule.record == record]
    begin = done.end - (done.end - done.start) // _INTERVAL * _INTERVAL
    found = {}
    for series in api.query_range(expr, begin, done.end, _INTERVAL).series:
        if any(series.values):
            found[tuple(series.labels[label] for label in labels)] = sum(series.values) * _INTERVAL
    return found


def _settled(api: PrometheusApi, rounds: int) -> None:
    """Wait until all runs have been scraped for so long that every rule includes them, and no longer changes."""
    seen = f"(sum(agent_run_total))[{2 * _WINDOW}s:1s]"
    whole = f"min_over_time({seen}) and count_over_time({seen}) >= {2 * _WINDOW}"
    until(lambda: _value(api, whole) == rounds * _RUNS)


def _value(api: PrometheusApi, expr: str) -> float:
    samples = api.query(expr, time.time())
    return samples[0].value if samples else -1


@contextmanager
def _exposed(registry: CollectorRegistry) -> Iterator[int]:
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _compiled() -> Compiled:
    return compile_rules(service("support-agent"), _SITE)


def _config(directory: Path, port: int) -> ServerConfig:
    files = []
    for artifact in rule_files(service("support-agent"), _compiled(), _SITE):
        files.append(directory / artifact.path.rpartition("/")[2])
        files[-1].write_text(artifact.text)
    target = {"job_name": "support-agent", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    return ServerConfig(tuple(files), (target,), f"{_SCRAPE}s")
