"""Queries that have nothing to show, and why: any other one without data fails, and so does one of these with data."""

from __future__ import annotations

from tests.grafana.day import PLAIN, PROMISING

_BUCKETS = "drawn while more than one run in twenty is beyond the last bucket"
_UNIT = "the service declares no signal of its own in this unit"
_BUDGET = "the service has no budget"

#: On a healthy day; all of these have data on the broken day.
HEALTHY = {
    "agent-overview / Run latency (timeseries) / D": _BUCKETS,
    "agent-runs / Run latency (timeseries) / D": _BUCKETS,
    "agent-overview / ${signal} (timeseries) / B": _UNIT,
    "agent-overview / ${signal} (timeseries) / C": _UNIT,
    "agent-overview / ${signal} (timeseries) / D": _UNIT,
}

QUIET = {
    PROMISING: HEALTHY,
    PLAIN: {
        **HEALTHY,
        "agent-overview / ${signal} (timeseries) / A": _UNIT,
        "agent-overview / Spend in 24 hours (timeseries) / C": _BUDGET,
        "agent-cost / Spend in 24 hours (timeseries) / C": _BUDGET,
        "agent-cost / Budget used (stat) / A": _BUDGET,
    },
}
