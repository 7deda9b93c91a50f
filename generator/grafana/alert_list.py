"""The list of pending and firing alerts: name, subject, severity, start and runbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import grammar
from generator.grafana.annotations import parts
from generator.grafana.panels import Cell, Column, Panel, Query, Table
from generator.grafana.readable import ago, joined, replaced
from generator.model import names
from generator.promql.expr import Expr, Series, aggregate, binary

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.grafana.records import Records

_NAME, _STATE = "alertname", "alertstate"
#: The labels that distinguish the rows.
_BY = (names.SERVICE, names.SEVERITY, _NAME, _STATE, names.PART)


def alert_list(records: Records, of: Callable[[Series], Expr], *whose: Column) -> Panel:
    """List the alerts that ``of`` selects; ``whose`` are the columns with their service."""
    runbook = ("Runbook", f"{records.runbooks}/${{__data.fields.{_NAME}}}.md")
    columns = (
        Column("Severity", names.SEVERITY, cell=Cell.SEVERITY, width=92, of=Query(alerts(of), rare=True)),
        *whose,
        Column("Alert", _NAME, link=runbook),
        Column("Part", names.PART),
        Column("State", _STATE, width=72),
        Column("Since", "since", width=66, right=True),
    )
    panel = grammar.table(
        "Alerts",
        "Alerts that fire, and those that are true and still wait, the worst first, each with its tool, model or stop "
        "reason, and since when it is true. A click on its name opens its runbook.",
        Table(columns, sort=("row", False)),
    )
    return panel.without_data("No alert is true, or no rules are evaluated")


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
    rows = replaced(ago(started, "since", _BY), "rank", "3", "", "")
    for rank, severity in enumerate(("critical", "warning", "info")):
        rows = replaced(rows, "rank", str(rank), names.SEVERITY, severity)
    return joined(rows, "row", " ", "rank", *_BY[1:], names.SERVICE)
