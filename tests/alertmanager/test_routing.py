"""The example for Alertmanager, in a real one: the receiver of each alert, and the inhibited alerts."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec.structs import replace

from generator.live.errors import LiveError
from generator.live.server import alertmanager_server, find_alertmanager
from generator.model import names
from generator.model.alerts import AlertSeverity, SeriesCount, Tier, Unpriced
from generator.model.delivery import Receiver
from generator.model.rules import AlertingRule
from generator.model.units import HOUR
from generator.prometheus.alertmanager import alertmanager, routing
from generator.prometheus.rule_set import alerting_by_service
from tests.instrumentation.loading import shipped
from tests.people import Labels, People, listening
from tests.programs import needed
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.process import HttpServer
    from generator.model.alerts import Alert
    from generator.model.service import Model

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """An Alertmanager is on this machine; in CI it must be."""
    needed(find_alertmanager)


@pytest.fixture(scope="module")
def model() -> Model:
    """The model of our own specs."""
    return shipped()


@pytest.fixture
def people() -> Iterator[tuple[People, str]]:
    """All receivers, at an address to which the receiver's name is appended."""
    with listening() as found:
        yield found


@pytest.fixture
def started(model: Model, people: tuple[People, str]) -> Iterator[HttpServer]:
    """An Alertmanager with the example of our own specs."""
    with _filled_in(model, people[1]) as server:
        yield server


@contextmanager
def _filled_in(model: Model, address: str) -> Iterator[HttpServer]:
    """Start one with the example, filled in with addresses and less patience."""
    config = yaml.safe_load(alertmanager([*map(routing, model.services)]).text)
    config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": address + receiver["name"], "send_resolved": False}]
    with alertmanager_server(yaml.safe_dump(config, sort_keys=False)) as server:
        yield server


def _labels(model: Model, service: str, alert: str, severity: str, **more: str) -> Labels:
    """The labels with which the rules of a service send an alert."""
    found = [one for one in model.services if one.name == service]
    for group in alerting_by_service(found, model.library, model.site)[service]:
        for rule in group.rules:
            if isinstance(rule, AlertingRule) and (rule.alert, rule.labels["severity"]) == (alert, severity):
                # The owner comes from the data that the shared rules read.
                whose = {names.SERVICE: service, names.OWNER: found[0].owner}
                return {"alertname": alert, **whose, **rule.labels, **more}
    raise AssertionError(alert)


def _send(server: HttpServer, *alerts: Mapping[str, str]) -> None:
    body = json.dumps([{"labels": labels} for labels in alerts]).encode()
    headers = {"Content-Type": "application/json"}
    assert server.connection.send("POST", "/api/v2/alerts", body, headers).ok


def _inhibited(server: HttpServer) -> set[str]:
    found: list[dict[str, Any]] = json.loads(server.connection.send("GET", "/api/v2/alerts").body)
    return {alert["labels"]["alertname"] for alert in found if alert["status"]["inhibitedBy"]}


def test_owners_are_paged_or_get_a_ticket_and_the_same_is_not_said_twice(
    model: Model, started: HttpServer, people: tuple[People, str]
) -> None:
    ours, theirs = "support-agent", "research-agent"
    low = _labels(model, ours, "AgentSuccessRateLow", "critical")
    drop = _labels(model, ours, "AgentSuccessRateDrop", "warning")
    dead = _labels(model, ours, "AgentToolErrorRateHigh", "critical", tool="search_docs")
    same_tool = _labels(model, ours, "AgentToolErrorRateRising", "warning", tool="search_docs")
    steps = _labels(model, ours, "AgentStepsPerRunHigh", "warning")
    others_drop = _labels(model, theirs, "AgentSuccessRateDrop", "warning")
    strange, other_tool = (
        {"alertname": "DiskFull", "severity": "warning"},
        {**same_tool, "tool": "send_email"},
    )

    # A source inhibits from the moment at which it exists: the critical alerts come first.
    _send(started, low, dead, {"alertname": "HostDown", "severity": "critical"})
    until(lambda: people[0].names("team-support-page") == {"AgentSuccessRateLow", "AgentToolErrorRateHigh"})
    _send(started, drop, same_tool, other_tool, steps, others_drop, strange)
    tickets = [steps["alertname"], other_tool["alertname"]]
    until(lambda: people[0].names("team-support-ticket") == set(tickets))
    until(lambda: people[0].names("team-research-ticket") == {"AgentSuccessRateDrop"})
    until(lambda: people[0].names("unrouted") == {"DiskFull", "HostDown"})

    assert _inhibited(started) == {"AgentSuccessRateDrop", "AgentToolErrorRateRising"}
    rising = [one["tool"] for one in people[0].told["team-support-ticket"] if "tool" in one]
    assert rising == ["send_email"]
    assert people[0].names("team-support-page") == {"AgentSuccessRateLow", "AgentToolErrorRateHigh"}
    assert "team-research-page" not in people[0].told


def test_what_does_not_tell_a_signals_state_pages_and_holds_nothing_back(
    model: Model, people: tuple[People, str]
) -> None:
    """With a critical severity: a cost without some prices is incomplete, and may well have risen."""
    library = replace(model.library, alerts=_paging(model.library.alerts))
    services = tuple(replace(service, alerts=_paging(service.alerts)) for service in model.services)
    paging = replace(model, library=library, services=services)
    series = _labels(paging, "support-agent", "AgentSeriesBudgetExceeded", "critical")
    same_signal = _labels(paging, "support-agent", "AgentSuccessRateDrop", "warning") | {
        names.SIGNAL: series[names.SIGNAL]
    }
    unpriced = _labels(paging, "support-agent", "AgentTokensUnpriced", "critical")
    dearer = _labels(paging, "support-agent", "AgentCostPerRunRegression", "warning")
    with _filled_in(paging, people[1]) as server:
        _send(server, series, unpriced)
        paged = {"AgentSeriesBudgetExceeded", "AgentTokensUnpriced"}
        until(lambda: people[0].names("team-support-page") == paged)
        _send(server, same_signal, dearer)
        tickets = {"AgentSuccessRateDrop", "AgentCostPerRunRegression"}
        until(lambda: people[0].names("team-support-ticket") == tickets)
        assert _inhibited(server) == set()


def _paging(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Make the alerts without a bound critical."""
    return tuple(
        replace(alert, tiers=(Tier(AlertSeverity.CRITICAL, 0, ""),))
        if isinstance(alert.kind, Unpriced | SeriesCount)
        else alert
        for alert in alerts
    )


def test_it_is_taken_as_it_is(model: Model) -> None:
    """Receivers without channels are allowed, so that one can check the routes first."""
    text = alertmanager([*map(routing, model.services)]).text
    assert text == (_ROOT / "output" / names.ALERTMANAGER_PATH).read_text()
    with alertmanager_server(text) as server:
        shown = json.loads(server.connection.send("GET", "/api/v2/receivers").body)
    owners = ("team-research", "team-support")
    expected = {"unrouted", *(f"{owner}-{kind}" for owner in owners for kind in ("page", "ticket"))}
    assert {receiver["name"] for receiver in shown} == expected


def test_a_receiver_for_all_alerts_may_be_the_only_one(model: Model) -> None:
    everyone = Receiver("everyone", (), 2 * HOUR, ())
    text = alertmanager([*map(routing, model.services)], [everyone]).text
    assert yaml.safe_load(text)["route"].keys().isdisjoint({"routes"})
    assert yaml.safe_load(text)["route"]["repeat_interval"] == "2h"
    with alertmanager_server(text) as server:
        shown = json.loads(server.connection.send("GET", "/api/v2/receivers").body)
    assert [receiver["name"] for receiver in shown] == ["everyone"]


def test_what_alertmanager_refuses_is_told() -> None:
    refused = pytest.raises(LiveError, match=r"Alertmanager does not start: .*undefined receiver")
    with refused, alertmanager_server("route: {receiver: nobody}\nreceivers: [{name: somebody}]\n"):
        pass
