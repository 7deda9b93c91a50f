"""Generated names: their spelling, their validity for Prometheus, and their uniqueness."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.model import names
from generator.model.metrics import MetricType
from generator.model.signals import Better, Cost, Count, Kind, Quantile, Share, Signal, Tokens
from generator.model.streams import Stream, billed
from generator.model.units import Unit

_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def stream(stem: str = "agent_run", *labels: str, shared: bool = True) -> Stream:
    """A counter."""
    return Stream(stem.removeprefix("agent_"), stem, MetricType.COUNTER, "", labels, shared=shared)


def signal(name: str = "success_rate", unit: Unit = Unit.RATIO, layer: str = "run") -> Signal:
    """A signal with only a name and a unit."""
    kind: Kind = Quantile(0.5) if unit is Unit.SECONDS else Share({"status": "ok"}, good=True)
    return Signal(name, "Title", "Text", layer, stream(), kind, unit, Better.LOWER, 900, ((),), None)


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
        assert names.level_rate(stream(), labels) == "release_status_stop_reason:agent_run:rate"


def test_the_raw_pass_records_streams_and_metrics_that_are_none() -> None:
    assert names.rate(stream()) == "stream:agent_run:rate"
    assert names.rate(stream("waits", shared=False)) == "metric:waits:rate"
    assert names.rate(billed(stream("agent_token_usage", "model"))) == "model:agent_token_usage_billed:rate"
    assert names.upper(stream("agent_run_latency")) == "le:agent_run_latency:upper"


def test_recorded_names_are_level_metric_and_operations() -> None:
    success = signal()
    assert names.value(success) == "service:agent_success_rate:ratio"
    assert names.value(success, ("release",)) == "release:agent_success_rate:ratio"
    assert names.numerator(success) == "service:agent_success_rate:numerator"
    assert names.denominator(success, ("tool",)) == "tool:agent_run:increase15m"
    assert names.part(success, "objective") == "service:agent_success_rate:objective"
    assert names.windowed(success, "error_ratio", 3600) == "service:agent_success_rate:error_ratio1h"
    assert (
        names.increase(stream("agent_token_usage"), ("model",), 900) == "model:agent_token_usage:increase15m"
    )


def test_what_is_a_plain_sum_is_called_after_its_stream_under_every_signal() -> None:
    runs, tokens = stream(), stream("agent_token_usage", "model", "token_type")
    events = "service:agent_run:increase15m"
    assert names.value(replace(signal(), kind=Count())) == events
    assert names.denominator(replace(signal(), kind=Tokens(runs), of=tokens)) == events
    spent = replace(signal(), kind=Cost(runs), of=tokens)
    assert names.numerator(spent) == "service:agent_cost:increase15m"


@pytest.mark.parametrize("unit", Unit)
def test_the_unit_is_the_last_part_of_a_signals_name(unit: Unit) -> None:
    assert names.value(signal("some_signal", unit)) == f"service:agent_some_signal:{unit.value}"


@pytest.mark.parametrize("family", names.FAMILIES)
def test_shared_files_have_names_that_no_service_may_have(family: str) -> None:
    name = names.shared_name(family)
    assert names.is_shared_name(name)
    assert names.is_shared_name(f"{name}{names.VARIANTS}")
    assert not names.is_shared_name(f"{name}s-agent")


def test_names_of_the_board_and_of_releases_are_no_signals() -> None:
    fixed = {
        *(names.BOARD_CURRENT, names.BOARD_TREND, names.BOARD_STATUS),
        *names.OF_RELEASES,
        names.RUN_LENGTH,
    }
    assert len(fixed) == 14
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
        names.level_rate(stream(stem), labels),
        names.increase(stream(stem), labels, window),
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
    same = names.increase(stream(stem), (), one) == names.increase(stream(stem), (), other)
    assert same == (one == other)


@pytest.mark.parametrize("layer", ["run", "tools", "cost", "stop_reasons"])
def test_each_layer_has_a_dashboard(layer: str) -> None:
    assert names.dashboard_of(signal(layer=layer)) in names.DASHBOARDS.values()


def test_paths_are_below_their_own_folders() -> None:
    assert names.rules_path("support-agent") == "prometheus/rules/support-agent.rules.yml"
    assert names.alerts_path("support-agent") == "prometheus/alerts/support-agent.alerts.yml"
    assert names.dashboard_path("agent-runs") == "grafana/dashboards/agent-runs.json"
    assert names.tests_path(names.shared_name("run")) == "prometheus/tests/agent-run.test.yml"
    assert names.runbook_path("AgentNoRuns") == "runbooks/AgentNoRuns.md"
