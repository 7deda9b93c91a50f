"""What is marked on the time axis: the first run of each release, and firing alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.grafana import colours
from generator.grafana.readable import joined
from generator.grafana.variables import mine
from generator.model import names
from generator.promql.expr import Series, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.grafana.records import Records

#: What Prometheus itself keeps of alerts.
ALERTS = "ALERTS"
_MILLISECONDS = 1000


def event_annotations(source: Mapping[str, str], records: Records) -> Iterator[dict[str, Any]]:
    """Mark releases and alerts of the chosen service, read from ``source``."""
    step = f"{records.interval}s"
    starts = mine(Series(names.FIRST_SEEN)).now() * number(_MILLISECONDS)
    if records.has(starts):
        yield {
            "name": "Releases",
            "datasource": source,
            "enable": True,
            "iconColor": colours.BLUE,
            "expr": starts.text,
            "useValueForTime": True,
            "titleFormat": "Release {{release}}",
            "textFormat": "Its first run was counted here.",
            "step": step,
        }
    firing = mine(Series(ALERTS)).where(alertstate="firing").now()
    yield {
        "name": "Firing alerts",
        "datasource": source,
        "enable": True,
        "iconColor": colours.RED,
        # Grafana writes the name of a label that an alert lacks, so those that only some have become one.
        "expr": joined(firing, "part", " ", "tool", "model", "stop_reason", "metric").text,
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}: {{signal}} {{part}}",
        "tagKeys": "severity,owner",
        "step": step,
    }
