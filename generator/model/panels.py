"""The targets of links in alerts: names that the alerting rules and the dashboards share.

Ids and variables are part of links in notifications, which people open weeks later: they must never change.
"""

from __future__ import annotations

from msgspec import Struct

from generator.model import names
from generator.model.streams import STOP_REASON


class PanelPlace(Struct, frozen=True):
    """A panel's dashboard, its id there and its title, for runbooks; a list of alerts has none for them."""

    uid: str
    number: int
    title: str = ""


UNPRICED = "unpriced"
#: The lists of alerts, for those that no signal shows: of one service, and of all.
ALERTS, ALL_ALERTS = "alerts", "all_alerts"

_LATENCY = PanelPlace("agent-runs", 104, "Run latency")
_BEYOND = PanelPlace("agent-runs", 105, "Beyond the last bucket")
#: By subject. Panels that no alert links to are counted from 1.
PANELS = {
    ALL_ALERTS: PanelPlace("agent-fleet", 101),
    ALERTS: PanelPlace("agent-overview", 101),
    "run_count": PanelPlace("agent-runs", 101, "Runs by status"),
    "success_rate": PanelPlace("agent-runs", 102, "Success rate"),
    "success_rate:burn": PanelPlace("agent-runs", 103, "Error budget burn"),
    "latency_p50": _LATENCY,
    "latency_p95": _LATENCY,
    "latency_p99": _LATENCY,
    "latency_p95:overflow": _BEYOND,
    "step_count:overflow": _BEYOND,
    "step_count": PanelPlace("agent-runs", 106, "Steps per run"),
    "step_count:release": PanelPlace("agent-runs", 107, "Steps p95 by release"),
    "tool_error_rate": PanelPlace("agent-tools", 101, "Tool error rate"),
    "tool_calls_per_run": PanelPlace("agent-tools", 102, "Tool calls per run"),
    "tool_latency_p95": PanelPlace("agent-tools", 103, "Tool latency p95"),
    "llm_errors_per_run": PanelPlace("agent-tools", 104, "LLM errors per run"),
    "tool_error_count": PanelPlace("agent-tools", 105, "Tool errors by class"),
    "llm_error_count": PanelPlace("agent-tools", 106, "LLM errors by class"),
    "cost_per_run": PanelPlace("agent-cost", 101, "Cost per run by model"),
    "token_usage_per_run": PanelPlace("agent-cost", 102, "Tokens per run by type"),
    "spend": PanelPlace("agent-cost", 103, "Spend in 24 hours"),
    "cost_rate": PanelPlace("agent-cost", 104, "Spend per hour by model"),
    UNPRICED: PanelPlace("agent-cost", 105, "Tokens without a price"),
    "llm_usage_unread_count": PanelPlace("agent-cost", 106, "LLM steps with unread tokens"),
    "stop_reason_distribution": PanelPlace("agent-stop-reasons", 101, "Stop reasons"),
    "success_rate:release": PanelPlace("agent-releases", 101, "Success rate by release"),
    "latency_p95:release": PanelPlace("agent-releases", 102, "Latency p95 by release"),
    "stop_reason_distribution:release": PanelPlace("agent-releases", 103, "Limits and refusals by release"),
    "token_usage_per_run:release": PanelPlace("agent-releases", 104, "Tokens per run by release"),
    "cost_per_run:release": PanelPlace("agent-releases", 105, "Cost per run by release"),
    "tool_calls_per_run:release": PanelPlace("agent-releases", 106, "Tool calls per run by release"),
    "tool_error_rate:release": PanelPlace("agent-releases", 107, "Tool error rate by release"),
}

#: The labels whose values a reader can choose on a dashboard, in the order of its variables.
CHOICES = {
    "agent-fleet": (),
    "agent-overview": ("tool", "model", names.RELEASE),
    "agent-runs": (names.RELEASE,),
    "agent-tools": ("tool", "model", names.RELEASE),
    "agent-cost": ("model", names.RELEASE),
    "agent-stop-reasons": (STOP_REASON, names.RELEASE),
    "agent-releases": (names.RELEASE,),
}
