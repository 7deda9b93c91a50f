"""The article's common mistakes: each is made by a spec, reported at its place, and gone when the help is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.checks import practice
from generator.model.units import DAY, HOUR
from tests.checks.agent import agent, on, service_of, without, without_alerts
from tests.checks.models import SITE, known

if TYPE_CHECKING:
    from pathlib import Path

    from generator.diagnostics import Diagnostic
    from generator.model.service import Service

ALERTS_OF = {
    "tool spam": ("tool_calls_per_run",),
    "a drop of the success rate": ("success_rate",),
    "growing latency": ("latency_p95", "latency_p50", "latency_p99"),
    "growing cost": ("token_usage_per_run", "cost_per_run", "cost_rate", "spend"),
}


def _practices(found: Service) -> list[Diagnostic]:
    facts = known(SITE, found)
    checks = (practice.averages_only, practice.no_stop_reason, practice.no_alerts, practice.instance_selector)
    return [told for check in checks for told in check(facts)]


def test_the_profile_that_ships_makes_no_mistake(tmp_path: Path) -> None:
    assert _practices(service_of(tmp_path, agent())) == []


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        (("tool_latency_p50",), "p50"),
        (("tool_latency_p95",), "p95"),
        (("tool_latency_p50", "tool_latency_p95"), "p50 and p95"),
    ],
)
def test_times_that_are_seen_by_averages_only(gone: tuple[str, ...], missing: str, tmp_path: Path) -> None:
    found = service_of(tmp_path, without(agent(), *gone))
    (told,) = practice.averages_only(known(SITE, found))
    assert (
        told.message == f"agent_tool_latency_ms is not seen by its {missing}: an average hides the slow runs"
    )
    assert told.span == found.where("metrics.agent_tool_latency_ms")
    for quantile in missing.split(" and "):
        assert f"quantile: {{of: tool_latency, q: 0.{quantile[1:].rstrip('0')}}}" in told.help


def test_a_p99_is_a_tail_too(tmp_path: Path) -> None:
    profile = without(agent(), "tool_latency_p95")
    profile["signals"]["tool_latency_p99"] = {
        "title": "T",
        "description": "T.",
        "quantile": {"of": "tool_latency", "q": 0.99},
    }
    assert _practices(service_of(tmp_path, profile)) == []


def test_a_sum_of_times_gives_averages_only(tmp_path: Path) -> None:
    profile = agent()
    profile["metrics"]["agent_wait_total"] = {"type": "counter", "unit": "s", "help": "Wait.", "labels": []}
    (told,) = practice.averages_only(known(SITE, service_of(tmp_path, profile)))
    assert told.help == "expose the times as a histogram; a sum of times only gives averages"


def test_steps_are_no_times(tmp_path: Path) -> None:
    found = service_of(tmp_path, without(agent(), "step_count_p50"))
    assert list(practice.averages_only(known(SITE, found))) == []


def test_no_stop_reasons(tmp_path: Path) -> None:
    found = service_of(tmp_path, without(agent(), "stop_reason_distribution"))
    (told,) = practice.no_stop_reason(known(SITE, found))
    assert told.message.startswith("demo-agent does not show why its runs end")
    assert "distribution: {of: run, label: stop_reason}" in told.help


def test_a_count_of_stop_reasons_is_no_distribution(tmp_path: Path) -> None:
    profile = without(agent(), "stop_reason_distribution")
    profile["signals"]["stop_reason_distribution"] = {
        "title": "S",
        "description": "S.",
        "count": {"of": "run"},
        "by": ["stop_reason"],
    }
    assert len(list(practice.no_stop_reason(known(SITE, service_of(tmp_path, profile))))) == 1


@pytest.mark.parametrize("anomaly", ALERTS_OF)
def test_a_key_anomaly_without_an_alert(anomaly: str, tmp_path: Path) -> None:
    profile = agent() | {"objectives": {}}  # an objective has alerts of its own
    found = service_of(tmp_path, without_alerts(profile, on(profile, *ALERTS_OF[anomaly])))
    (told,) = practice.no_alerts(known(SITE, found))
    assert told.message == f"no alert of demo-agent watches {anomaly}"
    assert told.help == f"for {anomaly} add an alert on {ALERTS_OF[anomaly][0]}"
    assert told.span == found.where("")


def test_all_anomalies_without_an_alert_are_one_finding(tmp_path: Path) -> None:
    profile = agent() | {"alerts": {}, "objectives": {}}
    (told,) = practice.no_alerts(known(SITE, service_of(tmp_path, profile)))
    assert all(anomaly in told.message and f"for {anomaly} " in told.help for anomaly in ALERTS_OF)


def test_an_alert_that_is_turned_off_is_named_and_pointed_at(tmp_path: Path) -> None:
    off = {"AgentToolCallsPerRunHigh": {"disabled": "Tools are cheap."}}
    found = service_of(tmp_path, agent(), alerts=off)
    (told,) = practice.no_alerts(known(SITE, found))
    assert told.help == "for tool spam turn on AgentToolCallsPerRunHigh"
    (note,) = told.notes
    assert note.message == "AgentToolCallsPerRunHigh is off"
    assert note.span.file.endswith("s0.yaml")


def test_a_threshold_tells_of_no_sudden_drop_but_any_other_alert_does(tmp_path: Path) -> None:
    profile = agent()
    changes = ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn")
    lone = without_alerts(agent(), changes)
    assert [
        told.code for told in practice.no_alerts(known(SITE, service_of(tmp_path / "threshold", lone)))
    ] == ["practice/no-alerts"]
    for name in changes:
        lone["alerts"] = {**without_alerts(agent(), changes)["alerts"], name: profile["alerts"][name]}
        assert list(practice.no_alerts(known(SITE, service_of(tmp_path / name, lone)))) == []


def test_an_alert_that_metrics_are_gone_tells_of_no_anomaly(tmp_path: Path) -> None:
    profile = agent()
    kept = {name: profile["alerts"][name] for name in ("AgentMetricAbsent", "AgentNoRuns")}
    found = service_of(
        tmp_path, profile | {"alerts": kept, "objectives": {}}, traffic={"min_runs_per_hour": 200}
    )
    assert {anomaly.name for anomaly in practice.uncovered(found)} == set(ALERTS_OF)


def test_an_objective_tells_of_what_it_promises(tmp_path: Path) -> None:
    found = service_of(tmp_path, agent() | {"alerts": {}})
    assert "growing latency" not in {anomaly.name for anomaly in practice.uncovered(found)}


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("instance", 1),
        ("pod", 1),
        ("hostname", 1),
        ("service_version", 1),
        ("release", 1),
        ("job", 0),
        ("namespace", 0),
    ],
)
def test_a_selector_of_instances_is_warned_of(label: str, told: int, tmp_path: Path) -> None:
    found = replace(service_of(tmp_path, agent()), selector={"job": "a", label: "b"})
    messages = [each.message for each in practice.instance_selector(known(SITE, found))]
    assert messages == [f'the selector picks by "{label}": after the next deployment it picks nothing'] * told


@pytest.mark.parametrize(
    "value", ["my-.*", "agent.+", "a|b", "^agent", "agent-[12]", "agent-*", r"agent-\d", "v.?"]
)
def test_a_selector_that_looks_like_a_pattern(value: str, tmp_path: Path) -> None:
    found = replace(service_of(tmp_path, agent()), selector={"job": value})
    (told,) = practice.selector_pattern(known(SITE, found))
    assert told.message == (
        f'the selector compares exactly: it picks no job but "{value}", which looks like a pattern'
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("${JOB}", "looks like a template that nothing fills in"),
        ("{{ .Values.job }}", "looks like a template that nothing fills in"),
        ("<your job>", "looks like a template that nothing fills in"),
        ("\u201cmy-agent\u201d", "has the quotes of a word processor in it"),
        ("my\u00a0agent", "has a blank in it that is no plain space"),
    ],
)
def test_a_selector_that_no_series_has(value: str, why: str, tmp_path: Path) -> None:
    found = replace(service_of(tmp_path, agent()), selector={"job": value})
    (told,) = practice.selector_pattern(known(SITE, found))
    assert told.message.endswith(f"which {why}")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("search_.*", 1),
        ("*", 1),
        ("${TOOL}", 1),
        ("search", 0),
        ("openai/*", 0),
        ("mcp: a", 0),
        ("l\u2019outil", 0),
    ],
)
def test_a_listed_value_that_no_series_has(value: str, told: int, tmp_path: Path) -> None:
    found = service_of(tmp_path, agent())
    tool = replace(found.labels["tool"], values=(value, "other"))
    messages = practice.value_pattern(known(SITE, replace(found, labels={**found.labels, "tool": tool})))
    assert len(list(messages)) == told


@pytest.mark.parametrize(
    "value",
    [
        "my-agent",
        "a.b",
        "agents/eu (1)",
        "c++",
        "http://[2001:db8::1]:80",
        "[::]:80",
        "$5",
        "a?b=c",
        "é",
        "US$",
        r"DOMAIN\dev",
    ],
)
def test_a_selector_that_is_a_value_like_any_other(value: str, tmp_path: Path) -> None:
    found = replace(service_of(tmp_path, agent()), selector={"job": value})
    assert list(practice.selector_pattern(known(SITE, found))) == []


def test_rules_read_no_more_than_is_kept(tmp_path: Path) -> None:
    """A burn rate over three days reads all of them; without one, the previous release's day is the longest."""
    burning = service_of(tmp_path / "a", agent())
    assert list(practice.retention(known(replace(SITE, retention=3 * DAY), burning))) == []
    (told,) = practice.retention(known(replace(SITE, retention=3 * DAY - HOUR), burning))
    assert told.message.endswith(f" of {burning.name} reads the last 3d, but Prometheus keeps only 2d23h")
    assert "set retention: 3d in site.yaml, or have " in told.help


def test_an_alert_of_ones_own_is_named_where_it_stands(tmp_path: Path) -> None:
    week = {"Weekly": {"change": {"signal": "latency_p95", "over": "7d"}, "warning": "50%", "summary": "Up."}}
    found = service_of(tmp_path, agent(), alerts=week)
    assert list(practice.retention(known(replace(SITE, retention=7 * DAY), found))) == []
    (told,) = practice.retention(known(replace(SITE, retention=6 * DAY), found))
    assert told.message == f"Weekly of {found.name} reads the last 7d, but Prometheus keeps only 6d"
    assert told.span == found.where("alerts.Weekly")
