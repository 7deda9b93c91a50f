"""Queries without data, each with the reason: any other one without data fails, and so does one of these with data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.grafana.day import PLAIN, PROMISING

if TYPE_CHECKING:
    from tests.grafana.documents import PanelQuery

_UNIT = "the service declares no signal of its own in this unit"
_BUDGET = "the service has no budget"
_WELL = "no alert is true"
_LASTS = "no more events are bad than the error budget allows"
_FORECAST = "a forecast waits for a whole yesterday"
_ALIKE = "no service warns without being critical"
_LINES = ("Lowest success rates", "Highest latencies (p95)", "Most runs", "Highest spend per hour")

#: On the first day of few services.
ALWAYS = {
    **{f"{uid} / Spend in 24 hours (timeseries) / B": _FORECAST for uid in ("agent-overview", "agent-cost")},
    **{f"agent-fleet / {title} (timeseries) / B": _ALIKE for title in _LINES},
}

#: On a healthy day; all of these have data on the broken day.
HEALTHY = {
    "agent-overview / Status (table) / E": _WELL,
    "agent-overview / Alerts (table) / A": _WELL,
    "agent-runs / Error budget ends in (stat) / A": _LASTS,
    "agent-overview / ${signal} (timeseries) / B": _UNIT,
    "agent-overview / ${signal} (timeseries) / C": _UNIT,
    "agent-overview / ${signal} (timeseries) / D": _UNIT,
}

QUIET = {
    PROMISING: {**HEALTHY, **ALWAYS},
    PLAIN: {
        **HEALTHY,
        **ALWAYS,
        "agent-overview / ${signal} (timeseries) / A": _UNIT,
        "agent-overview / Spend in 24 hours (timeseries) / D": _BUDGET,
        "agent-cost / Spend in 24 hours (timeseries) / D": _BUDGET,
    },
}

_OTHERS = {"all others", "highest of the others"}
_TOO_LOW = ("too low: tokens without a price", "beyond the last bucket", "took more")


def of_others(target: PanelQuery) -> bool:
    """Whether a query has data only with more values than a chart distinguishes: see ``test_leading``."""
    return target.json["legendFormat"] in _OTHERS


def warns(target: PanelQuery) -> bool:
    """Whether a query has data only where the others of its panel are unreliable."""
    return str(target.json["legendFormat"]).endswith(_TOO_LOW)


def judges(target: PanelQuery) -> bool:
    """Whether a query is one of several for a number, of which only one has data, in its colour."""
    alike = [one for one in target.panel.targets if one["legendFormat"] == target.json["legendFormat"]]
    return target.panel.type == "stat" and len(alike) > 1 and "{" not in target.json["legendFormat"]
