"""A coding agent in three environments: the receivers of its alerts, by a real Prometheus and a real Alertmanager."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.artifact import Artifact
from generator.compiler import generate
from generator.live.server import (
    ServerConfig,
    alertmanager_server,
    find_alertmanager,
    find_prometheus,
    prometheus_server,
)
from generator.model import names
from generator.model.alerts import AlertSeverity
from generator.prometheus.rule_set import rule_set
from generator.spec.sources import read_sources
from tests.instrumentation.loading import compiled
from tests.people import People, listening, reaching
from tests.programs import needed
from tests.prometheus.vectors import group_of, instant, records_of, written
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Service

pytestmark = pytest.mark.long

SPECS = Path(__file__).parent / "specs"
PROD, STAGING, PREVIEW = "coding-agent-prod", "coding-agent-staging", "coding-agent-preview"
#: Alerts about the rules, which fire on a busy machine.
_ABOUT_RULES = {"AgentConstantsMissing", "AgentRulesFailing", "AgentRulesLate"}


@cache
def output() -> dict[str, str]:
    """All files of the specs."""
    found = generate(read_sources(SPECS))
    assert not found.failed, found.diagnostics
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


def service(name: str) -> Service:
    """One of the environments."""
    return next(one for one in compiled(SPECS).services if one.name == name)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrometheusApi, People]]:
    """All environments fail alike, on a Prometheus with an Alertmanager with the generated configuration."""
    needed(find_alertmanager)
    needed(find_prometheus)
    model = compiled(SPECS)
    rules = rule_set(model.services, model.library, model.site)
    folder = tmp_path_factory.mktemp("rules")
    # All rules every second would be most of what the machine does while Alertmanager waits.
    files = [
        written(folder / f"shared-{index}.yml", [group], interval="3s")
        for index, group in enumerate(rules.shared.groups)
    ]
    files += [
        written(
            folder / f"{one.name}.yml",
            [group_of(one.name, records_of(one, model.site, rules.shared))],
            interval="3s",
        )
        for one in model.services
    ]
    with (
        listening() as (people, address),
        alertmanager_server(reaching(output()[names.ALERTMANAGER_PATH], address)) as alertmanager,
        prometheus_server(
            ServerConfig(rule_files=tuple(files), alertmanagers=(alertmanager.url.removeprefix("http://"),))
        ) as prometheus,
    ):
        # Receivers hear of an alert in any order, and inhibited ones never: wait for each that a test looks for.
        until(lambda: people.names("coding-pager") >= {"AgentSuccessRateLow", "AgentToolErrorRateHigh"})
        until(lambda: {*people.told} == {"coding-pager", "coding-chat", "finance-mail", "platform"})
        until(lambda: _services(people, "coding-chat") >= {PROD, STAGING})
        until(lambda: PREVIEW in _services(people, "platform"))
        yield prometheus.api, people


def _services(people: People, receiver: str) -> set[str]:
    told = (one for one in people.told.get(receiver, []) if one["alertname"] not in _ABOUT_RULES)
    return {alert["service"] for alert in told if "service" in alert}


def _told_of(people: People, name: str) -> set[str]:
    """Name the alerts of a service that anybody was told of: on a busy machine one may just not fire."""
    every = (one for told in people.told.values() for one in tuple(told))
    return {one["alertname"] for one in every if one.get("service") == name} - _ABOUT_RULES


def test_staging_pages_nobody(told: tuple[PrometheusApi, People]) -> None:
    api, people = told
    assert _services(people, "coding-pager") == {PROD}
    assert _services(people, "finance-mail") == {PROD}
    found = {
        name: {one["severity"] for one in instant(api, f'ALERTS{{service="{name}"}}')}
        for name in (PROD, STAGING, PREVIEW)
    }
    assert found == {PROD: {"critical", "warning"}, STAGING: {"warning"}, PREVIEW: {"info"}}


def test_less_severe_is_not_less_seen(told: tuple[PrometheusApi, People]) -> None:
    """The same alerts fire, except those that only some environments have."""
    _, people = told
    outage = {"AgentSuccessRateLow", "AgentToolErrorRateHigh"}
    until(lambda: outage <= _told_of(people, STAGING) == _told_of(people, PREVIEW))
    budget = {"AgentCostBudgetExceeded", "AgentCostForecastExceeded"}
    until(lambda: _told_of(people, PROD) - _told_of(people, STAGING) <= budget)


def test_alerts_say_where_and_whose(told: tuple[PrometheusApi, People]) -> None:
    api, people = told
    wanted = {
        PROD: ("prod", "team-coding", "finance"),
        STAGING: ("staging", "team-coding", "research"),
        PREVIEW: ("preview", "team-platform", "research"),
    }
    for name, (environment, owner, centre) in wanted.items():
        alerts = instant(api, f'ALERTS{{service="{name}"}}')
        assert alerts
        for alert in alerts:
            labels = {"environment": environment, "owner": owner, "cost_centre": centre, "region": "eu"}
            assert labels.items() <= alert.items()
    # Alerts without a matching receiver, and alerts without an owner.
    assert _services(people, "platform") == {PREVIEW}
    assert _services(people, "coding-chat") == {PROD, STAGING}


def test_a_service_with_two_values_of_a_label_has_none_and_harms_no_other() -> None:
    """The labels come from one constant, which is read as every constant is: see test_poisoned_services."""
    (rule,) = (
        line
        for line in output()["prometheus/rules/agent-services.rules.yml"].split("- record: ")
        if line.startswith(names.KNOWN)
    )
    assert "count by (service)" in rule
    assert "group by (service, owner, profile, cost_centre, environment, region)" in rule


def test_there_is_one_module_for_all_environments() -> None:
    modules = [path for path in output() if path.startswith("instrumentation/")]
    assert modules == ["instrumentation/coding_agent_metrics.py"]
    assert "class CodingAgentMetrics" in output()[modules[0]]
    assert "prod" not in output()[modules[0]].lower().replace("product", "").replace("reproduc", "")


def test_a_changed_alert_keeps_what_the_service_changes() -> None:
    found = {
        name: next(one for one in service(name).alerts if one.name == "AgentToolCallsPerRunHigh")
        for name in (PROD, STAGING)
    }
    bounds = [
        tier.bound for one in found.values() for tier in one.tiers if tier.severity is AlertSeverity.WARNING
    ]
    assert bounds == [40, 40]
    assert found[PROD].for_ != found[STAGING].for_ == 1200


def test_a_slower_scrape_makes_a_longer_raw_window() -> None:
    rules = output()[names.rules_path(STAGING)], output()[names.rules_path(PROD)]
    assert "[1m30s]" in rules[0]
    assert "[1m15s]" not in rules[0]
    assert "[1m15s]" in rules[1]


def test_nothing_is_more_severe_than_it_may_be() -> None:
    order = list(AlertSeverity)
    for name, most in ((STAGING, AlertSeverity.WARNING), (PREVIEW, AlertSeverity.INFO)):
        tiers = [tier.severity for alert in service(name).alerts for tier in alert.tiers]
        owned = [one for one in tiers if order.index(one) < order.index(most)]
        assert {
            alert.name for alert in service(name).alerts for tier in alert.tiers if tier.severity in owned
        } <= {*_ABOUT_RULES, "AgentOwnersConflict"}


def test_a_budget_that_burns_fast_is_told_of_all_the_same() -> None:
    """The critical paces stay, as warnings: the slow ones alone would be hours late."""
    burn = next(one for one in service(STAGING).alerts if one.name == "AgentErrorBudgetBurn")
    (tier,) = burn.tiers
    assert tier.severity is AlertSeverity.WARNING
    assert [pace.factor for pace in tier.burns] == [14.4, 6, 3, 1]


def test_the_configuration_is_loaded_as_it_is() -> None:
    needed(find_alertmanager)
    text = output()[names.ALERTMANAGER_PATH]
    with alertmanager_server(text) as server:
        assert server.connection.send("GET", "/api/v2/status").ok


def test_dashboards_offer_environments() -> None:
    for path, text in output().items():
        if path.startswith("grafana/dashboards/"):
            variables = {one["name"]: one for one in json.loads(text)["templating"]["list"]}
            assert variables["environment"]["allValue"] == ".*"
            if "service" in variables:
                assert 'environment=~"$environment"' in variables["service"]["query"]
            else:
                assert 'environment!~"$environment"' in text.replace('\\"', '"')
