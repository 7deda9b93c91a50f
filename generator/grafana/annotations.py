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
    from generator.promql.expr import Expr

#: What Prometheus itself keeps of alerts.
ALERTS = "ALERTS"
_MILLISECONDS = 1000


def event_annotations(
    source: Mapping[str, str], records: Records, *, of_all: bool
) -> Iterator[dict[str, Any]]:
    """Mark releases and alerts of the chosen service, or of all and named by theirs, read from ``source``."""
    one = (lambda found: found) if of_all else mine
    whose = f"{{{{{names.SERVICE}}}}}: " if of_all else ""
    common = {"datasource": source, "enable": True, "step": f"{records.interval}s"}
    starts = one(Series(names.FIRST_SEEN)).now() * number(_MILLISECONDS)
    if records.has(starts):
        yield common | {
            "name": "Releases",
            "iconColor": colours.BLUE,
            "expr": starts.text,
            "useValueForTime": True,
            "titleFormat": f"{whose}Release {{{{release}}}}",
            "textFormat": "Its first run was counted here.",
        }
    yield common | {
        "name": "Firing alerts",
        "iconColor": colours.RED,
        "expr": _firing(one(Series(ALERTS))).text,
        "titleFormat": f"{whose}{{{{alertname}}}}",
        "textFormat": "{{severity}}: {{signal}} {{part}}",
        "tagKeys": "severity,owner",
    }


def _firing(alerts: Series) -> Expr:
    """Select what fires; the label that all generated alerts have leaves out those of others."""
    found = alerts.where(alertstate="firing").where("!=", **{names.SIGNAL: ""}).now()
    # Grafana writes the name of a label that an alert lacks, so those that only some have become one.
    return joined(found, "part", " ", "tool", "model", "stop_reason", "metric")
