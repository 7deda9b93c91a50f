"""Runs of agents within a run, and a run that goes on elsewhere: users requested one, so one is counted."""

from __future__ import annotations

import json
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from generator.model.metrics import Label, Metric, MetricType
from generator.model.service import Model
from tests.instrumentation.loading import fresh, generated, measured, service, shipped, value
from tests.instrumentation.test_blocks import runs

if TYPE_CHECKING:
    from pathlib import Path


def test_the_steps_of_a_run_within_a_run_are_also_those_of_the_outer_one() -> None:
    metrics, registry = fresh()
    with metrics.run() as outer:
        with metrics.tool_call("search_docs"), metrics.run() as inner, metrics.llm_step("gpt-4o"):
            inner.step()
        assert metrics.current_run() is outer
    assert (outer.steps, inner.steps) == (3, 2)
    assert inner.parent is outer
    assert outer.parent is None
    assert runs(registry) == {("ok", "completed"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 3
    assert value(registry, "agent_run_latency_ms_count") == 1


def test_a_failure_within_is_the_outer_run_s_only_if_it_comes_through() -> None:
    metrics, registry = fresh()
    for caught in (True, False):
        try:
            with metrics.run():
                try:
                    with metrics.run() as inner, inner.tool_call("search_docs"):
                        raise ConnectionError  # noqa: TRY301 - as tools do
                except ConnectionError:
                    if not caught:
                        raise
        except ConnectionError:
            pass
    assert runs(registry) == {("ok", "completed"): 1, ("error", "tool_error"): 1}


def test_an_agent_in_a_thread_of_its_own_is_named_to_belong_to_a_run() -> None:
    metrics, registry = fresh()

    def work(outer: Any) -> None:  # noqa: ANN401 - generated
        with outer.sub_run(), metrics.tool_call("search_docs"):
            pass

    with metrics.run() as run:
        thread = Thread(target=work, args=(run,))
        thread.start()
        thread.join()
    assert run.steps == 1
    assert runs(registry) == {("ok", "completed"): 1}


def test_a_decorated_agent_that_another_one_calls_is_a_part_of_its_run() -> None:
    metrics, registry = fresh()

    @measured(metrics.run())
    def agent(depth: int) -> int:
        with metrics.tool_call("search_docs"):
            return agent(depth - 1) if depth else 0

    agent(3)
    assert runs(registry) == {("ok", "completed"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 4


def test_a_run_that_pauses_and_is_resumed_elsewhere_is_one_run() -> None:
    metrics, registry = fresh()
    with metrics.run() as run:
        with run.tool_call("search_docs"):
            pass
        kept = json.dumps(run.hand_over())
    assert runs(registry) == {}
    with metrics.run(resumed=json.loads(kept)) as run, run.llm_step("gpt-4o"):
        run.stop("completed")
    assert runs(registry) == {("ok", "completed"): 1}
    assert value(registry, "agent_steps_per_run_sum") == 2
    assert value(registry, "agent_run_latency_ms_sum") > json.loads(kept)["seconds"] * 1000


@pytest.mark.parametrize("resumed", [{}, {"steps": "many"}, {"steps": -1, "seconds": float("nan")}])
def test_what_comes_from_elsewhere_harms_no_run(resumed: dict[str, Any]) -> None:
    metrics, registry = fresh()
    with metrics.run(resumed=resumed) as run:
        run.step()
    assert value(registry, "agent_steps_per_run_sum") == 1
    assert value(registry, "agent_run_latency_ms_sum") >= 0


def test_runs_within_runs_are_counted_by_agent_where_the_profile_declares_a_metric_of_them(
    tmp_path: Path,
) -> None:
    one = service("support-agent")
    metric = Metric(
        "agent_inner_run_total",
        MetricType.COUNTER,
        "Runs within runs.",
        "",
        ("agent", "status", "stop_reason", "release"),
    )
    label = Label("agent", "", ("planner", "writer", "other"), 3)
    stream = replace(shipped().library.streams["inner_run"], metric=metric.name, labels=metric.labels)
    changed = replace(
        one,
        metrics={**one.metrics, metric.name: metric},
        labels={**one.labels, "agent": label},
        streams={**one.streams, stream.name: stream},
    )
    registry = CollectorRegistry()
    metrics = generated(Model(shipped().site, shipped().library, (changed,)), tmp_path).SupportAgentMetrics(
        release="r1", registry=registry
    )
    with metrics.run() as run:
        with metrics.run(agent="planner"), run.sub_run(agent="writer"):
            pass
        with pytest.raises(TimeoutError), run.sub_run("writer"):
            raise TimeoutError
    labels = {"agent": "writer", "status": "error", "stop_reason": "timeout"}
    assert value(registry, "agent_inner_run_total", **labels) == 1
    assert (
        value(registry, "agent_inner_run_total", agent="planner", status="ok", stop_reason="completed") == 1
    )
    assert runs(registry) == {("ok", "completed"): 1}
