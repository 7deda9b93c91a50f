"""The panel behind an alert's link shows something at that moment, even where no run finishes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.model.units import HOUR
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.incidents import incident
from generator.simulate.scenario import ordinary
from tests.grafana.day import PROMISING, SHOWN
from tests.grafana.documents import alerting_rules, panels, targets, variables
from tests.grafana.substitution import ALL, substituted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi
    from generator.model.rules import AlertingRule
    from generator.model.service import Model, Service
    from tests.grafana.documents import BoardPanel, Json
    from tests.grafana.substitution import Choice

pytestmark = pytest.mark.long

_LABEL = re.compile(r"\{\{ \$labels\.(\w+)(?: \| urlquery)? \}\}")
#: Further incidents, each with its own service, with hours before the end; expensive twice is expensive squared.
_INCIDENTS = {
    "looping-agent": ("tool-spam-loop", 1.0, 1),
    "dear-agent": ("cost-explosion", 1.5, 2),
    "lost-agent": ("exporter-gone", 1.0, 1),
    "limited-agent": ("limit-reached", 0.75, 1),
}
#: Alerts that must fire, or the test would prove nothing.
_FIRING = {
    *("AgentToolCallsPerRunHigh", "AgentNoRuns", "AgentMetricAbsent", "AgentCostBudgetExceeded"),
    *("AgentToolErrorRateHigh", "AgentSuccessRateLow", "AgentLatencyP95High", "AgentStopReasonShift"),
    *("AgentTokensUnpriced", "AgentUndeclaredLabelValue", "AgentErrorBudgetBurn"),
}


@pytest.fixture(scope="module")
def bad(prometheus: PrometheusApi, model: Model) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """A day on which agents loop, spend, are lost and meet limits, each on its own."""
    promising = next(one for one in model.services if one.name == PROMISING)
    services = [replace(promising, name=name, selector={"job": name}) for name in _INCIDENTS]
    with prometheus_server() as server:
        for service in services:
            _live_through(server.api, service, model)
        groups = rule_set(services, model.library, model.site).groups
        # Links are followed at the end: records of twice the time of the longest incident let all alerts fire.
        evaluate(server.api, groups, SHOWN.end - 3 * HOUR, SHOWN.end)
        yield server.api


def test_every_alert_leads_to_a_panel_with_data(
    model: Model, boards: dict[str, Json], day: PrometheusApi, bad: PrometheusApi
) -> None:
    rules = tuple(alerting_rules(model))
    fired, empty = set[str](), []
    for api in (day, bad):
        for alert in api.query('ALERTS{alertstate="firing"}', SHOWN.end):
            fired.add(alert.labels["alertname"])
            for rule in (one for one in rules if _is_of(one, alert)):
                url = _filled(rule.annotations["dashboard_url"], alert.labels)
                if not _shows(api, boards, url):
                    empty.append((alert.labels["alertname"], url))
    assert empty == []
    assert fired >= _FIRING


def _live_through(api: PrometheusApi, service: Service, model: Model) -> None:
    name, hours, times = _INCIDENTS[service.name]
    happens = incident(name, service, SHOWN.end - hours * HOUR, SHOWN.end)
    scenario = replace(ordinary(service, SHOWN.start, SHOWN.end), replicas=1, incidents=(happens,) * times)
    write(api, simulate(service, model.site, scenario).series)


def _is_of(rule: AlertingRule, alert: InstantSample) -> bool:
    told = {name: value for name, value in rule.labels.items() if name != "owner"}
    return rule.alert == alert.labels["alertname"] and told.items() <= alert.labels.items()


def _filled(url: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda found: labels.get(found[1], ""), url)


def _shows(api: PrometheusApi, boards: Mapping[str, Json], url: str) -> bool:
    """Whether the panel behind a link has any data at that moment besides objectives."""
    parts = urlsplit(unquote(url))
    asked = parse_qs(parts.query)
    board = boards[parts.path.removeprefix("/d/")]
    known = variables(board)
    chosen: dict[str, Choice] = {name: ALL for name, one in known.items() if one["multi"]}
    chosen |= {name: "" for name, one in known.items() if one["type"] == "textbox"}
    chosen |= {name.removeprefix("var-"): value for name, (value,) in asked.items() if name != "viewPanel"}
    (panel,) = (one for one in panels(board) if one.json["id"] == int(asked["viewPanel"][0]))
    exprs = (
        substituted(one.expr, known, chosen, SHOWN)
        for one in targets(board)
        if one.panel.json is panel.json and one.json["refId"] not in _promises(panel)
    )
    return any(api.query(expr, SHOWN.end) for expr in exprs)


def _promises(panel: BoardPanel) -> set[str]:
    """Name the queries for objectives, which are drawn dashed."""
    return {
        override["matcher"]["options"]
        for override in panel.json["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "custom.lineStyle" and one["value"]["fill"] == "dash"
    }
