"""Alerts on dashboards: the list of pending and firing ones, and marks on the time axis beside the releases'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.grafana import colours, grammar
from generator.grafana.panels import Cell, Column, Panel, Query, Table
from generator.grafana.queries import ago, joined, replaced
from generator.grafana.variables import mine
from generator.model import names
from generator.model.streams import ERROR_CLASS, MODEL, STATUS, STOP_REASON, TOKEN_TYPE, TOOL
from generator.promql.expr import Expr, Series, aggregate, binary, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.grafana.records import Records

_MILLISECONDS = 1000
#: The labels that distinguish alerts of one name.
_PARTS = (
    *(names.LABEL, TOOL, MODEL, STOP_REASON, ERROR_CLASS, TOKEN_TYPE, "reason", STATUS),
    *(names.RELEASE, names.METRIC, names.RULE_GROUP),
)
_NAME, _STATE = "alertname", "alertstate"
#: The labels that distinguish the rows.
_BY = (names.SERVICE, names.SEVERITY, _NAME, _STATE, names.PART)


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


def alert_list(records: Records, of: Callable[[Series], Expr], *whose: Column, about: str) -> Panel:
    """List the alerts that ``of`` selects; ``whose`` are the columns with their service, ``about`` as in ``Panel``."""
    runbook = records.runbook(f"${{__data.fields.{_NAME}}}")
    columns = (
        Column("Severity", names.SEVERITY, cell=Cell.SEVERITY, width=92, of=Query(alerts(of))),
        *whose,
        Column("Alert", _NAME, link=("Runbook", runbook) if runbook else None),
        Column("Part", names.PART),
        Column("State", _STATE, width=72),
        Column("Since", "since", width=66, right=True),
    )
    return grammar.table(
        "Alerts",
        "Firing and pending alerts, the worst first, each with its tool, model or stop reason, and since when it is "
        f"true.{' A click on its name opens its runbook.' if runbook else ''}",
        Table(columns, sort=("row", False)),
        empty="No alert is pending or firing, or no rules are evaluated",
        about=about,
    )


def alerts(of: Callable[[Series], Expr]) -> Expr:
    """Compose the query: a series for each pending or firing alert, with all shown values in its labels."""
    states, since = (
        parts(of(Series(found).where("!=", **{names.SIGNAL: ""})))
        for found in (names.ALERTS, names.ALERTS_FOR_STATE)
    )
    same = tuple(label for label in _BY if label != _STATE)
    # Aggregated, as two servers behind one data source may both have an alert.
    started = binary(
        "*", aggregate("group", states, _BY), aggregate("min", since, same), on=same, group_left=()
    )
    rows = replaced(ago(started, _BY), "rank", "3", "", "")
    for rank, severity in enumerate(("critical", "warning", "info")):
        rows = replaced(rows, "rank", str(rank), names.SEVERITY, severity)
    return joined(rows, "row", " ", "rank", *_BY[1:], names.SERVICE)
