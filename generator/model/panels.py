"""The targets of links in alerts: names that the alerting rules and the dashboards share.

Ids and variables are part of links in notifications, which people open weeks later: they must never change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Mapping


class PanelPlace(Struct, frozen=True):
    """A panel's dashboard, and its id there."""

    uid: str
    number: int


UNPRICED = "unpriced"
#: The lists of alerts, for those that no signal shows: of one service, and of all.
ALERTS, ALL_ALERTS = "alerts", "all_alerts"

#: By subject. Panels that no alert links to are counted from 1.
PANELS = {
    ALL_ALERTS: PanelPlace("agent-fleet", 101),
    ALERTS: PanelPlace("agent-overview", 101),
    "run_count": PanelPlace("agent-runs", 101),
    "success_rate": PanelPlace("agent-runs", 102),
    "success_rate:burn": PanelPlace("agent-runs", 103),
    "latency_p50": PanelPlace("agent-runs", 104),
    "latency_p95": PanelPlace("agent-runs", 104),
    "latency_p99": PanelPlace("agent-runs", 104),
    "latency_p95:overflow": PanelPlace("agent-runs", 105),
    "step_count:overflow": PanelPlace("agent-runs", 105),
    "step_count": PanelPlace("agent-runs", 106),
    "step_count:release": PanelPlace("agent-runs", 107),
    "tool_error_rate": PanelPlace("agent-tools", 101),
    "tool_calls_per_run": PanelPlace("agent-tools", 102),
    "tool_latency_p95": PanelPlace("agent-tools", 103),
    "llm_errors_per_run": PanelPlace("agent-tools", 104),
    "tool_error_count": PanelPlace("agent-tools", 105),
    "llm_error_count": PanelPlace("agent-tools", 106),
    "cost_per_run": PanelPlace("agent-cost", 101),
    "token_usage_per_run": PanelPlace("agent-cost", 102),
    "spend": PanelPlace("agent-cost", 103),
    "cost_rate": PanelPlace("agent-cost", 104),
    UNPRICED: PanelPlace("agent-cost", 105),
    "llm_usage_unread_count": PanelPlace("agent-cost", 106),
    "stop_reason_distribution": PanelPlace("agent-stop-reasons", 101),
    "success_rate:release": PanelPlace("agent-releases", 101),
    "latency_p95:release": PanelPlace("agent-releases", 102),
    "stop_reason_distribution:release": PanelPlace("agent-releases", 103),
    "token_usage_per_run:release": PanelPlace("agent-releases", 104),
    "cost_per_run:release": PanelPlace("agent-releases", 105),
    "tool_calls_per_run:release": PanelPlace("agent-releases", 106),
    "tool_error_rate:release": PanelPlace("agent-releases", 107),
}

#: The labels whose values a reader can choose on a dashboard, in the order of its variables.
CHOICES = {
    "agent-fleet": (),
    "agent-overview": ("tool", "model", names.RELEASE),
    "agent-runs": (names.RELEASE,),
    "agent-tools": ("tool", "model", names.RELEASE),
    "agent-cost": ("model", names.RELEASE),
    "agent-stop-reasons": ("stop_reason", names.RELEASE),
    "agent-releases": (names.RELEASE,),
}


#: The titles of the panels, for runbooks.
TITLES: Mapping[PanelPlace, str] = {
    PANELS["run_count"]: "Runs by status",
    PANELS["success_rate"]: "Success rate",
    PANELS["success_rate:burn"]: "Error budget burn",
    PANELS["latency_p50"]: "Run latency",
    PANELS["latency_p95:overflow"]: "Beyond the last bucket",
    PANELS["step_count"]: "Steps per run",
    PANELS["step_count:release"]: "Steps p95 by release",
    PANELS["tool_error_rate"]: "Tool error rate",
    PANELS["tool_calls_per_run"]: "Tool calls per run",
    PANELS["tool_latency_p95"]: "Tool latency p95",
    PANELS["llm_errors_per_run"]: "LLM errors per run",
    PANELS["tool_error_count"]: "Tool errors by class",
    PANELS["llm_error_count"]: "LLM errors by class",
    PANELS["cost_per_run"]: "Cost per run by model",
    PANELS["token_usage_per_run"]: "Tokens per run by type",
    PANELS["spend"]: "Spend in 24 hours",
    PANELS["cost_rate"]: "Spend per hour by model",
    PANELS[UNPRICED]: "Tokens without a price",
    PANELS["llm_usage_unread_count"]: "LLM steps with unread tokens",
    PANELS["stop_reason_distribution"]: "Stop reasons",
    PANELS["success_rate:release"]: "Success rate by release",
    PANELS["latency_p95:release"]: "Latency p95 by release",
    PANELS["stop_reason_distribution:release"]: "Limits and refusals by release",
    PANELS["token_usage_per_run:release"]: "Tokens per run by release",
    PANELS["cost_per_run:release"]: "Cost per run by release",
    PANELS["tool_calls_per_run:release"]: "Tool calls per run by release",
    PANELS["tool_error_rate:release"]: "Tool error rate by release",
}
