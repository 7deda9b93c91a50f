"""agent-fleet: which service needs attention now, and what do all of them do and spend together?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.alerts import alert_list
from generator.grafana.panels import Cell, Column, Dashboard, Panel, Query, Scale, Section, Table, even
from generator.grafana.queries import ago, at_end
from generator.grafana.status_board import titled
from generator.grafana.variables import environment, named, of_name, of_row
from generator.model import names
from generator.model.panels import ALL_ALERTS
from generator.promql.expr import Expr, Series, aggregate, binary, number, top, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.grafana.records import Records

UID = names.DASHBOARDS["fleet"]

_BY = (names.SERVICE,)
_LEGEND = f"{{{{{names.SERVICE}}}}}"
_STATUS, _WORST = Series(names.BOARD_STATUS), Series(names.BOARD_WORST)
_OVERVIEW = of_row(names.DASHBOARDS["overview"], service=names.SERVICE)
_SERVICE = Column("Service", names.SERVICE, link=("Overview", _OVERVIEW))
#: The number of services that a chart highlights, and of those drawn over time.
_FIRST, _DRAWN = 10, 20
#: The choices of services that stand out, each with a factor that puts a status before all values.
_FOREMOST = {"topk": 1e12, "bottomk": -1}


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    first = (even(4, _counts(records), _totals(records)), even(11, services(records)))
    return Dashboard(
        UID,
        "Agent fleet",
        "Which service needs attention now, and what do all services do and spend together?",
        (*environment(records), named()),
        (
            Section("", first),
            Section(
                "Since when, and why?",
                (
                    even(8, alert_list(records, partial(_of, records), _SERVICE, about=ALL_ALERTS)),
                    even(10, history(records)),
                ),
            ),
            Section("Which services stand out?", (even(9, *_charts(records)),)),
        ),
    )


def services(records: Records) -> Panel:
    """List the services, the worst first."""
    columns = (
        Column("Status", Query(_worst(records)), grammar.COUNT, Cell.STATUS, width=92),
        _SERVICE,
        Column("Look at", "metric", of=Query(_look_at(records))),
        Column("Since", "since", width=66, right=True, of=Query(_since(records))),
        Column("Alerts", Query(_firing(records)), grammar.EVENTS, width=62),
        _column(records, "Runs", "run_count", grammar.EVENTS, 64),
        _column(records, "Success", "success_rate", grammar.SHARE, 78),
        _column(records, "p95", "latency_p95", grammar.DURATION, 82),
        _column(records, "USD/h", "cost_rate", grammar.MONEY, 82),
        Column("Budget", Query(_used(records)), grammar.USED, width=74, steps=colours.NEARLY_USED),
    )
    return grammar.table(
        "Services",
        "Every service, the worst first: its status is that of its worst signal, which stands beside it, since when "
        "the first of its alerts is true, and how many fire. Then its runs, success rate, latency (no more than its "
        "last bucket), spend an hour and the part of the day's budget that is used, amber from 80 % on. A click on a "
        "service leads to its overview.",
        Table(columns, sort=("Status", True)),
        empty="No service is known at the end of this time range: are the rule files loaded?",
    )


def history(records: Records) -> Panel:
    """Draw the status of services over time."""
    bad = _of(records, _WORST, at_end) >= number(colours.WARNING.code)
    worst = Expr(f"topk({_DRAWN}, {bad})")
    return grammar.timeline(
        "Status of the worst services",
        f"The services that warn or are critical at the end, the {_DRAWN} worst of them, and their status over time: "
        "since when, how often, and which of them began together.",
        Query(binary("and", _stated(records, _of(records, _WORST)), worst, on=_BY), _LEGEND),
        empty="No service warns or is critical at the end, or no rules are evaluated",
    )


def _worst(records: Records) -> Expr:
    """Return each service's worst status; a known service without a status has no data."""
    stated = _stated(records, _of(records, _WORST))
    return binary("or", stated, number(colours.NO_DATA.code) * _known(records), on=_BY)


def _stated(records: Records, worst: Expr) -> Expr:
    """Show "no runs" for services whose status is good only because nothing finishes.

    One series a service, also where its status changes in the range: a series of another name would be another line.
    """
    idle = binary("and", _known(records), binary("==", _now(records, "run_count"), number(0)), on=_BY)
    bad = worst >= number(colours.WARNING.code)
    status = binary("or", bad, number(colours.NO_RUNS.code) * idle, on=_BY)
    return aggregate("max", binary("or", status, worst, on=_BY), _BY)


def _known(records: Records) -> Expr:
    return aggregate("group", _of(records, Series(names.KNOWN)), _BY)


def _of(records: Records, series: Series, read: Callable[[Series], Expr] = Series.now) -> Expr:
    """Read ``series`` of the services chosen by name and by environment.

    Unknown services that alerts are about have no environment, and are always included.
    """
    here = read(of_name(series))
    if not records.environments:
        return here
    elsewhere = Series(names.KNOWN).where("!~", **{names.ENVIRONMENT: f"${names.ENVIRONMENT}"})
    return binary("unless", here, aggregate("group", read(elsewhere), _BY), on=_BY)


def _look_at(records: Records) -> Expr:
    """Name each service's worst signal; its own signals bring their titles."""
    bad = top(aggregate("max", _of(records, _STATUS), (*_BY, names.SIGNAL)) > number(0), _BY)
    own = _of(records, Series(names.BOARD_CURRENT).where("!=", **{names.TITLE: ""}))
    by = (names.SERVICE, names.SIGNAL)
    titles = aggregate("group", own, (*by, names.TITLE))
    with_title = binary("*", bad, titles, on=by, group_left=(names.TITLE,))
    return titled(binary("or", with_title, bad, on=by), records, of_one=False)


def _since(records: Records) -> Expr:
    return ago(aggregate("min", _of(records, Series(names.BOARD_SINCE)), _BY), _BY)


def _firing(records: Records) -> Expr:
    alerts = Series(names.ALERTS).where(alertstate="firing").where("!=", **{names.SIGNAL: ""})
    return aggregate("count", _of(records, alerts), _BY)


def _used(records: Records) -> Expr:
    budget = of_name(records.series("spend", part="objective")).now()
    return binary("/", _now(records, "spend"), budget, on=_BY)


def _now(records: Records, signal: str) -> Expr:
    return _of(records, records.series(signal))


def _column(records: Records, title: str, signal: str, scale: Scale, width: int) -> Column:
    return Column(title, Query(_now(records, signal)), scale, width=width)


def _counts(records: Records) -> Panel:
    """Count the services of each status, and all of them."""
    statuses = (colours.CRITICAL, colours.WARNING, colours.NO_RUNS, colours.NO_DATA, colours.OK)
    counts = (
        Query(
            _number_of(_worst(records), status),
            status.text.capitalize() if status is not colours.OK else status.text,
            steps=((None, colours.GREY), (1, status.colour)),
        )
        for status in statuses
    )
    return grammar.number_panel(
        grammar.EVENTS,
        "Services by status",
        "All services that the rules know, silent ones included, by the status of their worst signal. No runs: no run "
        "finishes, so most signals have no value.",
        *counts,
        Query(aggregate("count", _worst(records)), "all", colour=colours.BLUE),
    )


def _number_of(expr: Expr, status: colours.Status) -> Expr:
    """Count the services of a status: 0 if only others have services, nothing without any services."""
    counted = aggregate("count", binary("==", expr, number(status.code)))
    return counted | number(0) * aggregate("count", expr)


def _totals(records: Records) -> Panel:
    """Sum the runs and the spend of all services."""
    shown = (
        (grammar.EVENTS, f"runs in {records.window('run_count')}", "run_count"),
        (grammar.DOLLARS, "an hour", "cost_rate"),
        (grammar.DOLLARS, "in 24 hours", "spend"),
    )
    sums = (
        Query(total(_now(records, signal)), title, colour=colours.BLUE, scale=scale)
        for scale, title, signal in shown
    )
    return grammar.number_panel(
        grammar.EVENTS,
        "Runs and spend",
        "Runs of all services, and their estimated USD: at the present pace, and of the last 24 hours.",
        *sums,
    )


def _charts(records: Records) -> tuple[Panel, ...]:
    """Draw for each measure the services that stand out at the end, in shades of their status."""
    most, least = _FOREMOST
    return (
        grammar.lines(
            grammar.GOOD_SHARE,
            "Lowest success rates",
            f"Share of runs that ended well, of the {_FIRST} services with the lowest. {_SHADES}",
            *_standing_out(records, "success_rate", least),
        ),
        grammar.lines(
            grammar.DURATION,
            "Highest latencies (p95)",
            f"One run in twenty was slower, in the {_FIRST} slowest services. {_SHADES}",
            *_standing_out(records, "latency_p95", most),
        ),
        grammar.stacked(
            grammar.EVENTS,
            "Most runs",
            f"Runs that finished within {records.window('run_count')}, of the {_FIRST} busiest services. {_SHADES}",
            *_standing_out(records, "run_count", most),
            _others(records, "run_count", most),
        ),
        grammar.stacked(
            grammar.MONEY,
            "Highest spend per hour",
            f"Estimated USD an hour, also while no run finishes, of the {_FIRST} dearest services. {_SHADES}",
            *_standing_out(records, "cost_rate", most),
            _others(records, "cost_rate", most),
        ),
    )


_SHADES = "Red is critical, amber warns, blue is well; grey are all others together."


def _standing_out(records: Records, signal: str, choose: str) -> tuple[Query, ...]:
    """Split the services that stand out by their status at the end: it colours them, as names have no meaning."""
    first = _chosen_at_end(records, choose, records.series(signal))
    shown = binary("and", _now(records, signal), first, on=_BY)
    worst = at_end(of_name(_WORST))
    by_status = (
        Query(
            binary("and", shown, binary("==", worst, number(status.code)), on=_BY),
            _LEGEND,
            colour=status.colour,
            shades=True,
        )
        for status in (colours.CRITICAL, colours.WARNING)
    )
    bad = worst >= number(colours.WARNING.code)
    well = Query(binary("unless", shown, bad, on=_BY), _LEGEND, colour=colours.BLUE, shades=True)
    return (*by_status, well)


def _others(records: Records, signal: str, choose: str) -> Query:
    first = _chosen_at_end(records, choose, records.series(signal))
    rest = binary("unless", _now(records, signal), first, on=_BY)
    return Query(total(rest), "all others", colour=colours.GREY)


def _chosen_at_end(records: Records, choose: str, series: Series) -> Expr:
    """Choose services by their value at the end of the range: a choice at each instant would draw fragments.

    One that is in trouble and has no value then, as nothing finishes or reports, is among the first.
    """
    values = _of(records, series, at_end)
    bad = _of(records, _WORST, at_end) >= number(colours.WARNING.code)
    either = binary("or", values, binary("*", bad, number(_FOREMOST[choose])), on=_BY)
    return Expr(f"{choose}({_FIRST}, {either})")
