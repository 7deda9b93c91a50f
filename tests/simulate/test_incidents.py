"""Each incident has its own effects, and none outside its span: compared with the same seed without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.model.units import HOUR, MINUTE
from generator.simulate.history import truth
from generator.simulate.incidents import UNDECLARED_TOOL, UNPRICED_MODEL, effects, incident
from generator.simulate.scenario import RequestedIncident, scenario_with
from tests.simulate.reading import Read, read
from tests.simulate.test_history import SCRAPE, T0

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.service import Model, Service

BEGIN, END, AFTER = T0 + HOUR, T0 + 2 * HOUR, T0 + 3 * HOUR
NAMES = (
    "tool-outage",
    "success-drop-after-release",
    "token-growth-after-release",
    "tool-spam-loop",
    "latency-creep",
    "limit-reached",
    "cost-explosion",
    "unpriced-model",
    "exporter-gone",
    "undeclared-label-value",
    "night-low",
    "rolling-restart",
)
#: These change the lives of instances; the others only their behaviour.
OTHER_LIVES = {"success-drop-after-release", "token-growth-after-release", "rolling-restart"}


@pytest.fixture(scope="module")
def simulated(model: Model, research: Service) -> Callable[[str], Read]:
    """A history with an incident in its second hour, or an ordinary one; each is made once."""
    made: dict[str, Read] = {}

    def make(name: str = "") -> Read:
        if name not in made:
            wanted = [RequestedIncident(name, BEGIN, END)] if name else []
            few = replace(scenario_with(research, T0, AFTER, wanted, seed=4), replicas=2, mean_life=None)
            made[name] = read(research, model.site, few)
        return made[name]

    return make


def test_all_incidents_are_there(research: Service) -> None:
    assert tuple(effect.name for effect in effects(research)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_differs_before_an_incident(name: str, simulated: Callable[[str], Read]) -> None:
    far = AFTER + HOUR
    assert simulated(name).outside(BEGIN, far) == simulated("").outside(BEGIN, far)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHER_LIVES])
def test_nothing_differs_after_an_incident(name: str, simulated: Callable[[str], Read]) -> None:
    # The first scrape after the end shows the events before it.
    assert simulated(name).outside(T0, END + SCRAPE) == simulated("").outside(T0, END + SCRAPE)


@pytest.mark.parametrize("name", NAMES)
def test_only_its_own_incident_is_in_the_truth(name: str, simulated: Callable[[str], Read]) -> None:
    (told,) = simulated(name).truth.to_json()["incidents"]
    assert (told["name"], told["start"], told["end"]) == (name, BEGIN, END)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in {"unpriced-model", "undeclared-label-value"}]
)
def test_labels_stay_within_the_spec(name: str, simulated: Callable[[str], Read], research: Service) -> None:
    for label, declared in research.labels.items():
        if declared.values:
            assert simulated(name).values(label) <= set(declared.values)
    assert len(simulated(name).values("release")) <= 2


def test_in_a_tool_outage_one_tool_fails(simulated: Callable[[str], Read], research: Service) -> None:
    broken, *others = research.labels["tool"].values
    assert 0.5 < _failed_calls(simulated("tool-outage"), broken) < 0.7
    assert all(_failed_calls(simulated("tool-outage"), tool) < 0.1 for tool in others)


def _failed_calls(history: Read, tool: str) -> float:
    errors = history.sum("agent_tool_call_total", BEGIN, END, tool=tool, status="error")
    return errors / (history.sum("agent_tool_call_total", BEGIN, END, tool=tool) or 1)


def test_a_bad_release_fails_and_the_one_before_it_does_not(simulated: Callable[[str], Read]) -> None:
    history = simulated("success-drop-after-release")
    before, bad = _releases(history)
    assert 0.15 < _failed_runs(history, bad) < 0.27
    assert _failed_runs(history, before) < 0.05


def test_a_release_is_rolled_back_at_the_end_of_its_incident(simulated: Callable[[str], Read]) -> None:
    history = simulated("success-drop-after-release")
    before, bad = _releases(history)
    assert [(one.release, one.at) for one in history.truth.rollouts] == [(bad, BEGIN), (before, END)]
    settled = END + 5 * MINUTE
    assert history.sum("agent_run_total", settled, release=bad) == 0
    assert history.sum("agent_run_total", settled, release=before) > 100


def _releases(history: Read) -> tuple[str, str]:
    (told,) = history.truth.incidents
    return history.truth.release, told.release


def _failed_runs(history: Read, release: str) -> float:
    good = history.sum("agent_run_total", release=release, status="ok")
    return 1 - good / history.sum("agent_run_total", release=release)


def test_a_wordy_release_uses_half_as_many_tokens_again(simulated: Callable[[str], Read]) -> None:
    history = simulated("token-growth-after-release")
    before, wordy = _releases(history)
    assert 1.35 < _tokens(history, release=wordy) / _tokens(history, release=before) < 1.65


def _tokens(history: Read, start: float = 0, end: float = AFTER, **labels: str) -> float:
    tokens = history.sum("agent_token_usage_total", start, end, **labels)
    return tokens / history.sum("agent_run_total", start, end, **labels)


def test_a_loop_finishes_no_run_and_calls_its_tool_all_the_more(
    simulated: Callable[[str], Read], research: Service
) -> None:
    tool = research.labels["tool"].values[0]
    looping, plain = simulated("tool-spam-loop"), simulated("")
    assert looping.sum("agent_run_total", BEGIN, END) == 0
    calls = looping.sum("agent_tool_call_total", BEGIN, END, tool=tool)
    assert calls > 10 * plain.sum("agent_tool_call_total", BEGIN, END)
    assert looping.sum("agent_token_usage_total", BEGIN, END) > plain.sum(
        "agent_token_usage_total", BEGIN, END
    )


def test_latency_creeps_up_to_four_times(simulated: Callable[[str], Read]) -> None:
    def slower(start: float, end: float) -> float:
        return _seconds(simulated("latency-creep"), start, end) / _seconds(simulated(""), start, end)

    assert 1 < slower(BEGIN, BEGIN + 15 * MINUTE) < 1.7
    assert 3.2 < slower(END - 15 * MINUTE, END) < 4


def _seconds(history: Read, start: float, end: float) -> float:
    return history.sum("agent_run_latency_ms_sum", start, end) / history.sum(
        "agent_run_latency_ms_count", start, end
    )


def test_limited_runs_end_by_max_steps(simulated: Callable[[str], Read]) -> None:
    history = simulated("limit-reached")
    runs = history.sum("agent_run_total", BEGIN, END)
    assert 0.2 < history.sum("agent_run_total", BEGIN, END, stop_reason="max_steps") / runs < 0.35


def test_in_a_cost_explosion_runs_use_forty_times_the_tokens(simulated: Callable[[str], Read]) -> None:
    dear, plain = simulated("cost-explosion"), simulated("")
    assert 35 < _tokens(dear, BEGIN, END) / _tokens(plain, BEGIN, END) < 45


def test_a_new_model_takes_its_share_of_the_runs(simulated: Callable[[str], Read], research: Service) -> None:
    history = simulated("unpriced-model")
    assert history.values("model") == {*research.labels["model"].values, UNPRICED_MODEL}
    tokens = history.sum("agent_token_usage_total", BEGIN, END)
    assert 0.2 < history.sum("agent_token_usage_total", BEGIN, END, model=UNPRICED_MODEL) / tokens < 0.4
    assert UNPRICED_MODEL not in {price.model for price in research.prices}


def test_an_exporter_that_is_gone_exposes_nothing_while_work_goes_on(
    simulated: Callable[[str], Read],
) -> None:
    history = simulated("exporter-gone")
    for one in history.series:
        seen = [
            time
            for time, value in zip(one.timestamps, one.values, strict=True)
            if value == value and BEGIN * 1000 <= time < END * 1000  # noqa: PLR0124 - no staleness marker
        ]
        assert not seen
    missed = history.sum("agent_run_total", BEGIN, END + SCRAPE)
    assert missed == simulated("").sum("agent_run_total", BEGIN, END + SCRAPE)


def test_an_undeclared_tool_takes_a_fifth_of_the_calls(
    simulated: Callable[[str], Read], research: Service
) -> None:
    history = simulated("undeclared-label-value")
    assert history.values("tool") == {*research.labels["tool"].values, UNDECLARED_TOOL}
    calls = history.sum("agent_tool_call_total", BEGIN, END)
    assert 0.15 < history.sum("agent_tool_call_total", BEGIN, END, tool=UNDECLARED_TOOL) / calls < 0.25


def test_a_night_low_leaves_hardly_any_traffic(simulated: Callable[[str], Read]) -> None:
    few, plain = simulated("night-low"), simulated("")
    assert few.sum("agent_run_total", BEGIN, END) < 0.06 * plain.sum("agent_run_total", BEGIN, END)


def test_a_night_low_leaves_what_is_promised(support: Service) -> None:
    assert support.runs_per_hour is not None
    scenario = scenario_with(support, T0, AFTER, [RequestedIncident("night-low", BEGIN, END)])
    (low,) = scenario.incidents
    assert low.effect.changes.traffic * scenario.traffic.lowest >= support.runs_per_hour


def test_in_a_rolling_restart_everybody_begins_anew_once(simulated: Callable[[str], Read]) -> None:
    lives = simulated("rolling-restart").truth.lives
    assert [sum(life.slot == slot for life in lives) for slot in (0, 1)] == [2, 2]
    assert all(BEGIN <= life.died <= END for life in lives if life.died < AFTER)
    assert len({life.instance for life in lives}) == 2


def test_incidents_lie_over_each_other(model: Model, research: Service) -> None:
    wanted = [
        RequestedIncident(name, BEGIN, END)
        for name in ("token-growth-after-release", "cost-explosion", "night-low")
    ]
    both = read(
        research, model.site, replace(scenario_with(research, T0, END, wanted, seed=4), mean_life=None)
    )
    release = both.truth.incidents[0].release
    assert _tokens(both, BEGIN, release=release) > 45 * _tokens(both, 0, BEGIN)


@pytest.mark.parametrize(
    ("name", "start", "end"), [("tool-outrage", 0, 1), ("tool-outage", 1, 1), ("tool-outage", 2, 1)]
)
def test_an_impossible_incident_is_refused(name: str, start: float, end: float, research: Service) -> None:
    with pytest.raises(ValueError, match=name):
        incident(name, research, start, end)


def test_an_incident_lists_only_alerts_that_the_service_has(research: Service) -> None:
    def listed(*alerts: str) -> object:
        service = replace(research, alerts=tuple(one for one in research.alerts if one.name in alerts))
        scenario = scenario_with(service, T0, T0 + HOUR, [RequestedIncident("cost-explosion", T0, T0 + HOUR)])
        (found,) = truth(service, scenario, ()).to_json()["incidents"]
        return found.get("alerts")

    assert listed("AgentCostPerRunRising", "AgentTokensUnread") == ["AgentCostPerRunRising"]
    # An empty list would mean that nothing should fire.
    assert listed("AgentTokensUnread") is None
