"""agent-fleet: which service needs somebody now, and what do all of them do and spend together?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even, row
from generator.grafana.links import of_row
from generator.grafana.panels import Cell, Column, Query, Table
from generator.grafana.queries import within_a_day
from generator.grafana.readable import replaced
from generator.model import names
from generator.promql.expr import Series, aggregate, binary, number, total

if TYPE_CHECKING:
    from generator.grafana.panels import Panel, Scale
    from generator.grafana.records import Records
    from generator.promql.expr import Expr

UID = names.DASHBOARDS["fleet"]

_BY = (names.SERVICE,)
_LEGEND = f"{{{{{names.SERVICE}}}}}"
_STATUS = Series(names.BOARD_STATUS)
_OVERVIEW = of_row(names.DASHBOARDS["overview"], service=names.SERVICE)


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent fleet",
        "Which service needs somebody now, and what do all of them do and spend together?",
        (),
        (
            Section(
                "",
                (
                    even(3, *_counts(records), *_totals(records)),
                    row(10, (17, services(records)), (7, wrong())),
                ),
            ),
            Section("Since when?", (even(9, *_lines(records)),)),
        ),
    )


def services(records: Records) -> Panel:
    """List the services, the worst first."""
    columns = (
        Column("Service", names.SERVICE, link=("Overview", _OVERVIEW)),
        Column("Status", Query(_worst(records)), grammar.COUNT, Cell.STATUS, width=95),
        Column("Critical", Query(_signals(colours.CRITICAL), rare=True), grammar.EVENTS, width=75),
        Column("Warning", Query(_signals(colours.WARNING), rare=True), grammar.EVENTS, width=80),
        _column(records, "Runs", "run_count", grammar.EVENTS, 75),
        _column(records, "Success", "success_rate", grammar.SHARE, 85),
        _column(records, "Latency p95", "latency_p95", grammar.DURATION, 105),
        _column(records, "Cost per run", "cost_per_run", grammar.MONEY, 105),
        _column(records, "USD per hour", "cost_rate", grammar.MONEY, 105),
        _column(records, "USD in 24h", "spend", grammar.MONEY, 100),
        Column("Budget used", Query(_used(records)), grammar.USED, width=110, steps=_BUDGET),
    )
    return grammar.table(
        "Services",
        "Every service, the worst first: its status is that of its worst signal, beside the number of critical signals "
        "and of warnings. A click on a service leads to its overview.",
        Table(columns, sort=("Status", True)),
    )


def wrong() -> Panel:
    """List what makes services look bad."""
    bad = total(_STATUS.now() > number(0), (names.SERVICE, names.SIGNAL))
    calm = number(0) * aggregate("max", _STATUS.now())
    calm = replaced(calm, names.SIGNAL, "every signal is OK", "", "")
    columns = (
        Column("Service", names.SERVICE, link=("Overview", _OVERVIEW)),
        Column("Signal", names.SIGNAL),
        Column("Status", Query(binary("or", bad, calm, on=())), grammar.COUNT, Cell.STATUS, width=95),
    )
    return grammar.table(
        "What is wrong",
        "Signals of all services that are critical or warn, the worst first. A click leads to the service's overview.",
        Table(columns, sort=("Status", True)),
    )


_BUDGET = ((None, colours.OBJECTIVE), (0.8, colours.AMBER), (1.0, colours.RED))


def _worst(records: Records) -> Expr:
    """Find each service's worst status; one that should have a status, and has none, is without data."""
    silent = [aggregate("max", within_a_day(_STATUS), _BY)]
    promises = sorted(name for name in records.names if name.endswith(":objective"))
    silent += [aggregate("max", Series(name).now(), _BY) for name in promises]
    found = aggregate("max", _STATUS.now(), _BY)
    for known in silent:
        found = found | number(0) * known + number(colours.NO_DATA.code)
    return found


def _signals(status: colours.Status) -> Expr:
    return aggregate("count", binary("==", _STATUS.now(), number(status.code)), _BY)


def _used(records: Records) -> Expr:
    return binary("/", records.series("spend").now(), records.series("spend", part="objective").now(), on=_BY)


def _column(records: Records, title: str, signal: str, scale: Scale, width: int) -> Column:
    return Column(title, Query(records.series(signal).now()), scale, width=width)


def _counts(records: Records) -> tuple[Panel, ...]:
    shown = (
        (colours.CRITICAL, "Critical"),
        (colours.WARNING, "Warning"),
        (colours.NO_DATA, "No data"),
        (colours.OK, "OK"),
    )
    known = grammar.number(
        grammar.EVENTS,
        "Services",
        "Services that have a status, or had one within a day, or promise something.",
        Query(aggregate("count", _worst(records))),
    )
    return known, *(
        grammar.number(
            grammar.EVENTS,
            title,
            f"Services whose status is {status.text}.",
            Query(_number_of(_worst(records), status)),
            steps=((None, colours.GREY), (1, status.colour)),
        )
        for status, title in shown
    )


def _number_of(found: Expr, status: colours.Status) -> Expr:
    """Count the services of a status: 0 where others have one, nothing where there are no services."""
    counted = aggregate("count", binary("==", found, number(status.code)))
    return counted | number(0) * aggregate("count", found)


def _totals(records: Records) -> tuple[Panel, ...]:
    shown = (
        (grammar.EVENTS, "Runs", f"Runs of all services within {records.window('run_count')}.", "run_count"),
        (grammar.MONEY, "Spend per hour", "Estimated USD an hour of all services.", "cost_rate"),
        (grammar.MONEY, "Spend in 24 hours", "Estimated USD of the last 24 hours of all services.", "spend"),
    )
    return tuple(
        grammar.number(scale, title, said, Query(total(records.series(signal).now())))
        for scale, title, said, signal in shown
    )


def _lines(records: Records) -> tuple[Panel, ...]:
    return (
        grammar.stacked(
            grammar.EVENTS,
            "Runs by service",
            f"Runs that finished within {records.window('run_count')}.",
            Query(records.series("run_count").now(), _LEGEND),
        ),
        _line(
            records,
            "success_rate",
            grammar.GOOD_SHARE,
            "Success rate by service",
            "Share of runs that ended well.",
        ),
        _line(
            records,
            "latency_p95",
            grammar.DURATION,
            "Latency p95 by service",
            "One run in twenty was slower.",
        ),
        grammar.stacked(
            grammar.MONEY,
            "Spend per hour by service",
            "Estimated USD an hour, also while no run finishes.",
            Query(records.series("cost_rate").now(), _LEGEND),
        ),
    )


def _line(records: Records, signal: str, scale: Scale, title: str, said: str) -> Panel:
    found = Query(records.series(signal).now(), _LEGEND)
    return grammar.lines(scale, title, said, found)
