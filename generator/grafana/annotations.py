"""Marks on the time axis: the first run of each release, and firing alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.grafana import colours
from generator.grafana.readable import joined, replaced
from generator.grafana.variables import mine
from generator.model import names
from generator.promql.expr import Expr, Series, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.grafana.records import Records

_MILLISECONDS = 1000
#: The labels that distinguish alerts of one name.
_PARTS = (
    *(names.LABEL, "tool", "model", "stop_reason", "error_class", "token_type", "reason", "status"),
    *(names.RELEASE, names.METRIC, "rule_group"),
)


def event_annotations(
    source: Mapping[str, str], records: Records, *, of_all: bool
) -> Iterator[dict[str, Any]]:
    """Mark releases and alerts of the chosen service, or of all with their services' names, read from ``source``.

    Those of all services would be hundreds of lines: they are off until a user turns them on.
    """
    one = (lambda found: found) if of_all else mine
    whose = f"{{{{{names.SERVICE}}}}}: " if of_all else ""
    common = {"datasource": source, "enable": not of_all, "step": f"{records.interval}s"}
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
        "expr": _firing(one(Series(names.ALERTS))).text,
        "titleFormat": f"{whose}{{{{alertname}}}}",
        "textFormat": "{{severity}}: {{signal}} {{part}}",
        "tagKeys": "severity,owner",
    }


def _firing(alerts: Series) -> Expr:
    """Select firing alerts; a label that all generated alerts have excludes other alerts."""
    return parts(alerts.where(alertstate="firing").where("!=", **{names.SIGNAL: ""}).now())


def parts(alerts: Expr) -> Expr:
    """Name the tool, model or other part that each alert is about in one label, as most lack most of these."""
    return replaced(joined(alerts, names.PART, " ", *_PARTS), names.PART, "${1}", names.PART, " *(.*?) *")
