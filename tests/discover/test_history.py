"""Objectives from the history of a real Prometheus, counted by hand, and the firings of the alerts."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.discover.promises import _above, _errors, cost_of_a_day
from generator.live.remote_write import TimeSeries, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.live.server import PrometheusServer
    from tests.commands.calls import CommandCalls

pytestmark = [pytest.mark.long, pytest.mark.prometheus]

_HOUR, _STEP = 3600, 15
_SPAN = 8 * _HOUR
#: In the fifth of eight hours 40 of 100 runs fail, else 1.
_BAD = range(4 * _HOUR, 5 * _HOUR)
_PAGE = re.compile(r"^  (?P<alert>Agent\w+) at (?P<at>\S+) for", re.MULTILINE)


def history(end: int, runs_a_minute: float, span: int = _SPAN) -> Iterator[TimeSeries]:
    """Write eight hours of runs of a job, of which one is bad, or the first hours of them."""
    start = end - span
    times = range(start, end + 1, _STEP)
    ok, failed = [0.0], [0.0]
    for at in times[1:]:
        share = 0.4 if at - start in _BAD else 0.01
        runs = runs_a_minute * _STEP / 60
        ok.append(ok[-1] + runs * (1 - share))
        failed.append(failed[-1] + runs * share)
    target = {"job": "graph", "instance": "a"}
    for name, values in (("success", ok), ("failed_after_retry", failed)):
        labels = {"__name__": f"lg_api_run_{name}_counter_total", **target}
        yield TimeSeries(labels, [at * 1000 for at in times], values)


def test_objectives_are_a_little_looser_than_it_was_and_the_incident_pages(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    end = int(time.time())
    write(fresh_prometheus.api, history(end, 30))
    answer = call(
        "init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url, "--last", "1d"
    )
    assert answer.code == 0, answer.err
    text = (tmp_path / "specs" / "services" / "graph.yaml").read_text("utf-8")
    # (7 x 1 % + 40 %) / 8 = 5.875 % failed; a quarter more is 7.3 %, which people write as 8 %.
    assert yaml.load(text, yaml.CSafeLoader)["objectives"] == {
        "success_rate": {"min": "92%", "window": "30d"}
    }
    # 8 hours of 30 a minute, less the window at each end, which depends on the second of the call.
    assert re.search(r"# 94\.1[12]% of 14,3", text)
    assert "the 8h that it knows would have paged" in answer.out
    pages = [datetime.fromisoformat(one["at"]).timestamp() for one in _PAGE.finditer(answer.out)]
    assert pages
    assert all(_BAD.start <= at - (end - _SPAN) <= _BAD.stop for at in pages)
    assert re.search(r"\d+ of \d+ panels have data", answer.out)
    assert "  empty: " not in answer.out


def test_few_runs_are_no_ground_for_a_promise(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    write(fresh_prometheus.api, history(int(time.time()), 0.1, 2 * _HOUR))
    answer = call(
        "init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url, "--last", "1d"
    )
    assert answer.code == 0, answer.err
    text = (tmp_path / "specs" / "services" / "graph.yaml").read_text("utf-8")
    assert "objectives" not in yaml.load(text, yaml.CSafeLoader)
    assert "# objectives: the profile's, since fewer than 100 runs finished" in text


def test_a_service_that_was_alive_yesterday_is_looked_at_as_it_was_then(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    end = int(time.time()) - 86_400
    write(fresh_prometheus.api, history(end, 30, 2 * _HOUR))
    answer = call(
        "init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url, "--last", "2d"
    )
    assert answer.code == 0, answer.err
    text = (tmp_path / "specs" / "services" / "graph.yaml").read_text("utf-8")
    assert f"on {datetime.fromtimestamp(end, UTC):%Y-%m-%d}" in text
    # 1 % of the runs failed; a quarter more is 1.25 %, which people write as 1.5 %.
    assert yaml.load(text, yaml.CSafeLoader)["objectives"] == {
        "success_rate": {"min": "98.5%", "window": "30d"}
    }


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.073, 0.08), (0.001, 0.001), (0.0101, 0.015), (0.96, 1), (93.6, 100), (12, 15), (0, 0)],
)
def test_amounts_are_rounded_up_to_what_people_write(value: float, rounded: float) -> None:
    assert _above(value) == pytest.approx(rounded)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (86_400, "the most expensive day cost $1,200.00"),
        (7 * 86_400, "the most expensive day cost $1,200.00"),
        (8 * _HOUR + 20, "a guess: at the pace of 8h a day costs $1,200.00"),
    ],
)
def test_the_cost_of_a_day_is_a_guess_where_less_is_known(seconds: int, said: str) -> None:
    assert cost_of_a_day(1200, seconds) == said


@pytest.mark.parametrize(
    ("failed", "runs", "allowed"),
    [
        # Of 3 failures, up to 3 + 2 x sqrt(3) = 6.5 are chance: 0.43 %, which people write as 0.5 %.
        (3, 1500, 0.005),
        # Of 3000, a quarter more is more than chance.
        (3000, 1_500_000, 0.0025),
        (0, 1500, 0.001),
    ],
)
def test_few_errors_of_the_past_leave_room_for_chance(failed: int, runs: int, allowed: float) -> None:
    assert _errors(failed / runs, runs) == pytest.approx(allowed)


def slow(end: int) -> Iterator[TimeSeries]:
    """Write two hours of requests through a gateway, ten a minute, all of them beyond its last bucket."""
    times = range(end - 2 * _HOUR, end + 1, _STEP)
    counts = [(at - times[0]) / 6 for at in times]
    target = {"job": "gateway", "instance": "a", "gen_ai_request_model": "gpt-4o"}
    name = "gen_ai_server_request_duration_seconds"
    bounds = [0.01 * 2**power for power in range(14)]
    every = {"_count": counts, "_sum": [100 * one for one in counts]}
    for suffix, values in every.items():
        yield TimeSeries({"__name__": name + suffix, **target}, [at * 1000 for at in times], values)
    for le in (*(f"{bound:g}" for bound in bounds), "+Inf"):
        values = counts if le == "+Inf" else [0.0] * len(counts)
        yield TimeSeries(
            {"__name__": f"{name}_bucket", "le": le, **target}, [at * 1000 for at in times], values
        )


def test_runs_beyond_the_last_bucket_page_nobody_for_ever(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    write(fresh_prometheus.api, slow(int(time.time())))
    answer = call(
        "init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url, "--last", "1d"
    )
    assert answer.code == 0, answer.err
    text = (tmp_path / "specs" / "services" / "gateway.yaml").read_text("utf-8")
    why = "5% of requests took longer than the last bucket, 81.9s: let the source have larger ones"
    assert yaml.load(text, yaml.CSafeLoader)["alerts"] == {"AgentLatencyP95High": {"disabled": why}}
    assert "would have paged nobody and opened 1 ticket" in answer.out
