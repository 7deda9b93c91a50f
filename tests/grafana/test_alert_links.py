"""An alert links to the panel of its subject, with its labels chosen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from generator.alerts.registry import dashboard_of_alert, panel_of
from generator.model.alerts import Threshold
from generator.model.panels import ALERTS, ALL_ALERTS, CHOICES, PANELS
from generator.model.rules import AlertingRule
from generator.model.signals import Count
from generator.prometheus.rule_set import rule_set
from generator.promql.syntax import references
from tests.grafana.documents import alerting_rules, documents, everything, variables
from tests.models import SPECS, model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Model
    from tests.grafana.documents import Json


def _panels(board: Json) -> Mapping[int, Json]:
    return {panel["id"]: panel for panel in everything(board)}


def test_every_alert_leads_to_a_panel_that_exists(model: Model, boards: dict[str, Json]) -> None:
    for rule in alerting_rules(model):
        url = urlsplit(rule.annotations["dashboard_url"])
        asked = parse_qs(url.query)
        board = boards[url.path.removeprefix("/d/")]
        of_one = [rule.labels.get("service", "{{ $labels.service }}")]
        assert asked.get("var-service", of_one if board["uid"] == "agent-fleet" else []) == of_one
        assert int(asked["viewPanel"][0]) in _panels(board), rule.alert


def test_every_variable_that_an_alert_sets_is_one_of_the_dashboard(
    model: Model, boards: dict[str, Json]
) -> None:
    for rule in alerting_rules(model):
        url = urlsplit(rule.annotations["dashboard_url"])
        known = variables(boards[url.path.removeprefix("/d/")])
        for name in parse_qs(url.query):
            assert name == "viewPanel" or name.removeprefix("var-") in known, (rule.alert, name)


def test_an_alert_on_a_segment_leads_to_a_dashboard_with_the_segment_chosen() -> None:
    """The example's bounds of one tenant tier; its panels are beside each other, so no single one is opened."""
    model = model_of(SPECS / "examples" / "coding-agent")
    boards = documents(model)
    found = [rule for rule in alerting_rules(model) if "tenant_tier" in rule.labels]
    assert found
    for rule in found:
        base, _, path = rule.annotations["dashboard_url"].rpartition("/d/")
        url = urlsplit(path)
        assert base == model.site.grafana_url
        assert parse_qs(url.query)["var-tenant_tier"] == [rule.labels["tenant_tier"]]
        assert "tenant_tier" in variables(boards[url.path])


def test_the_panel_reads_the_signal_that_the_alert_is_about(model: Model, boards: dict[str, Json]) -> None:
    for service in model.services:
        for alert in service.alerts:
            place = panel_of(alert)
            if place is None or place in {PANELS[ALERTS], PANELS[ALL_ALERTS]}:
                continue
            panel = _panels(boards[place.uid])[place.number]
            read = {
                reference.name
                for target in panel["targets"]
                for reference in references(target["expr"].replace("$service", "x"))
            }
            signal = service.signals[alert.signal]
            stems = {f"agent_{alert.signal}", signal.of.stem if isinstance(signal.kind, Count) else ""}
            if alert.name == "AgentTokensUnpriced":
                stems = {"agent_price"}
            assert any(stem and f":{stem}:" in name for name in read for stem in stems), (alert.name, read)


def test_the_panel_names_the_runbook_of_each_alert_that_leads_to_it(
    model: Model, boards: dict[str, Json]
) -> None:
    for rule in alerting_rules(model):
        url = urlsplit(rule.annotations["dashboard_url"])
        (number,) = parse_qs(url.query)["viewPanel"]
        panel = _panels(boards[url.path.removeprefix("/d/")])[int(number)]
        named = {link["title"]: link["url"] for link in panel["links"]}
        assert named[f"Runbook: {rule.alert}"] == rule.annotations["runbook_url"]


def test_the_list_of_alerts_links_runbooks_only_where_a_browser_can_open_them(model: Model) -> None:
    nowhere = replace(model, site=replace(model.site, runbook_url="runbooks"))
    for uid in ("agent-overview", "agent-fleet"):
        assert "alertname}.md" in str(documents(model)[uid])
        assert "alertname}.md" not in str(documents(nowhere)[uid])


def test_runbooks_call_panels_as_they_are_called(boards: dict[str, Json]) -> None:
    for subject, place in PANELS.items():
        title = "" if subject in {ALERTS, ALL_ALERTS} else _panels(boards[place.uid])[place.number]["title"]
        assert place.title == title


def test_the_ids_of_a_dashboard_are_its_own(boards: dict[str, Json]) -> None:
    for board in boards.values():
        counted = Counter(panel["id"] for panel in everything(board))
        assert max(counted.values()) == 1, board["uid"]


@pytest.mark.parametrize("about", PANELS)
def test_every_known_panel_is_drawn(about: str, boards: dict[str, Json]) -> None:
    place = PANELS[about]
    assert place.number in _panels(boards[place.uid])


@pytest.mark.parametrize("uid", CHOICES)
def test_every_choice_is_a_variable(uid: str, boards: dict[str, Json]) -> None:
    assert [name for name in variables(boards[uid]) if name in CHOICES[uid]] == list(CHOICES[uid])


def test_an_alert_on_a_signal_of_its_own_leads_to_where_these_are_drawn(model: Model) -> None:
    (service,) = (service for service in model.services if "handover_rate" in service.signals)
    alert = service.alerts[0]
    assert dashboard_of_alert(alert, service.signals["handover_rate"]) == "agent-overview"


@pytest.mark.parametrize("trend", [True, False])
def test_an_own_signal_is_chosen_as_its_alert_puts_it_on_the_board(model: Model, *, trend: bool) -> None:
    (service,) = (service for service in model.services if "handover_rate" in service.signals)
    own = service.signals["handover_rate"]
    signal = own if trend else replace(own, trend=None)
    alert = replace(next(one for one in service.alerts if isinstance(one.kind, Threshold)), signal=own.name)
    alert = replace(alert, shared=False)
    service = replace(service, signals={**service.signals, own.name: signal}, alerts=(alert,))
    own_alerts = rule_set([service], model.library, model.site).own[0].alerting
    for rule in (rule for group in own_alerts for rule in group.rules if isinstance(rule, AlertingRule)):
        asked = parse_qs(urlsplit(rule.annotations["dashboard_url"]).query)
        assert asked.get("var-signal") == ["handover_rate"]
