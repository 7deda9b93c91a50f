"""The raw equivalents of panels of recorded series."""

from __future__ import annotations

import re

import pytest

from tests.bench.past import read_over_time
from tests.bench.raw import equivalents, flat
from tests.bench.refresh import compiled, exprs
from tests.grafana.documents import targets
from tests.models import SPECS, model_of


def test_a_signal_asks_for_its_metric_by_the_labels_of_its_level() -> None:
    (expr,) = equivalents('release:agent_latency_p95:seconds{service="a"}', "a")
    assert expr == (
        'histogram_quantile(0.95, sum by (le, release) (rate(agent_run_latency_ms_bucket{job="a"}[5m])))'
    )


def test_one_expression_asks_once_however_often_it_reads() -> None:
    twice = "service:agent_run:increase15m > 1 and service:agent_run:increase15m < 9"
    assert len(equivalents(twice, "a")) == 1


def test_constants_and_what_only_rules_need_ask_nothing() -> None:
    assert not equivalents("service:agent_latency_p95:objective", "a")
    assert not equivalents("release:agent_newest:seconds", "a")


def test_a_window_of_days_stays_one() -> None:
    (expr,) = equivalents("service:agent_success_rate:error_ratio3d", "a")
    assert re.findall(r"\[(\w+)\]", expr) == ["3d", "3d"]


@pytest.mark.parametrize(
    "record",
    [
        "stream:agent_run:rate",
        "release_status_stop_reason:agent_run:increase15m",
        "service:agent_success_rate:numerator",
    ],
)
def test_a_step_on_the_way_is_no_flat_rule(record: str) -> None:
    assert flat(record, "a") is None


def test_what_is_counted_is_a_signal_of_its_stream() -> None:
    assert flat("error_class:agent_tool_error:increase15m", "a") == (
        'sum by (error_class) (increase(agent_tool_error_total{job="a"}[5m]))'
    )


def test_every_dashboard_has_raw_equivalents() -> None:
    for uid, board in compiled(model_of(SPECS)).items():
        asked = [equivalents(target.expr, "a") for target in targets(board)]
        assert sum(map(bool, asked)) > len(asked) / 3, uid


def test_windows_name_what_they_read() -> None:
    expr = 'sum_over_time(a:b_c:rate{x="[1]"}[3d]) / a:d:rate{x="y"} + max_over_time(e:f:g[1h:5m])'
    assert read_over_time([expr]) == {"a:b_c:rate", "e:f:g"}
    assert read_over_time(exprs(compiled(model_of(SPECS))))
