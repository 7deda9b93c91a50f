"""A simulated history is one that an exporter and a scraping Prometheus could have made."""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.model.hours import Hours
from generator.model.units import DAY, HOUR, MINUTE, WEEK
from generator.simulate.agents import agent, run, usd_per_run
from generator.simulate.draws import stream
from generator.simulate.exposition import bucket_label
from generator.simulate.history import simulate
from generator.simulate.incidents import ORDINARY
from generator.simulate.scenario import Arrivals, Scenario, SimulatedRollout, ordinary, usual_runs_per_hour
from tests.simulate.reading import Read, at_each_scrape, lives_of, read

if TYPE_CHECKING:
    from generator.live.remote_write import TimeSeries
    from generator.model.service import Model, Service

#: A Monday, 08:00 UTC.
T0 = 1_700_467_200
END = T0 + 3 * HOUR
SCRAPE = 15


@pytest.fixture(scope="module", params=["support-agent", "research-agent"])
def service(request: pytest.FixtureRequest, model: Model) -> Service:
    """Each service of the project."""
    return next(service for service in model.services if service.name == request.param)


@pytest.fixture(scope="module")
def busy(service: Service, model: Model) -> Read:
    """Three instances that crash and miss scrapes, and one release."""
    return read(service, model.site, _busy())


def _busy(seed: int = 5) -> Scenario:
    rollouts = (SimulatedRollout("v2", T0 + HOUR),)
    return Scenario(
        seed, T0, END, 3, "v1", Arrivals(1200), rollouts, mean_life=40 * MINUTE, missed_scrapes=0.01
    )


def test_a_seed_gives_the_same_samples_again_and_another_seed_gives_others(
    service: Service, model: Model, busy: Read
) -> None:
    again = read(service, model.site, _busy())
    assert _exactly(again.series) == _exactly(busy.series)
    assert again.truth == busy.truth
    other = read(service, model.site, _busy(seed=6))
    assert _exactly(other.series) != _exactly(busy.series)


def test_a_counter_falls_only_where_its_process_was_born_anew(busy: Read) -> None:
    falls = 0
    for one in busy.series:
        born = [life.born for life in busy.truth.lives if life.instance == one.labels["instance"]]
        for before, after in pairwise(lives_of(one)):
            falls += 1
            assert any(before[-1][0] <= birth <= after[0][0] for birth in born), one.labels
    assert falls > 50


def test_samples_are_scrapes_of_a_living_process(busy: Read) -> None:
    for one in busy.series:
        lives = [life for life in busy.truth.lives if life.instance == one.labels["instance"]]
        times = [time / 1000 for time in one.timestamps]
        assert all(after > before and (after - before) % SCRAPE == 0 for before, after in pairwise(times))
        for time, value in zip(times, one.values, strict=True):
            assert isnan(value) or any(life.born <= time < life.died for life in lives)


def test_a_series_that_ends_or_pauses_is_marked_as_stale(busy: Read) -> None:
    ends = gaps = 0
    for one in busy.series:
        for (time, value), (later, after) in pairwise(zip(one.timestamps, one.values, strict=True)):
            assert later - time == SCRAPE * 1000 or isnan(value)
            gaps += isnan(value) and not isnan(after)
        last = one.timestamps[-1] / 1000
        ends += isnan(one.values[-1])
        assert isnan(one.values[-1]) or END - last <= SCRAPE
    assert ends > 50
    assert gaps > 50


def test_buckets_are_cumulative_and_agree_with_count_and_sum(busy: Read, service: Service) -> None:
    for metric in (metric for metric in service.metrics.values() if metric.is_histogram):
        counts = at_each_scrape(busy.series, f"{metric.name}_count")
        sums = at_each_scrape(busy.series, f"{metric.name}_sum")
        buckets = at_each_scrape(busy.series, f"{metric.name}_bucket")
        assert buckets.keys() == counts.keys() == sums.keys()
        for key, by_bound in buckets.items():
            bounds = sorted(by_bound, key=float)
            assert [float(bound) for bound in bounds] == [*metric.buckets, float("inf")]
            values = [by_bound[bound] for bound in bounds]
            assert values == sorted(values)
            assert by_bound["+Inf"] == counts[key][""]
            low, high = _possible_sum(values, metric.buckets)
            assert low - 1e-6 <= sums[key][""] <= high + 1e-6


def _possible_sum(cumulative: list[float], bounds: tuple[float, ...]) -> tuple[float, float]:
    """Whether a sum is possible, by the bounds of the filled buckets."""
    inside = [after - before for before, after in pairwise([0.0, *cumulative])]
    low = sum(count * bound for count, bound in zip(inside[1:], bounds, strict=True))
    if inside[-1]:
        return low, float("inf")
    return low, sum(count * bound for count, bound in zip(inside, bounds, strict=False))


def test_every_metric_and_no_other_is_exposed_with_its_labels_and_declared_values(
    busy: Read, service: Service
) -> None:
    exposed = {
        f"{name}{suffix}": metric
        for name, metric in service.metrics.items()
        for suffix in _suffixes(metric.type)
    }
    assert {one.labels["__name__"] for one in busy.series} == exposed.keys()
    for one in busy.series:
        metric = exposed[one.labels["__name__"]]
        target = {"__name__", "instance", *service.selector}
        le = {"le"} if one.labels["__name__"].endswith("_bucket") else set()
        assert one.labels.keys() == {*metric.labels} | target | le
        assert service.selector.items() <= one.labels.items()
        for name in metric.labels:
            declared = service.labels[name]
            assert (
                one.labels[name] in declared.values if declared.values else one.labels[name] in {"v1", "v2"}
            )


def test_a_label_agrees_with_the_one_that_determines_it(busy: Read, service: Service) -> None:
    determined = service.labels["stop_reason"].determined
    pairs = {
        (one.labels["stop_reason"], one.labels["status"])
        for one in busy.series
        if "stop_reason" in one.labels
    }
    assert pairs == set(determined.items())


def test_metrics_agree_with_each_other(model: Model, service: Service) -> None:
    steady = read(service, model.site, replace(_busy(), mean_life=None, missed_scrapes=0))
    runs = steady.sum("agent_run_total")
    assert runs > 1000
    assert steady.sum("agent_run_latency_ms_count") == steady.sum("agent_steps_per_run_count") == runs
    assert steady.sum("agent_tool_latency_ms_count") == steady.sum("agent_tool_call_total")
    assert steady.sum("agent_tool_error_total") == steady.sum("agent_tool_call_total", status="error") > 0


def test_an_ordinary_time_keeps_the_objectives(model: Model, service: Service) -> None:
    day = read(service, model.site, replace(ordinary(service, T0, T0 + 12 * HOUR), replicas=2))
    runs = day.sum("agent_run_total")
    assert 1 - day.sum("agent_run_total", status="ok") / runs < 1 - service.objectives["success_rate"].bound
    slow = service.objectives["latency_p95"].bound * 1000
    assert day.sum("agent_run_latency_ms_bucket", le=bucket_label(slow)) / runs > 0.95
    for tool in service.labels["tool"].values:
        calls = day.sum("agent_tool_call_total", tool=tool)
        errors = day.sum("agent_tool_call_total", tool=tool, status="error")
        assert not calls or errors / calls < service.objectives["tool_error_rate"].bound


def test_an_ordinary_day_keeps_its_budget(support: Service) -> None:
    agents, rng = agent(support, 1), stream(1, "budget")
    a_day = (
        usual_runs_per_hour(support)
        * 24
        * usd_per_run(support, [run(rng, agents, ORDINARY) for _ in range(2000)])
    )
    assert 0.2 < a_day / support.objectives["spend"].bound < 0.5


def test_traffic_follows_the_day_and_the_week(model: Model, research: Service) -> None:
    monday, saturday = T0 - 8 * HOUR, T0 - 8 * HOUR + 5 * DAY
    week = Scenario(3, monday, monday + 6 * DAY, 1, "v1", Arrivals(60), zero_initialised=False)
    runs = read(research, model.site, week)
    day = {start: runs.sum("agent_run_total", start, start + DAY) for start in (monday, saturday)}
    assert 0.85 < day[monday] / (60 * 24) < 1.15
    assert 0.4 < day[saturday] / day[monday] < 0.6
    night = runs.sum("agent_run_total", monday, monday + 4 * HOUR)
    noon = runs.sum("agent_run_total", monday + 12 * HOUR, monday + 16 * HOUR)
    assert noon > 4 * night


def test_a_promise_of_traffic_is_kept_at_the_quietest_time(support: Service) -> None:
    assert support.runs_per_hour is not None
    scenario = ordinary(support, T0, T0 + DAY)
    assert (
        min(scenario.traffic.at(T0 + hour * HOUR) for hour in range(7 * 24)) * HOUR >= support.runs_per_hour
    )


def test_no_run_arrives_outside_of_the_hours_of_a_promise(support: Service) -> None:
    hours = Hours(22 * HOUR, 8 * HOUR, (5,))
    week = ordinary(replace(support, hours=hours), T0, T0 + WEEK).traffic
    arriving = [hour for hour in range(7 * 24) if week.at(T0 + hour * HOUR)]
    assert arriving == list(range(4 * 24 + 14, 4 * 24 + 22))


def test_series_appear_at_their_first_event_where_nothing_is_initialised(
    model: Model, support: Service
) -> None:
    def appear(*, initialised: bool) -> set[int]:
        scenario = Scenario(
            1, T0, T0 + HOUR, 1, "v1", Arrivals(600), zero_initialised=initialised, mean_life=None
        )
        history = simulate(support, model.site, scenario)
        return {one.timestamps[0] for one in history.series if one.labels["__name__"] == "agent_run_total"}

    assert len(appear(initialised=True)) == 1
    assert len(appear(initialised=False)) > 1


def _suffixes(kind: str) -> tuple[str, ...]:
    return ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)


def _exactly(series: tuple[TimeSeries, ...]) -> list[str]:
    """Write series as text: a staleness marker does not equal itself."""
    return [repr((one.labels, list(one.timestamps), list(one.values))) for one in series]
