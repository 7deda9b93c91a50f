"""Metrics of other code, which are exposed with their first use: what their absence says, minute by minute."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.model.rules import RecordingRule, RuleGroup
from generator.model.units import DAY, HOUR, MINUTE
from generator.prometheus.rule_set import rule_set
from tests.prometheus.chain import T0
from tests.prometheus.trials import needed, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from generator.model.service import Model

    #: The value at a time since the beginning; None while there is no series.
    Values = Callable[[int], float | None]

# A day and a half pass in minutes, with windows of a day: half a minute.
pytestmark = pytest.mark.long

ABSENT = "AgentMetricAbsent"
RUN, TOOL = "stream:agent_run:rate", "stream:agent_tool_call:rate"
LENGTH = 2 * DAY
#: The usual runs a second, and the hours of the events below.
USUAL = 120 / HOUR
NOON, EVENING, NIGHT, MORNING = 12 * HOUR, 20 * HOUR, 22 * HOUR, 31 * HOUR


def steady(_: int) -> float:
    """Finish the usual runs at all times."""
    return USUAL


def gone_at(moment: int) -> Values:
    """Finish the usual runs, and expose nothing from a time on."""
    return lambda time: USUAL if time < moment else None


def restarted_idle(time: int) -> float | None:
    """Rest from evening to morning, and restart in the night: nothing is exposed before the first run."""
    if EVENING <= time < NIGHT:
        return 0
    return None if NIGHT <= time < MORNING else USUAL


def up_until(moment: int) -> Values:
    """Be scraped until the target is down, which Prometheus counts as no series."""
    return lambda time: 500 if time < moment else 0


def replaced(time: int) -> float | None:
    """Be scraped until the target is gone."""
    return 500 if time < NIGHT else None


#: The profile, and the values of some series, of each service.
CASES: Mapping[str, tuple[str, Mapping[str, Values]]] = {
    "ours-restarted-idle": ("agent", {RUN: restarted_idle, TOOL: steady, names.SCRAPED: up_until(LENGTH)}),
    "restarted-idle": ("elsewhere", {RUN: restarted_idle, names.SCRAPED: up_until(LENGTH)}),
    "collected-idle": ("elsewhere", {RUN: restarted_idle}),
    "renamed": ("elsewhere", {RUN: gone_at(NOON), names.SCRAPED: up_until(LENGTH)}),
    "down": ("elsewhere", {RUN: restarted_idle, names.SCRAPED: up_until(NIGHT)}),
    "gone": ("elsewhere", {RUN: restarted_idle, names.SCRAPED: replaced}),
    "ours-without-tools": ("agent", {RUN: steady}),
    "without-tools": ("elsewhere", {RUN: steady}),
    "lost-tools": ("elsewhere", {RUN: steady, TOOL: gone_at(NOON)}),
}


@pytest.fixture(scope="module")
def told(prometheus: object, model: Model) -> dict[str, list[float]]:  # noqa: ARG001
    """The hours since the beginning at which each service misses a metric."""
    (ours,) = (one for one in model.library.profiles if one.name == "agent")
    library = replace(model.library, profiles=(ours, replace(ours, name="elsewhere", emitted_here=False)))
    services = [
        replace(model.services[0], name=name, profile=profile, runs_per_hour=0)
        for name, (profile, _) in CASES.items()
    ]
    every = [rule for group in rule_set(services, library, model.site).groups for rule in group.rules]
    records = [
        rule
        for rule in every
        if isinstance(rule, RecordingRule) and rule.record not in {RUN, TOOL, names.SCRAPED}
    ]
    alerts = [
        rule
        for rule in rules_of([RuleGroup("all", MINUTE, tuple(every))], ABSENT)
        if RUN in rule.expr or TOOL in rule.expr
    ]
    with prometheus_server() as server:
        write(server.api, _series())
        (read,) = needed([RuleGroup("all", MINUTE, tuple(records))], [rule.expr for rule in alerts])
        evaluate(server.api, [replace(read, rules=(*read.rules, *alerts))], T0, T0 + LENGTH)
        found = server.api.query_range('ALERTS{alertstate="firing"}', T0, T0 + LENGTH, MINUTE).series
    told: defaultdict[str, list[float]] = defaultdict(list)
    for one in found:
        told[one.labels[names.SERVICE]] += [(time - T0) / HOUR for time in one.timestamps]
    return told


def test_a_service_that_rests_after_a_restart_is_not_missed(told: Mapping[str, Sequence[float]]) -> None:
    assert not told["restarted-idle"]
    assert not told["collected-idle"]


def test_our_own_metrics_are_there_at_rest(told: Mapping[str, Sequence[float]]) -> None:
    assert told["ours-restarted-idle"][0] == pytest.approx(NIGHT / HOUR + 1 / 3, abs=0.02)
    assert told["ours-restarted-idle"][-1] == pytest.approx(MORNING / HOUR, abs=0.02)


@pytest.mark.parametrize("service", ["down", "gone"])
def test_a_target_that_is_down_is_told_at_rest(service: str, told: Mapping[str, Sequence[float]]) -> None:
    assert told[service][0] == pytest.approx(NIGHT / HOUR + 1 / 3, abs=0.02)
    assert told[service][-1] == pytest.approx(MORNING / HOUR, abs=0.02)


def test_a_counter_that_vanishes_amid_runs_is_told(told: Mapping[str, Sequence[float]]) -> None:
    assert told["renamed"][0] == pytest.approx(NOON / HOUR + 1 / 3, abs=0.02)


def test_a_metric_that_was_never_used_is_not_missed(told: Mapping[str, Sequence[float]]) -> None:
    assert told["ours-without-tools"]
    assert not told["without-tools"]


def test_a_metric_that_was_used_is_missed_for_a_day(told: Mapping[str, Sequence[float]]) -> None:
    assert told["lost-tools"][0] == pytest.approx(NOON / HOUR + 1 / 3, abs=0.02)
    assert told["lost-tools"][-1] == pytest.approx((NOON + DAY) / HOUR, abs=0.02)


def _series() -> Iterator[TimeSeries]:
    for service, (_, streams) in CASES.items():
        for name, values in streams.items():
            times = range(0, LENGTH, MINUTE)
            labels = {"status": "ok", "tool": "search"} if name != names.SCRAPED else {}
            samples = [STALE_NAN if (one := values(time)) is None else one for time in times]
            yield TimeSeries(
                {"__name__": name, names.SERVICE: service, **labels},
                [(T0 + time) * 1000 for time in times],
                samples,
            )
