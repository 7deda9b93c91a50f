"""A service of a foreign profile has its own words, and no advice about signals that it does not measure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.artifact import Artifact
from generator.checks.selfcheck import self_check
from generator.commands.check import selfcheck_text
from generator.compiler import check, generate
from generator.model.service import worded
from generator.spec.sources import read_sources
from tests.models import written

if TYPE_CHECKING:
    from pathlib import Path

from generator.compiler import Compilation

_GATEWAY = """\
service: gateway
profile: litellm
owner: team
selector: {job: gateway}
labels: {model: [gpt-4o]}
budget: {per_day: $100}
traffic: {min_runs_per_hour: 10}
"""
_AGENT = """\
service: agent
profile: agent
owner: team
selector: {job: agent}
labels: {model: [gpt-4o], tool: [search], release: {max_live: 3}}
"""


def _specs(folder: Path, *services: str) -> Path:
    return written(folder, {f"services/{number}.yaml": text for number, text in enumerate(services)})


def _generated(folder: Path, *services: str) -> dict[str, str]:
    found: Compilation = generate(read_sources(_specs(folder, *services)))
    assert not found.failed, found.diagnostics
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Runs that finished; one run in twenty.", "Requests that finished; one request in twenty."),
        ("A run of run_count, agent-runs and x:run:y.", "A request of run_count, agent-runs and x:run:y."),
        ("It still runs.", "It still requests."),
    ],
)
def test_the_word_for_a_run(text: str, expected: str) -> None:
    assert worded(text, "request") == expected
    assert worded(text, "run") == text


def test_nothing_is_asked_that_the_profile_does_not_measure(tmp_path: Path) -> None:
    found = check(read_sources(_specs(tmp_path, _GATEWAY)))
    assert [one.code for one in found.diagnostics if one.code.startswith("practice/")] == []


def test_the_checklist_counts_what_is_measured(tmp_path: Path) -> None:
    page = _generated(tmp_path, _GATEWAY)["reports/self-check.md"]
    assert "Progress: 6/6 of what litellm measures; 3 not measured" in page
    assert "- tool_error_rate: not measured by `litellm`" in page
    assert "tokens and cost per request" in page


def test_the_checklist_says_what_is_not_measured(tmp_path: Path) -> None:
    page = _generated(tmp_path, _GATEWAY)["reports/self-check.md"]
    assert (
        "| complete for what it measures; not measured: `tool_error_rate`, `stop_reason_distribution` | none |"
        in page
    )
    assert "| No stop_reason metrics | not measured by `litellm`: stop_reason_distribution |" in page
    assert "| No alerts for key anomalies | no; not measured by `litellm`: tool spam |" in page


def test_the_numbers_of_the_checklist_are_those_of_its_lists(tmp_path: Path) -> None:
    found = check(read_sources(_specs(tmp_path, _GATEWAY)))
    _, first, whole, parts, minimum = selfcheck_text(
        [self_check(each.service) for each in found.facts]
    ).splitlines()
    assert first.endswith("6/6 of what litellm measures; 3 not measured")
    points = "steps and tool calls per request; tool_error_rate; stop_reason_distribution"
    assert whole == f"  litellm does not measure: {points}"
    lacks = "a breakdown by release; a breakdown by tool; an alert on tool spam"
    assert parts == f"  of the other points, litellm does not measure: {lacks}"
    assert minimum.endswith("not measured: tool_error_rate, stop_reason_distribution")


def test_runbooks_ask_for_nothing_that_the_profile_does_not_measure(tmp_path: Path) -> None:
    files = _generated(tmp_path, _GATEWAY)
    pages = {path: text for path, text in files.items() if path.startswith("runbooks/")}
    assert len(pages) > 10
    for path, page in pages.items():
        questions = page.split("## First questions")[1].split("\n## ")[0]
        for absent in ("stop reasons", "Live releases", "agent-stop-reasons", "Tool calls per request"):
            assert absent not in questions, path
        assert "\n1. " in questions, path
    assert "Where stop reasons are measured, look at them" in pages["runbooks/AgentSuccessRateLow.md"]
    logged = "Where the module is generated, the service's log has the first ones"
    assert logged in pages["runbooks/AgentUndeclaredLabelValue.md"]


def test_the_questions_of_a_page_are_those_of_any_service_with_the_alert(tmp_path: Path) -> None:
    page = _generated(tmp_path, _GATEWAY, _AGENT)["runbooks/AgentSuccessRateDrop.md"]
    assert "Which stop reasons grew?" in page


def test_panels_and_runbooks_use_the_one_word(tmp_path: Path) -> None:
    files = _generated(tmp_path, _GATEWAY)
    overview = files["grafana/dashboards/agent-overview.json"]
    titles = [panel["title"] for panel in json.loads(overview)["panels"]]
    assert "Requests by status" in titles
    assert not any("run" in title.lower().split() for title in titles)
    assert "Less than half of the promised requests finish" in files["runbooks/AgentNoRuns.md"]
    assert "run: request" in files["prometheus/rules/gateway.rules.yml"]


def test_names_of_values_and_headers_have_room_for_the_word(tmp_path: Path) -> None:
    files = _generated(tmp_path, _GATEWAY)
    panels = json.loads(files["grafana/dashboards/agent-fleet.json"])["panels"]
    legends = {target["legendFormat"] for panel in panels for target in panel.get("targets", ())}
    assert {"requests in 15m", "{{service}}"} <= legends
    (listed,) = (panel for panel in panels if panel["title"] == "Services")
    columns = [
        {one["id"]: one["value"] for one in column["properties"]}
        for column in listed["fieldConfig"]["overrides"]
    ]
    widths = {one["displayName"]: one["custom.width"] for one in columns if "custom.width" in one}
    assert widths["Requests"] == 64 + 4 * 9
    assert widths["Success"] == 78


def test_of_several_words_grafana_puts_in_the_chosen_services(tmp_path: Path) -> None:
    files = _generated(tmp_path, _GATEWAY, _AGENT)
    overview = json.loads(files["grafana/dashboards/agent-overview.json"])
    assert "${run_title}s by status" in [panel["title"] for panel in overview["panels"]]
    hidden = {one["name"]: one["hide"] for one in overview["templating"]["list"]}
    assert hidden["run"] == 2
    assert "A run is a request in `gateway`." in files["runbooks/AgentLatencyP95High.md"]


def test_what_a_profile_does_not_measure_is_said_so(tmp_path: Path) -> None:
    files = _generated(tmp_path, _GATEWAY, _AGENT)
    panels = json.loads(files["grafana/dashboards/agent-runs.json"])["panels"]
    (steps,) = (panel for panel in panels if panel["title"] == "Steps per ${run}")
    assert steps["fieldConfig"]["defaults"]["noValue"] == "No data, or not measured"
    (board, *_) = (
        panel
        for panel in json.loads(files["grafana/dashboards/agent-overview.json"])["panels"]
        if panel["title"] == "Status"
    )
    unmeasured = " ".join(board["targets"][0]["expr"].split()).partition("-1 * ")[2]
    assert '"signal", "step_count"' in unmeasured.partition('"rank"')[0]
