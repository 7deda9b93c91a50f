"""Generated names: how each is spelled, that Prometheus takes it, and that no two things share one."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model import names
from generator.model.metrics import Metric, MetricType
from generator.model.signals import Better, Count, Kind, Quantile, Signal
from generator.model.units import Unit

_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def metric(name: str, *labels: str) -> Metric:
    """A counter."""
    return Metric(name, MetricType.COUNTER, "help", "", labels)


def signal(name: str = "success_rate", unit: Unit = Unit.RATIO, layer: str = "run") -> Signal:
    """A signal that is only a name and a unit."""
    kind: Kind = Quantile(0.5) if unit is Unit.SECONDS else Count()
    runs = metric("agent_run_total")
    return Signal(name, "Title", "Text", layer, runs, kind, unit, Better.LOWER, 900, ((),), None)


@pytest.mark.parametrize(
    ("labels", "level"),
    [
        ((), "service"),
        (("release",), "release"),
        (("tool", "release"), "release_tool"),
        (("error_class",), "error_class"),
    ],
)
def test_a_level_is_called_after_the_labels_that_it_keeps(labels: tuple[str, ...], level: str) -> None:
    assert names.level(labels) == level


def test_the_order_of_labels_does_not_change_a_name() -> None:
    for labels in permutations(("status", "stop_reason", "release")):
        assert names.rate(labels, "agent_run") == "release_status_stop_reason:agent_run:rate"


def test_recorded_names_are_level_metric_and_operations() -> None:
    success = signal()
    assert names.value(success) == "service:agent_success_rate:ratio"
    assert names.value(success, ("release",)) == "release:agent_success_rate:ratio"
    assert names.numerator(success) == "service:agent_success_rate:numerator"
    assert names.denominator(success, ("tool",)) == "tool:agent_success_rate:denominator"
    assert names.part(success, "objective") == "service:agent_success_rate:objective"
    assert names.windowed(success, "error_ratio", 3600) == "service:agent_success_rate:error_ratio1h"
    assert names.increase(("model",), "agent_token_usage", 900) == "model:agent_token_usage:increase15m"
    assert names.price("model", "token_type") == "model_token_type:agent_price:usd"


@pytest.mark.parametrize("unit", Unit)
def test_the_unit_is_the_last_part_of_a_signals_name(unit: Unit) -> None:
    assert names.value(signal("some_signal", unit)) == f"service:agent_some_signal:{unit.value}"


@pytest.mark.parametrize(
    ("exposed", "base"),
    [
        ("agent_run_total", "agent_run"),
        ("agent_run_latency_ms", "agent_run_latency_ms"),
        ("total_total", "total"),
    ],
)
def test_a_recorded_rate_does_not_promise_a_counter(exposed: str, base: str) -> None:
    assert names.base(metric(exposed)) == base


def test_names_of_the_board_and_of_releases_are_no_signals() -> None:
    fixed = {
        *(names.BOARD_CURRENT, names.BOARD_TREND, names.BOARD_STATUS),
        *(names.FIRST_SEEN, names.NEWEST, names.PREVIOUS),
    }
    assert len(fixed) == 6
    made = {
        names.value(signal(name, unit), labels)
        for name in ("signal", "first", "new", "price")
        for unit in Unit
        for labels in ((), ("release",))
    }
    assert not fixed & made


_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@given(st.lists(_NAMES, max_size=4).map(tuple), _NAMES, st.integers(60, 10**7))
def test_every_name_is_a_metric_name(labels: tuple[str, ...], stem: str, window: int) -> None:
    made = (
        names.rate(labels, stem),
        names.increase(labels, stem, window),
        names.value(signal(stem), labels),
        names.windowed(signal(stem), "errors", window),
    )
    assert all(_METRIC_NAME.fullmatch(name) and name.count(":") == 2 for name in made)


@given(_NAMES, _NAMES, st.sampled_from(list(Unit)), st.sampled_from(list(Unit)))
def test_two_signals_never_share_a_name(one: str, other: str, unit: Unit, unit2: Unit) -> None:
    same = names.value(signal(one, unit)) == names.value(signal(other, unit2))
    assert same == (one == other and unit == unit2)


@given(_NAMES, st.integers(60, 10**6), st.integers(60, 10**6))
def test_two_windows_never_share_a_name(stem: str, one: int, other: int) -> None:
    same = names.increase((), stem, one) == names.increase((), stem, other)
    assert same == (one == other)


@pytest.mark.parametrize("layer", ["run", "tools", "cost", "stop_reasons"])
def test_each_layer_has_a_dashboard(layer: str) -> None:
    assert names.dashboard_of(signal(layer=layer)) in names.DASHBOARDS.values()


def test_paths_are_below_their_own_folders() -> None:
    assert names.rules_path("support-agent") == "prometheus/rules/support-agent.rules.yml"
    assert names.alerts_path("support-agent") == "prometheus/alerts/support-agent.alerts.yml"
    assert names.dashboard_path("agent-runs") == "grafana/dashboards/agent-runs.json"
    assert names.runbook_path("AgentNoRuns") == "runbooks/AgentNoRuns.md"
