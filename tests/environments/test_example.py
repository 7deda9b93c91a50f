"""The shipped example: a coding agent, from its spec through a simulated history to the pagers of its teams."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from generator.artifact import Artifact
from generator.cli import main
from generator.compiler import generate
from generator.diagnostics import Severity
from generator.live.server import alertmanager_server, find_alertmanager, find_prometheus, prometheus_server
from generator.model import names
from generator.spec.sources import read_sources
from tests.people import listening, reaching
from tests.programs import needed
from tests.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

EXAMPLE = Path(__file__).parents[2] / "specs" / "examples" / "coding-agent"
PROD, STAGING = "coding-agent-prod", "coding-agent-staging"
START, END = "2026-03-20T06:30Z", "2026-03-20T09:30Z"
#: A tool fails, and a release brings failures.
INCIDENTS = ("tool-outage@2026-03-20T07:30Z+30m", "success-drop-after-release@2026-03-20T08:30Z+1h")

Labels = dict[str, str]


@cache
def output() -> dict[str, str]:
    """All files of the example."""
    found = generate(read_sources(EXAMPLE))
    assert not found.failed, found.diagnostics
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


def test_it_is_checked_without_a_warning_at_forty_replicas_and_nine_tools() -> None:
    found = generate(read_sources(EXAMPLE))
    assert {one.severity for one in found.diagnostics} == {Severity.INFO}
    module = output()["instrumentation/coding_agent_metrics.py"]
    assert "def set_coding_queue_depth(" in module
    # From 10s to 90m, in the milliseconds of the metric.
    assert "buckets=(10000, 30000, 60000, " in module
    report = json.loads(output()["reports/cardinality.json"])["services"]
    assert {name: one["replicas"] for name, one in report.items()} == {PROD: 40, STAGING: 2}


def test_no_secret_stands_in_the_output_and_alertmanager_loads_what_is_there() -> None:
    needed(find_alertmanager)
    text = output()[names.ALERTMANAGER_PATH]
    # Only paths of files: no key, no address of a webhook.
    assert not re.search(
        r"^\s*(- )?(routing_key|service_key|api_url|auth_password|credentials): ", text, re.MULTILINE
    )
    with alertmanager_server(text) as server:
        assert server.connection.send("GET", "/api/v2/status").ok


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> list[Labels]:
    """The labels of all alerts that fire in a history of both environments with the same incidents."""
    needed(find_prometheus)
    folder = tmp_path_factory.mktemp("example")
    specs = folder / "specs"
    shutil.copytree(EXAMPLE, specs)
    written = specs / "services" / "coding-agent.yaml"
    # Fewer instances behave alike, and their history is a tenth as large.
    written.write_text(written.read_text().replace("replicas: 40", "replicas: 4"))
    found: list[Labels] = []
    with prometheus_server() as server:
        for service in (PROD, STAGING):
            where = ["--service", service, "--from", START, "--to", END, "--prometheus", server.api.url]
            incidents = [word for one in INCIDENTS for word in ("--incident", one)]
            truth, said = folder / f"{service}.json", StringIO()
            assert main(["simulate", str(specs), *where, *incidents, "--truth", str(truth)]) == 0
            with redirect_stdout(said):
                judged = ["--truth", str(truth), "--format", "json"]
                assert main(["replay", str(specs), *where, *judged]) == 0
            document: dict[str, Any] = json.loads(said.getvalue())
            assert document["false_alarms"] == 0
            assert [one["verdict"] for one in document["incidents"]] == ["detected", "detected"]
            found += [
                {
                    "alertname": alert["alert"],
                    "service": alert["service"],
                    "owner": "team-coding",
                    **alert["labels"],
                    **firing["labels"],
                }
                for alert in document["alerts"]
                for firing in alert["firings"]
            ]
    return found


def _severities(fired: list[Labels], service: str) -> set[str]:
    return {alert["severity"] for alert in fired if alert["service"] == service}


def test_staging_never_pages_and_misses_no_incident(fired: list[Labels]) -> None:
    assert _severities(fired, PROD) == {"critical", "warning"}
    assert _severities(fired, STAGING) == {"warning"}
    assert "AgentToolErrorRateHigh" in {one["alertname"] for one in fired if one["service"] == STAGING}


def test_the_tier_with_a_promise_of_its_own_has_its_own_pages(fired: list[Labels]) -> None:
    tiers = {
        (one["alertname"], one["tenant_tier"], one["service"])
        for one in fired
        if "tenant_tier" in one and one["severity"] == "critical"
    }
    assert tiers == {("AgentSuccessRateLow", "enterprise", PROD)}


def test_each_team_is_paged_for_its_own_and_for_nothing_else(fired: list[Labels]) -> None:
    """A real Alertmanager routes by environment, owner, tier and tool; the last one is an alert of the sandbox."""
    needed(find_alertmanager)
    outage = next(
        one for one in fired if one["alertname"] == "AgentToolErrorRateHigh" and one["severity"] == "critical"
    )
    sandbox = {**outage, "tool": "run_tests"}
    rules = {"alertname": "AgentRulesFailing", "severity": "warning", "signal": "run_count"}
    alerts = [
        *fired,
        sandbox,
        {**sandbox, "service": STAGING, "environment": "staging", "severity": "warning"},
        rules,
    ]
    with (
        listening() as (people, address),
        alertmanager_server(reaching(output()[names.ALERTMANAGER_PATH], address)) as server,
    ):
        body = json.dumps([{"labels": one} for one in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        assert server.connection.send("POST", "/api/v2/alerts", body, headers).ok
        wanted = {"coding-pager", "enterprise-pager", "sandbox-pager", "coding-chat", "platform"}
        critical = {one["alertname"] for one in fired if one["severity"] == "critical"}
        # A receiver gets a message for each group of alerts.
        until(lambda: {*people.told} == wanted and critical <= people.names("coding-pager"))
        told = people.told
    pagers = [one for name in wanted if name.endswith("-pager") for one in told[name]]
    assert {(one["environment"], one["severity"]) for one in pagers} == {("prod", "critical")}
    assert {one.get("tenant_tier") for one in told["enterprise-pager"]} == {"enterprise"}
    assert [one["tool"] for one in told["sandbox-pager"]] == ["run_tests"]
    assert {one["alertname"] for one in told["coding-pager"]} == critical
    assert {one["severity"] for one in told["coding-chat"]} == {"warning"}
    assert {one["alertname"] for one in told["platform"]} == {"AgentRulesFailing"}
