"""The demo's lines as alerts come and go, and their receivers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from generator.demo.watch import AlertSnapshot, alert_changes, alert_snapshots
from generator.prometheus.alertmanager import Routing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.answers import GroupState

ROUTING = Routing("agent", "team-a", {}, (), None, apart=("tool",), aside=("AgentTokensUnpriced",))


def _alert(name: str, severity: str, *, firing: bool, tool: str = "", seconds: float = 300) -> AlertSnapshot:
    labels = {
        "alertname": name,
        "severity": severity,
        "owner": "team-a",
        "service": "a",
        "signal": "tool_error_rate",
    }
    return AlertSnapshot(labels | ({"tool": tool} if tool else {}), firing, "Tools fail.", seconds)


def _looks(*alerts: AlertSnapshot) -> Mapping[frozenset[tuple[str, str]], AlertSnapshot]:
    return {frozenset(alert.labels.items()): alert for alert in alerts}


def _lines(before: tuple[AlertSnapshot, ...], now: tuple[AlertSnapshot, ...]) -> list[str]:
    return list(alert_changes(_looks(*before), _looks(*now), ROUTING))


def test_a_pending_alert_says_when_it_fires() -> None:
    pending = _alert("AgentToolErrorRateHigh", "critical", firing=False, tool="search")
    assert _lines((), (pending,)) == [
        "pending  AgentToolErrorRateHigh (tool search), critical: Tools fail. It fires in 5m if it stays so."
    ]
    assert _lines((pending,), (pending,)) == []
    assert _lines((pending,), ()) == ["over     AgentToolErrorRateHigh (tool search): it did not stay so"]


def test_a_critical_alert_pages_its_owner_and_a_warning_opens_a_ticket() -> None:
    critical = _alert("High", "critical", firing=True, seconds=0)
    warning = _alert("Rising", "warning", firing=True)
    assert _lines((), (critical,)) == ["FIRING   High, critical: pages team-a (receiver team-a-page)"]
    assert _lines((), (warning,)) == [
        "FIRING   Rising, warning: opens a ticket for team-a (receiver team-a-ticket)"
    ]
    assert _lines((critical,), ()) == ["ended    High"]


def test_a_warning_beside_a_critical_alert_about_the_same_is_held_back() -> None:
    critical = _alert("High", "critical", firing=True, tool="search")
    warning = _alert("Rising", "warning", firing=True, tool="search")
    held = "FIRING   Rising (tool search), warning: held back, as the critical alert about the same says it"
    assert _lines((critical,), (critical, warning)) == [held]
    other = _alert("Rising", "warning", firing=True, tool="send")
    assert "opens a ticket" in _lines((critical,), (critical, other))[0]
    aside = _alert("AgentTokensUnpriced", "critical", firing=True, tool="search")
    assert "opens a ticket" in _lines((aside,), (aside, warning))[0]
    waiting = _alert("High", "critical", firing=False, tool="search")
    assert "opens a ticket" in _lines((waiting,), (waiting, warning))[0]


def test_the_rules_of_a_server_give_the_alerts_with_what_they_wait_for() -> None:
    labels = {"alertname": "High", "severity": "critical", "owner": "team-a"}
    alert = SimpleNamespace(state="firing", labels=labels, annotations={"summary": "It is high."})
    rules = [SimpleNamespace(alerts=(alert,), duration=60.0), SimpleNamespace(alerts=(), duration=0.0)]
    found = alert_snapshots([cast("GroupState", SimpleNamespace(rules=rules))])
    assert list(found.values()) == [AlertSnapshot(labels, firing=True, summary="It is high.", seconds=60.0)]
