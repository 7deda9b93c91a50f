"""The text for an on-call engineer: annotations as a real Prometheus renders them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.alerts.condition import asked, growth_template, value_of
from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import ServerConfig, prometheus_server
from generator.model.hours import Hours
from generator.model.rules import AlertingRule, RuleFile, RuleGroup
from generator.model.units import DAY, HOUR, Unit
from generator.prometheus.files import encode
from generator.prometheus.rule_set import rule_set
from generator.prometheus.rule_tests import sentences
from generator.prometheus.rule_tests.sentences import templated_amount
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.increments import MINUTE
from tests.waiting import evaluated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.live.remote_write import TimeSeries
    from generator.live.server import PrometheusServer
    from generator.model.service import Model, Service

_WELL = Stretch(165, runs=600, tokens={("gpt-4o", "prompt"): 3000, ("gpt-4o-mini", "prompt"): 1000})
#: The metrics that a run feeds when it finishes.
_OF_RUNS = ("agent_run_", "agent_steps_")


@pytest.fixture(scope="module")
def rendered(
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
    support: Service,
    model: Model,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Break everything for a quarter of an hour until now; read the alerts' texts, by name and severity."""
    now = int(time.time()) // MINUTE * MINUTE
    broken = replace(
        _WELL,
        minutes=15,
        release="r2",
        reasons={"completed": 0.5, "step_error": 0.2, "max_steps": 0.3},
        latency={2000: 0.5, 10000: 0.9},
        steps={8: 0.5, 32: 1},
        calls={"search_docs": (90, 0.4)},
        tokens={("gpt-4o", "prompt"): 9000, ("unheard-of", "prompt"): 500},
    )
    history = craft(support, [_WELL, broken], start=now - 180 * MINUTE)
    # The whole history, of 2400 runs an hour, is in the hours of the promise.
    service = replace(support, runs_per_hour=6000, hours=Hours((now - 6 * HOUR) % DAY, 12 * HOUR))
    return _rendered(history, now, rule_set([service], model.library, model.site).groups, tmp_path_factory)


def _rendered(
    history: Sequence[TimeSeries],
    now: int,
    groups: Sequence[RuleGroup],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Let a server evaluate every alert at the end of three hours."""
    file = tmp_path_factory.mktemp("rules") / "alerts.yml"
    file.write_text(encode(RuleFile((), tuple(_at_once(group) for group in groups if _alerts(group)))))
    with prometheus_server() as server:
        write(server.api, history)
        evaluate(server.api, groups, now - 180 * MINUTE, now)
        server.load(ServerConfig(rule_files=(file,)))
        return _firing(server.api)


def _at_once(group: RuleGroup) -> RuleGroup:
    rules = tuple(replace(rule, for_=0) for rule in _alerts(group))
    return replace(group, interval=1, rules=rules)


def _alerts(group: RuleGroup) -> list[AlertingRule]:
    return [rule for rule in group.rules if isinstance(rule, AlertingRule)]


def _firing(api: PrometheusApi) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Wait until every group was evaluated; then read."""
    return {
        (rule.name, alert.labels["severity"]): alert.annotations
        for group in evaluated(api)
        for rule in group.rules
        for alert in rule.alerts
    }


def test_annotations_read_like_sentences(
    rendered: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    assert len(rendered) >= 12
    for name, found in rendered.items():
        for part in ("summary", "description"):
            text = found[part]
            assert re.fullmatch(r"\S.*\.", text), (name, text)
            assert not re.search(r"\{\{|no value|NaN|%!|\$\$|error expanding|  ", text), (name, text)
        assert re.fullmatch(r"https?://\S+", found["dashboard_url"])
        assert re.fullmatch(r"https?://\S+\.md", found["runbook_url"])


def test_a_description_says_the_value_and_the_bound(
    rendered: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    described = {name: found["description"] for name, found in rendered.items()}
    assert described["AgentToolErrorRateHigh", "critical"] == (
        "Tool error rate of support-agent, tool search_docs, was 40% in the last 15m, above 7%, 1.4x "
        "the objective. Mostly in: release r2 (100%), error class timeout (100%)."
    )
    # A tenth of the runs is beyond the last bucket, and no run has more steps than the last bucket holds.
    assert "was 10s or more in the last 15m, " in described["AgentLatencyP95High", "critical"]
    assert "or more" not in described["AgentStepsPerRunHigh", "warning"]
    assert "fell by 18 percentage points within 1h" in described["AgentSuccessRateDrop", "warning"]
    assert (
        "stop_reason max_steps, rose by 30 percentage points" in described["AgentStopReasonShift", "warning"]
    )
    assert (
        "release r2 is 137.5% above the previous release"
        in described["AgentTokensPerRunRegression", "warning"]
    )


def test_a_description_says_the_hours_of_a_promise(
    rendered: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    assert re.fullmatch(
        r"Runs of support-agent finish at 2\.\d+k an hour, less than half of the 6k that are promised, "
        r"\d\d:\d\d-\d\d:\d\d UTC\.",
        rendered["AgentNoRuns", "warning"]["description"],
    )


def test_a_description_names_the_culprit_and_ends_without_one(
    rendered: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    described = {name: found["description"].partition(" Mostly in: ") for name, found in rendered.items()}
    named = {name: culprit for name, (_, _, culprit) in described.items() if culprit}
    assert named["AgentSuccessRateLow", "critical"] == "release r2 (100%), stop reason step_error (100%)."
    assert named["AgentSuccessRateLow", "warning"] == named["AgentSuccessRateDrop", "warning"]
    assert named["AgentSuccessRateRegression", "critical"] == "stop reason step_error (100%)."
    assert named["AgentTokensPerRunRegression", "warning"] == "model gpt-4o (95%)."
    # All runs are of the release with more steps than the one before.
    assert named["AgentStepsPerRunHigh", "warning"] == "release r2 (100%)."
    # One tool is always called.
    assert "AgentToolCallsPerRunHigh" in {name for name, _ in described.keys() - named}


def test_a_loop_without_end_is_told_by_its_calls(
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
    support: Service,
    model: Model,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    now = int(time.time()) // MINUTE * MINUTE
    looping = replace(_WELL, minutes=75, calls={"search_docs": (40, 0)})
    history = craft(support, [replace(_WELL, minutes=105), looping], start=now - 180 * MINUTE)
    stopped = [
        _held(series, now - 75 * MINUTE) if series.labels["__name__"].startswith(_OF_RUNS) else series
        for series in history
    ]
    groups = rule_set([support], model.library, model.site).groups
    found = _rendered(stopped, now, groups, tmp_path_factory)
    assert found["AgentToolCallsPerRunHigh", "critical"]["description"].startswith(
        "No run of support-agent finished in the last 15m, while 24k tool call events were counted."
    )


def test_a_description_says_which_window_its_value_is_of(
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
    support: Service,
    model: Model,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    now = int(time.time()) // MINUTE * MINUTE
    half, worse = (
        Stretch(
            minutes,
            runs=3,
            reasons={"completed": 1 - bad, "step_error": bad},
            calls={"search_docs": (1, bad)},
        )
        for minutes, bad in ((165, 0.5), (15, 0.8))
    )
    groups = rule_set([support], model.library, model.site).groups
    history = craft(support, [half, worse], start=now - 180 * MINUTE)
    found = _rendered(history, now, groups, tmp_path_factory)
    for alert, text in (
        ("AgentSuccessRateLow", r"Success rate of support-agent was 4\d\.\d+% in the last 3h, below 87%, "),
        ("AgentToolErrorRateHigh", r"tool search_docs, was 5\d\.\d+% in the last 3h, above 7%, "),
    ):
        assert re.search(text, found[alert, "critical"]["description"])


def _held(series: TimeSeries, end: int) -> TimeSeries:
    """Keep a counter at the value that it had at a time, in Unix seconds."""
    last = max(value for at, value in zip(series.timestamps, series.values, strict=True) if at <= end * 1000)
    return replace(series, values=[min(value, last) for value in series.values])


def test_a_link_says_the_release_where_there_is_one_only(
    rendered: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    logs = "https://logs.example.com/?service=support-agent"
    assert rendered["AgentToolErrorRateHigh", "critical"]["logs_url"] == logs
    assert rendered["AgentTokensPerRunRegression", "warning"]["logs_url"] == f"{logs}&release=r2"
    for name, found in rendered.items():
        assert found["logs_url"] in {logs, f"{logs}&release=r2"}, name


AMOUNTS = (
    (Unit.COUNT, 0.204, "0.204"),
    (Unit.COUNT, 0.5, "0.5"),
    (Unit.COUNT, 999.0, "999"),
    (Unit.COUNT, 1801.0, "1.801k"),
    (Unit.USD, 0.0123, "$0.0123"),
    (Unit.USD, 250.5, "$250.5"),
    (Unit.USD, 15230.4, "$15230"),
    (Unit.USD, 1234567.0, "$1234567"),
)


def test_amounts_are_written_without_milli_and_without_exponents(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    """Both the value of an alert and a bound that its text queries; unit tests for users expect the same."""

    def text(unit: Unit, value: float) -> str:
        queried = f'{{{{ with query "vector({value})" }}}}{{{{ with . | first }}}}'
        words = f'{{{{ "the limit of #" | reReplaceAll "#" {asked(unit)} }}}}{{{{ end }}}}{{{{ end }}}}'
        return f"{value_of(unit)}, above {queried}{words}"

    rules = [
        AlertingRule(f"A{place}", f"vector({value})", 0, 0, {"severity": "-"}, {"text": text(unit, value)})
        for place, (unit, value, _) in enumerate(AMOUNTS)
    ]
    file = tmp_path / "alerts.yml"
    file.write_text(encode(RuleFile((), (RuleGroup("amounts", 1, tuple(rules)),))))
    fresh_prometheus.load(ServerConfig(rule_files=(file,)))
    found = _firing(fresh_prometheus.api)
    for place, (unit, value, written) in enumerate(AMOUNTS):
        assert found[f"A{place}", "-"]["text"] == f"{written}, above the limit of {written}"
        assert templated_amount(value, unit) == written


def test_growth_is_written_without_exponents(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    written = {0.354: "35.4%", 99.98: "9998%", 99.996: "10000%", 150.2: "15000%", 4321.4: "432100%"}
    rules = [
        AlertingRule(f"A{value}", f"vector({value})", 0, 0, {"severity": "-"}, {"text": growth_template()})
        for value in written
    ]
    file = tmp_path / "alerts.yml"
    file.write_text(encode(RuleFile((), (RuleGroup("growth", 1, tuple(rules)),))))
    fresh_prometheus.load(ServerConfig(rule_files=(file,)))
    found = _firing(fresh_prometheus.api)
    for value, text in written.items():
        assert found[f"A{value}", "-"]["text"] == text
        expected = sentences._written(growth_template(), {}, value, "", {})  # noqa: SLF001
        assert expected == text
