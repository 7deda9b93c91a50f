"""The status board: metric, current value, trend and status, a row for each signal in its own unit.

One query makes the table. Its rows are the recorded statuses; a signal that had one within a day, or that every
service has, and has none now, is a row without data. Current values and trends are joined to it as text.

Several series of one signal may be there at once: a Prometheus that starts again ends none of those it recorded before,
so the tool that was worst then stays for five minutes beside the one that is now; and two servers behind one data
source may find different ones. Each row takes what is newest: a second series must never make the query fail.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.links import with_everything
from generator.grafana.panels import Cell, Column, Query, Table
from generator.grafana.queries import within_a_day
from generator.grafana.readable import change, joined, readable, replaced
from generator.grafana.variables import mine
from generator.model import names
from generator.model.units import Unit
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, call, literal, number, top

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

#: The article's order: runs, steps and tools, cost and speed.
_ORDER = (
    "run_count",
    "success_rate",
    "stop_reason_distribution",
    "tool_calls_per_run",
    "tool_error_rate",
    "step_count",
    "llm_errors_per_run",
    "token_usage_per_run",
    "cost_per_run",
    "spend",
    "latency_p50",
    "latency_p95",
    "latency_p99",
)
_CURRENT = Series(names.BOARD_CURRENT)
_TREND = Series(names.BOARD_TREND)
_STATUS = Series(names.BOARD_STATUS)
_MISSING = "NO DATA"
_ROW = (names.SIGNAL,)
_BY = (names.SIGNAL, names.WORST)

_DESCRIPTION = (
    "Each signal now, how it moved, and its status: the worst of its alerts, those that still wait included. "
    "A name behind the dot is the worst tool, model or stop reason. Look closer leads to the dashboard that tells more."
    " Not measured: the service's profile does not measure it, or it had no value for a day."
)


def status_board(records: Records) -> Panel:
    """Declare the board."""
    more = ("Look closer", with_everything("${__data.fields.more}"))
    columns = (
        Column("Metric", "metric", link=more),
        Column("Current value", "current", width=105, right=True),
        Column("Trend", "trend", width=165),
        Column("Status", Query(board(records)), grammar.COUNT, Cell.STATUS, width=90),
        Column("Look closer", "more", link=more, width=140),
    )
    return grammar.table("Status", _DESCRIPTION, Table(columns, sort=("row", False)))


def board(records: Records) -> Expr:
    """Compose the query: one series a row, the status as its value, all else as labels."""
    every = _rows(records)
    rows = _joined(_joined(every, _current(), every, "current", names.WORST), _trend(), every, "trend")
    for label in ("current", "trend"):
        rows = replaced(rows, label, _MISSING if label == "current" else "-", label, "")
    rows = joined(rows, "metric", " · ", names.SIGNAL, names.WORST)
    rows = replaced(rows, "metric", "${1}", "metric", "(.+) · ")
    return _placed(rows, records)


def _rows(records: Records) -> Expr:
    """Find the rows: those with a status, then those that should have one."""
    silent = number(0) * within_a_day(mine(_STATUS)) + number(colours.NO_DATA.code)
    expected = (
        call("label_replace", call("vector", number(code)), *map(literal, (names.SIGNAL, name, "", "")))
        for name in _ordered(records)
        if (code := _expected(name, records)) is not None
    )
    found = reduce(
        lambda left, right: binary("or", left, right, on=_ROW), (silent, *expected), mine(_STATUS).now()
    )
    return aggregate("max", found, _ROW)


def _expected(name: str, records: Records) -> float | None:
    """Give the status of a signal without a value; None where the service may have it, and need not."""
    if name in records.shared:
        return colours.NO_DATA.code
    return None if name in records.measured else colours.NOT_MEASURED.code


def _current() -> Expr:
    by_unit = (readable(mine(_CURRENT).where(unit=str(unit)).now(), unit, "current", _BY) for unit in Unit)
    return _dated(any_of(tuple(by_unit)), _CURRENT, _BY)


def _trend() -> Expr:
    by = (*_BY, names.UNIT, names.OVER)
    written = _dated(change(mine(_TREND).now(), "trend", by), _TREND, by)
    named = replaced(
        replaced(written, names.UNIT, "%", names.UNIT, "relative"), names.UNIT, "pp", names.UNIT, "points"
    )
    return joined(named, "trend", " ", "trend", names.UNIT, names.OVER)


def _dated(texts: Expr, source: Series, by: tuple[str, ...]) -> Expr:
    """Give texts the time of the series that they are written from as their value."""
    recorded = aggregate("max", call("timestamp", mine(source).now()), by)
    return binary("+", number(0) * texts, recorded, on=by, group_left=())


def _joined(rows: Expr, texts: Expr, every: Expr, *labels: str) -> Expr:
    """Give rows the labels of their newest texts; ``every`` has the signals of all rows, for those without a text."""
    newest = top(binary("or", texts, every, on=_ROW), _ROW)
    return binary("+", rows, number(0) * newest, on=_ROW, group_left=labels)


def _placed(rows: Expr, records: Records) -> Expr:
    """Add what sorts the rows and where their links lead; a service's own signals stand last."""
    ordered = _ordered(records)
    rows = replaced(rows, "row", "99", "", "")
    for place, name in enumerate(ordered):
        rows = replaced(rows, "row", f"{place:02}", names.SIGNAL, name)
    rows = replaced(rows, "more", names.DASHBOARDS["overview"], "", "")
    for uid in sorted(set(names.DASHBOARD_OF_LAYER.values())):
        of_uid = [name for name in ordered if names.dashboard_of(records.signals[name]) == uid]
        if of_uid:
            rows = replaced(rows, "more", uid, names.SIGNAL, "|".join(of_uid))
    return rows


def _ordered(records: Records) -> tuple[str, ...]:
    """Order the signals of profiles: the known ones, then others by name."""
    on_board = {name for name in records.rows if not records.signals[name].own}
    known = [name for name in _ORDER if name in on_board]
    return (*known, *sorted(on_board - set(known)))
