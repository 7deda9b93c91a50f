"""Counters and histograms count as Python's Prometheus client does."""

from __future__ import annotations

from statistics import mean, pvariance
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as ClientHistogram

from generator.simulate.agents import LlmCall, Run, ToolCall
from generator.simulate.draws import Choice, poisson, stream
from generator.simulate.exposition import Amounts, Counter, Process, ServiceExposition, counting
from generator.streams.roles import ROLES, Amount, Event

if TYPE_CHECKING:
    from generator.model.service import Service

EDGES = (0.005, 1, 2.5, 100, 1_000_000, 2_500_000)


def test_a_histogram_is_the_one_of_the_client(research: Service) -> None:
    metric = replace(research.metrics["agent_steps_per_run"], buckets=EDGES)
    registry = CollectorRegistry()
    client = ClientHistogram("agent_steps_per_run", "h", buckets=EDGES, registry=registry)
    ours = counting(metric, {}, zero_initialised=True)
    for amount in (0.001, 1, 1, 2.5, 2.6, 100, 999_999, 3_000_000):
        client.observe(amount)
        ours.add(0, amount, 1)
    (family,) = registry.collect()
    theirs = {
        (one.name, one.labels.get("le")): one.value for one in family.samples if "_created" not in one.name
    }
    assert {
        (one.labels["__name__"], one.labels.get("le")): one.values[-1] for one in ours.series(2)
    } == theirs


def test_milliseconds_are_exposed_of_seconds(research: Service) -> None:
    process = Process(ServiceExposition.of(research), "r1")
    for _ in range(2):
        process.finish(1, Run("completed", 0.25, 1, (), (), ()))
    (ours,) = (one for one in process.counting.values() if one.metric.name == "agent_run_latency_ms")
    found = {(one.labels["__name__"], one.labels.get("le")): one.values for one in ours.series(3)}
    assert found["agent_run_latency_ms_sum", None] == [500, 500]
    assert found["agent_run_latency_ms_bucket", "100.0"] == [0, 0]
    assert found["agent_run_latency_ms_bucket", "250.0"] == [2, 2]


def test_each_event_has_the_amounts_that_streams_observe_of_it(
    research: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[Event, Amounts] = {}

    def seen(
        _process: Process, event: Event, _key: object, _scrape: int, amounts: Amounts, *_: object
    ) -> None:
        given[event] = amounts

    monkeypatch.setattr(Process, "_add", seen)
    tool, step = ToolCall("search_papers", 0.5, "timeout"), LlmCall("claude-sonnet-4", 2.0, 1, 1, 1, 1, 1)
    run = Run("completed", 3.0, 2, (tool,), (step,), (("claude-sonnet-4", "timeout"),))
    Process(ServiceExposition.of(research), "r1").finish(0, run)
    assert set(Event) - set(given) == {Event.UNREAD, Event.INNER_RUN}
    amounts = [given[role.event].of(role.amount) for role in ROLES.values() if role.event in given]
    assert all(amount > 0 for amount in amounts)


@pytest.mark.parametrize("amount", [one for one in Amount if one is not Amount.ONE])
def test_an_amount_that_an_event_lacks_is_not_invented(amount: Amount) -> None:
    with pytest.raises(LookupError, match=f"no {amount} of an event"):
        Amounts().of(amount)


def test_a_counter_begins_with_its_first_event_unless_it_is_initialised(research: Service) -> None:
    for initialised, first, values in ((False, 2, [3, 3]), (True, 0, [0, 0, 3, 3])):
        counter = counting(research.metrics[research.runs.metric], {}, zero_initialised=initialised)
        assert isinstance(counter, Counter)
        counter.add(2, 1, 3)
        (one,) = counter.series(4)
        assert (one.first, one.values) == (first, values)


@pytest.mark.parametrize("expected", [0.3, 20, 49, 51, 400])
def test_arrivals_are_poisson(expected: float) -> None:
    rng = stream(1, "arrivals", str(expected))
    drawn = [poisson(rng, expected) for _ in range(4000)]
    assert mean(drawn) == pytest.approx(expected, rel=0.06)
    assert pvariance(drawn) == pytest.approx(expected, rel=0.12)


def test_options_are_drawn_by_their_weights() -> None:
    rng = stream(1, "options")
    drawn = [Choice.of([("a", 1), ("b", 3)]).draw(rng) for _ in range(4000)]
    assert drawn.count("b") / 4000 == pytest.approx(0.75, abs=0.03)


def test_streams_do_not_depend_on_each_other() -> None:
    assert stream(1, "a", "b").random() == stream(1, "a", "b").random()
    assert (
        len({stream(seed, *names).random() for seed in (1, 2) for names in (("a",), ("b",), ("a", "b"))}) == 6
    )
