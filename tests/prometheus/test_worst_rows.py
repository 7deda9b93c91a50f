"""The board names the part that an alert is about, else the worst one, and none where nothing is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import RecordingRule
from generator.prometheus.rule_set import rule_set
from tests.prometheus.chain import T0

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.server import PrometheusServer
    from generator.model.rules import RuleGroup
    from generator.model.service import Model

_RATES = "tool:agent_tool_error_rate:ratio"
_CALLS = "tool:agent_tool_call:increase15m"
_REASONS = "stop_reason:agent_stop_reason_distribution:ratio"
_SEARCH, _EMAIL = ("search", 0.02), ("email", 0.3)
#: Each service: its tools' error rates, its alerts by tool, and the expected row.
_TOOLS: Mapping[str, tuple[Mapping[str, float], Mapping[str, str], tuple[str, float]]] = {
    "no-alert": (dict([_SEARCH, _EMAIL]), {}, _EMAIL),
    "kept-alert": (dict([_SEARCH, _EMAIL]), {"search": "warning"}, _SEARCH),
    "kept-at-zero": ({"search": 0, "email": 0.3}, {"search": "critical"}, ("search", 0)),
    "worst-of-two": (dict([_SEARCH, _EMAIL]), {"search": "warning", "email": "warning"}, _EMAIL),
    "critical-first": (dict([_SEARCH, _EMAIL]), {"search": "critical", "email": "warning"}, _SEARCH),
    "alert-without-calls": (dict([_SEARCH, _EMAIL]), {"gone": "critical"}, _EMAIL),
    "nothing-fails": ({"search": 0, "email": 0}, {}, ("", 0)),
}
#: The same for stop reasons.
_ENDS: Mapping[str, tuple[Mapping[str, float], Mapping[str, str], tuple[str, float]]] = {
    "no-limit": ({"completed": 1, "max_steps": 0, "budget_exceeded": 0}, {}, ("", 0)),
    "some-limit": ({"completed": 0.9, "max_steps": 0.1, "budget_exceeded": 0}, {}, ("max_steps", 0.1)),
    "no-limit-but-an-alert": (
        {"completed": 0.6, "max_steps": 0.1, "tool_error": 0.3},
        {"tool_error": "warning"},
        ("tool_error", 0.3),
    ),
}


@pytest.fixture(scope="module")
def board(model: Model) -> list[RuleGroup]:
    """The rules of the rows."""
    return [
        replace(group, rules=rules)
        for group in rule_set(model.services, model.library, model.site).groups
        if (rules := tuple(one for one in group.rules if _is_row(one)))
    ]


def _is_row(rule: object) -> bool:
    return isinstance(rule, RecordingRule) and rule.record == names.BOARD_CURRENT


def test_a_row_names_what_its_alert_is_about(
    board: list[RuleGroup], fresh_prometheus: PrometheusServer
) -> None:
    api = fresh_prometheus.api
    for record, label, signal, services in (
        (_RATES, "tool", "tool_error_rate", _TOOLS),
        (_REASONS, "stop_reason", "stop_reason_distribution", _ENDS),
    ):
        for service, (values, alerts, _) in services.items():
            for part, value in values.items():
                write(api, [_series(value, __name__=record, service=service, **{label: part})])
                write(api, [_series(100, __name__=_CALLS, service=service, **{label: part})])
            for part, severity in alerts.items():
                about = {"service": service, "signal": signal, label: part, "severity": severity}
                write(api, [_series(1, __name__="ALERTS", alertname="A", alertstate="firing", **about)])
    evaluate(api, board, T0, T0)
    for signal, services in (("tool_error_rate", _TOOLS), ("stop_reason_distribution", _ENDS)):
        rows = api.query(f'{names.BOARD_CURRENT}{{signal="{signal}"}}', T0)
        found = {
            one.labels["service"]: (one.labels.get(names.WORST, ""), round(one.value, 6)) for one in rows
        }
        assert found == {service: row for service, (_, _, row) in services.items()}
        assert len(rows) == len(found)


def _series(value: float, **labels: str) -> TimeSeries:
    return TimeSeries(labels, [T0 * 1000], [value])
