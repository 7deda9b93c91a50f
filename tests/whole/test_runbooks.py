"""Runbooks query the subject of their alert, and give its floors as in its expression."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.promql.infer import names_read
from tests.whole.compiled import compile_specs
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from tests.whole.specs import Directory

_WITHOUT_VALUE = {
    "AgentConstantsMissing",
    "AgentMetricAbsent",
    "AgentOwnersConflict",
    "AgentRulesFailing",
    "AgentRulesLate",
    "AgentUndeclaredLabelValue",
}
#: Their questions are about the data, which no panel shows.
_ABOUT_SERIES = {"AgentSeriesBudgetExceeded", "AgentTokensUnpriced"}
_OF_RUNS = "Which stop reasons grew?"
_OF_COST = "Do runs take more steps"
_OF_OWN = "Which other signals moved with it?"


@pytest.fixture(scope="module")
def output() -> dict[str, str]:
    """The files of the shipped specs."""
    return compile_specs(shipped()).files


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The runbooks of the shipped specs by alert, and of an alert on a signal of a service's own."""
    specs = shipped()
    own = specs["services/support-agent.yaml"]
    ratio = {"of": "agent_tool_call_total", "per": "agent_run_total"}
    own["signals"] = {"calls": {"title": "Calls", "description": "For each run.", "ratio": ratio}}
    own.setdefault("alerts", {})["Calls"] = {
        "threshold": {"signal": "calls"},
        "warning": 30,
        "summary": "Many calls.",
    }
    files = compile_specs(specs).files
    found = {path.removeprefix("runbooks/"): text for path, text in files.items() if "runbooks/" in path}
    return {path.removesuffix(".md"): text for path, text in found.items()}


@pytest.mark.parametrize(
    ("alert", "asked", "count"),
    [
        ("AgentNoRuns", "Does work arrive?", 3),
        ("AgentMetricAbsent", "targets up", 4),
        ("AgentSeriesBudgetExceeded", "Which metric and which label grew?", 3),
        ("AgentUndeclaredLabelValue", "Which label is it?", 4),
        ("AgentTokensUnpriced", "Which model and which token type is it?", 3),
    ],
)
def test_an_alert_on_the_data_asks_about_the_data(
    pages: dict[str, str], alert: str, asked: str, count: int
) -> None:
    questions = pages[alert].split("## First questions")[1].split("##")[0]
    assert asked in questions
    assert _OF_RUNS not in questions
    assert _OF_COST not in questions
    assert questions.count("\n1. ") == count


def test_each_page_has_a_first_action_and_queries_of_what_is_recorded(
    pages: dict[str, str], output: dict[str, str]
) -> None:
    recorded = {
        rule["record"]
        for path, text in output.items()
        if path.startswith(("prometheus/rules/", "prometheus/alerts/"))
        for group in yaml.load(text, yaml.CSafeLoader)["groups"]
        for rule in group["rules"]
        if "record" in rule
    } | {"service:agent_calls:count"}
    for alert, page in pages.items():
        section = page.split("## First action\n")[1].split("\n## ")[0]
        assert section.strip().endswith("```")
        alerts, *values = re.findall(r"```promql\n(.*?)\n```", section, re.DOTALL)
        assert alerts == f'ALERTS{{alertname="{alert}"}}'
        assert {name for value in values for name in _read(value, recorded)} <= recorded, alert
        assert bool(values) == (alert not in _WITHOUT_VALUE)


def test_the_value_on_a_page_is_the_one_that_its_alert_compares(
    pages: dict[str, str], output: dict[str, str]
) -> None:
    """Each record in the query is one that the alert reads."""
    groups = [
        group
        for path, text in output.items()
        if path.startswith(("prometheus/rules/", "prometheus/alerts/"))
        for group in yaml.load(text, yaml.CSafeLoader)["groups"]
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    compared = {}
    for name in {rule["alert"] for rule in rules if "alert" in rule} - _WITHOUT_VALUE:
        _, value = re.findall(r"```promql\n(.*?)\n```", pages[name], re.DOTALL)
        read = {one for rule in rules if rule.get("alert") == name for one in names_read(rule["expr"])}
        compared[name] = _read(value, recorded)
        assert compared[name] <= read, name
    assert compared["AgentErrorBudgetBurn"] == {
        f"service:agent_success_rate:error_ratio{window}"
        for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    }
    assert compared["AgentCostForecastExceeded"] == {"service:agent_spend:forecast"}
    assert compared["AgentStepsPerRunRegression"] == {"release:agent_step_count:release_change"}
    assert "service:agent_run:increase1d" in compared["AgentNoRuns"]


def _read(query: str, recorded: set[str]) -> set[str]:
    """List the records that a query reads, by name or by a pattern of names."""
    if pattern := re.fullmatch(r'\{__name__=~"(.*)"\}', query):
        return {name for name in recorded if re.fullmatch(pattern[1], name)}
    return set(names_read(query))


def test_the_panels_that_answer_a_question_exist(pages: dict[str, str], output: dict[str, str]) -> None:
    boards = {
        json.loads(text)["uid"]: {panel["title"] for panel in json.loads(text)["panels"]}
        for path, text in output.items()
        if path.startswith("grafana/dashboards/")
    }
    named = {
        found
        for page in pages.values()
        for found in re.findall(r" (\*[^`]+\*) on \[?`(agent-[a-z-]+)`", page)
    }
    assert len(named) > 10
    for titles, uid in named:
        assert set(re.findall(r"\*([^*]+)\*", titles)) <= boards[uid], titles


def _action(page: str) -> str:
    return page.split("## First action\n\n")[1].split("\n\nTo see where", maxsplit=1)[0]


def test_the_first_action_is_what_the_meaning_asks_for(pages: dict[str, str]) -> None:
    """The kind of an alert and its signal decide, not the dashboard alone."""
    regressions = [name for name in pages if name.endswith("Regression")]
    assert len(regressions) > 4
    for name in regressions:
        assert _action(pages[name]).startswith("Roll the newest release back first"), name
        assert pages[name].count("*Live releases*") == 1, name
    for name, action in {
        "AgentTokensUnread": "Let the code tell its tokens",
        "AgentCostForecastExceeded": "There is still time",
        "AgentLatencyOverflow": "Give the histogram larger buckets",
        "AgentToolCallsPerRunHigh": "lower the number of steps",
        "AgentStepsPerRunHigh": "lower the number of steps",
        "AgentToolErrorRateHigh": "Look at the status page",
        "AgentCostBudgetExceeded": "Stop the spending",
    }.items():
        assert action in _action(pages[name])
    assert "Cost per run by release" in pages["AgentCostForecastExceeded"]


def test_any_other_alert_asks_what_its_layer_asks(pages: dict[str, str]) -> None:
    assert _OF_RUNS in pages["AgentSuccessRateLow"]
    assert _OF_COST in pages["AgentCostPerRunRegression"]


def test_a_signal_of_a_services_own_may_be_about_anything(pages: dict[str, str]) -> None:
    questions = pages["Calls"].split("## First questions")[1].split("##")[0]
    assert _OF_OWN in questions
    assert _OF_RUNS not in questions
    assert _OF_OWN not in pages["AgentSuccessRateLow"]


def test_what_an_alert_is_about_is_shown(pages: dict[str, str]) -> None:
    assert "the signal over time, and the status of" in pages["Calls"]
    assert "the signal over time" in pages["AgentNoRuns"]
    assert "*Tokens without a price*: what it is about, as a table." in pages["AgentTokensUnpriced"]
    for alert in ("AgentSeriesBudgetExceeded", "AgentRulesLate", "AgentMetricAbsent"):
        assert "the signal over time" not in pages[alert]
        assert "(`run_count`)" not in pages[alert]


def test_a_dashboard_is_named_once(pages: dict[str, str]) -> None:
    assert "Calls" in pages
    for name, text in pages.items():
        named = [line.split("`")[1] for line in text.splitlines() if line.startswith("- Dashboard")]
        assert named[-1] == "agent-overview", name
        assert len(named) == len(set(named)), name


def test_a_dashboard_is_linked_where_the_site_has_a_grafana(pages: dict[str, str]) -> None:
    linked = "[`agent-overview`](<http://localhost:3000/d/agent-overview>)"
    assert all(linked in text for text in pages.values())
    specs = shipped()
    del specs["site.yaml"]["grafana_url"]
    page = compile_specs(specs).files["runbooks/AgentNoRuns.md"]
    assert "- Dashboard `agent-overview`: the status" in page
    assert "](" not in page


def test_the_floor_of_runs_stands_only_where_runs_can_be_counted(pages: dict[str, str]) -> None:
    rows = [line for line in pages["AgentMetricAbsent"].splitlines() if "No series of" in line]
    critical = [row for row in rows if "| critical |" in row]
    assert critical
    assert not any("20" in row for row in critical)
    counted = (
        "although at least 20 runs finished within 15m; or within 3h, although as many finished in that time,"
    )
    assert all(counted in row for row in rows if row not in critical)


def test_floors_of_quantiles_are_told_in_clear_words(pages: dict[str, str]) -> None:
    assert (
        "above 4s, 2x the objective, with at least 5 more observations above it than the allowed 5%"
        in (pages["AgentLatencyP95High"])
    )
    assert (
        "the last bucket of agent_run_latency_ms, with at least 5 more than that share allows"
        in (pages["AgentLatencyOverflow"])
    )


def test_an_alert_about_rules_leads_to_the_server_that_runs_them(pages: dict[str, str]) -> None:
    """Runs have no part in it."""
    about_rules = _WITHOUT_VALUE - {"AgentMetricAbsent", "AgentUndeclaredLabelValue"}
    of_runs = "- Logs and traces of single runs"
    assert {name for name, page in pages.items() if of_runs not in page} == about_rules
    for name in about_rules:
        assert "- The log of Prometheus" in pages[name]
        assert "`service:agent_info` has one series for each owner" in pages[name]


def test_the_condition_of_a_fall_begins_with_the_fall(pages: dict[str, str]) -> None:
    assert re.search(
        r"\| warning \| Runs fell by 95% within an hour, .*; an outage in the evening",
        pages["AgentRunCountDrop"],
    )


def test_a_shift_of_shares_is_a_sentence(pages: dict[str, str]) -> None:
    assert (
        "Stop reasons: the share of one stop_reason among max_steps, max_tokens, "
        in (pages["AgentStopReasonShift"])
    )


def test_an_alert_without_a_bound_is_changed_by_its_severity(pages: dict[str, str]) -> None:
    for alert in ("AgentNoRuns", "AgentTokensUnpriced", "AgentSeriesBudgetExceeded", "AgentRulesLate"):
        _, change, _ = _pasted(pages[alert])
        assert change[alert].keys() == {"severity", "for"}
    assert "severity: critical or warning makes all of them alike" in pages["AgentMetricAbsent"]
    assert "severity: " not in pages["AgentSuccessRateLow"]


def test_the_present_bounds_stand_on_a_page_as_a_spec_has_them(pages: dict[str, str]) -> None:
    for alert, key, bound in (
        ("AgentSuccessRateLow", "critical", "objective - 10pp"),
        ("AgentToolErrorRateHigh", "critical", "1.4x objective"),
        ("AgentLatencyOverflow", "warning", "5%"),
        ("AgentToolErrorRateRegression", "warning", "4pp"),
        ("AgentCostPerRunRegression", "warning", "20%"),
        ("AgentRunCountDrop", "warning", "95%"),
        ("AgentTokensUnread", "warning", 5),
        ("AgentErrorBudgetBurn", "warning", "3x in 1d and 2h, 1x in 3d and 6h"),
    ):
        assert _pasted(pages[alert])[1][alert][key] == bound, alert


def _pasted(page: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Read the file that a page tells to change, and the alerts of it: changed, and off."""
    section = page.split("## How to change it")[1]
    change, off = (
        yaml.safe_load(text)["alerts"] for text in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    )
    return section.split("`specs/")[1].split("`", maxsplit=1)[0], change, off


def _changeable() -> Directory:
    """Specs with services of several kinds, environments among them, and bounds of every form."""
    specs = shipped()
    specs["services/support-agent.yaml"]["objectives"]["tool_error_rate"]["window"] = "30d"
    own = specs["services/research-agent.yaml"]
    own["objectives"] = {"latency_p95": {"max": "2s"}}
    own.setdefault("alerts", {}).update(
        {
            "AgentLatencyP95High": {"warning": "1500ms", "critical": "1.5x objective + 250ms"},
            "AgentCostPerRunRising": {"warning": "12.5%"},
            "DearRuns": {"threshold": {"signal": "cost_per_run"}, "warning": "$0.255", "for": "0s"},
        }
    )
    own["service"], specs["services/a.yaml"] = "research", own
    del specs["services/research-agent.yaml"]
    specs["services/gate.yaml"] = {
        "service": "gateway",
        "profile": "litellm",
        "owner": "team",
        "selector": {"job": "gateway"},
        "labels": {"model": ["gpt-4o"]},
        "budget": {"per_day": "$100"},
        "environments": {
            "prod": {"selector": {"env": "prod"}},
            "staging": {"selector": {"env": "staging"}, "severity_at_most": "info"},
        },
    }
    return specs


@pytest.fixture(scope="module")
def changeable() -> dict[str, str]:
    """The runbooks of these specs, by their paths."""
    compiled = compile_specs(_changeable())
    assert compiled.files, compiled.told
    return {path: text for path, text in compiled.files.items() if path.startswith("runbooks/")}


def test_what_a_page_tells_to_change_compiles_and_changes_nothing_yet(changeable: dict[str, str]) -> None:
    """The values are the present ones, in a file that exists."""
    specs = _changeable()
    for page in changeable.values():
        file, change, _ = _pasted(page)
        for alert, keys in change.items():
            specs[file].setdefault("alerts", {}).setdefault(alert, {}).update(keys)
    after = compile_specs(specs)
    assert after.files, after.told
    for path, page in changeable.items():
        assert _conditions(after.files[path]) == _conditions(page), path


def _conditions(page: str) -> str:
    return page.split("## When it fires")[1].split("\n## ", maxsplit=1)[0]


def test_what_a_page_tells_to_turn_off_is_off(changeable: dict[str, str]) -> None:
    specs = _changeable()
    for page in changeable.values():
        file, _, off = _pasted(page)
        for alert, keys in off.items():
            known = specs[file].setdefault("alerts", {}).get(alert, {})
            specs[file]["alerts"][alert] = {**known, **keys}
    after = compile_specs(specs)
    assert after.files, after.told
    assert "runbooks/AgentRulesLate.md" not in after.files
    for path, page in changeable.items():
        file, _, _ = _pasted(page)
        name = {"services/a.yaml": "research", "services/gate.yaml": "gateway-prod"}.get(
            file, "support-agent"
        )
        assert f"\n| {name} |" not in after.files.get(path, ""), path


def test_a_page_names_the_panel_that_its_alert_leads_to(pages: dict[str, str]) -> None:
    assert "), *Tool calls per run*: the signal over time" in pages["AgentToolCallsPerRunHigh"]
    assert "), *Tool error rate*: the signal over time" in pages["AgentToolErrorRateHigh"]


def test_every_question_about_a_value_names_the_panel_that_answers_it(pages: dict[str, str]) -> None:
    # Rules, targets and files of specs are not series: no panel shows them.
    about_values = pages.keys() - _WITHOUT_VALUE - _ABOUT_SERIES - {"Calls"}
    assert len(about_values) > 10
    for alert in about_values:
        questions = pages[alert].split("## First questions")[1].split("\n## ")[0].split("\n1. ")[1:]
        assert [question for question in questions if " See *" not in question] == [], alert


def test_each_service_says_what_an_alert_means_there_and_why_one_is_off() -> None:
    """The words of most services come first, whatever the names of the services."""
    specs = shipped()
    first, other = specs["services/research-agent.yaml"], specs["services/support-agent.yaml"]
    specs["services/third.yaml"] = {**other, "service": "third", "selector": {"job": "third"}}
    own = {"means": "Ask Ada about <b> here.", "summary": "Many calls."}
    first["alerts"] = {"AgentToolCallsPerRunHigh": own, "AgentNoRuns": {"disabled": "Nobody waits."}}
    files = compile_specs(specs).files
    page = files["runbooks/AgentToolCallsPerRunHigh.md"]
    assert page.startswith("# AgentToolCallsPerRunHigh\n\nAgents call tools far more often than usual.\n")
    assert "\n\nAgents call tools in circles." in page.split("## When it fires")[0]
    assert "\n\nFor `research-agent`: Ask Ada about &lt;b&gt; here.\n\n" in page
    assert "For `" not in files["runbooks/AgentSuccessRateLow.md"]
    about = files["reports/self-check.md"].split("## research-agent")[1].split("## support-agent")[0]
    assert "| `AgentNoRuns` | Nobody waits. |" in about


def test_a_larger_variance_stands_only_where_it_is_used() -> None:
    specs = shipped()
    specs["services/support-agent.yaml"]["objectives"]["tool_error_rate"] = {"max": "5%", "window": "30d"}
    pages = compile_specs(specs).files
    assert "of 2 times the variance" in pages["runbooks/AgentToolErrorRateRising.md"]
    burn = pages["runbooks/AgentToolErrorRateBurn.md"]
    assert "by more than chance explains (3 standard deviations)" in burn
    assert "variance" not in burn
