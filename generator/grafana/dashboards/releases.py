"""agent-releases: is the newest release worse than the previous one, in which signals, and since when?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.dashboards import cost, runs, stop_reasons, tools
from generator.grafana.panels import Column, Dashboard, Panel, Query, Scale, Section, Table, even
from generator.grafana.queries import ENOUGH, by
from generator.grafana.variables import mine, of_row, variables
from generator.model import names
from generator.model.alerts import NEWEST_WINDOW, PREVIOUS_WINDOW, STEP_WINDOW
from generator.model.panels import CHOICES, PANELS
from generator.model.signals import Better, Distribution, Quantile, Signal
from generator.model.units import Unit, duration
from generator.promql.expr import Expr, Series, aggregate, binary, call, number, top, total

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["releases"]
_MILLISECONDS = 1000
_HALF = 0.5
_PERCENT = 100
_RUNS = "success_rate"
_BY = (names.RELEASE,)
_LEGEND = f"{{{{{names.RELEASE}}}}}"
_POINTS = Scale("suffix: pp", decimals=1)
_RELATIVE = Scale("percentunit", decimals=0)
_SCALES = {**grammar.OF_UNIT, Unit.RATIO: grammar.SHARE}
_CALM = colours.TEXT
#: The smallest visible and the smallest bad difference, in percentage points or as a part of the earlier value.
_SEEN, _BAD = {True: 1.0, False: 0.1}, {True: 5.0, False: 0.2}
#: The names of the difference: as a whole, and of the part with which alerts charge the newest release.
_DIFFERENCE, _DUE = "difference", "due to release"
_ELSE = "Without a new release: the current one's, over the window of the signal."
_OVER = (
    f"The newest release over the last {duration(NEWEST_WINDOW)}, and the one that carried the runs before it over its "
    f"last {duration(PREVIOUS_WINDOW)}"
)
_ALIKE = (
    f"The newest release, and the one that carried the runs before it: over the same hours while both live, "
    f"{duration(NEWEST_WINDOW)} at most, else over its last {duration(PREVIOUS_WINDOW)}"
)
_CHARGED = (
    f"as alerts compare it: if the previous one is gone, no more than the step from its last {duration(STEP_WINDOW)} "
    f"to the newest one's first"
)


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent releases",
        "Is the newest release worse than the one before it, in what, and since when?",
        variables(records, *CHOICES[UID]),
        (
            Section(
                "Is the newest release worse than the previous one?",
                tuple(even(4, *three) for three in _compared(records)),
            ),
            Section("Which releases live?", (even(5, living(records)),)),
            Section("Since when?", tuple(even(8, *three) for three in _over_time(records))),
        ),
    )


def comparison(records: Records) -> tuple[Panel, ...]:
    """Compare first the signals that users notice."""
    limits = records.limits or ("max_steps",)
    return (
        compared_runs(records),
        compared_signal(records, "success_rate", "Success rate"),
        compared_signal(records, "latency_p95", "Latency p95"),
        compared_signal(records, "cost_per_run", "Cost per run"),
        compared_signal(records, "stop_reason_distribution", "Limits and refusals", of=limits),
    )


def living(records: Records) -> Panel:
    """List the releases that finish runs, the newest first."""
    column = names.RELEASE
    seen = mine(Series(names.FIRST_SEEN)).now() * number(_MILLISECONDS)
    columns = (
        Column("Release", column, link=("Only this release", of_row(UID, names.SERVICE, release=column))),
        Column("First seen", Query(seen), grammar.MOMENT, width=165),
        Column("Runs", by(records, "run_count", column), grammar.EVENTS, width=65),
        Column("Success rate", by(records, "success_rate", column), grammar.SHARE, width=110),
        Column("Latency p95", by(records, "latency_p95", column), grammar.DURATION, width=105),
        Column("Steps p95", by(records, "step_count", column), grammar.COUNT, width=95),
        Column("Tokens", by(records, "token_usage_per_run", column), grammar.COUNT, width=80),
        Column("Cost", by(records, "cost_per_run", column), grammar.MONEY, width=80),
        Column("Tool calls", by(records, "tool_calls_per_run", column), grammar.COUNT, width=90),
    )
    return grammar.table(
        "Live releases",
        f"Every release that finishes runs, over the last {records.window('run_count')}, the newest first; "
        "tokens, cost and tool calls are those of a run. A click keeps that release alone.",
        Table(columns, sort=("First seen", True)),
        empty="No release finished a run lately, or this service does not name its release",
    )


def _compared(records: Records) -> tuple[tuple[Panel, ...], ...]:
    """Compare effects on users, then causes, then cost; more than three side by side have no room for their numbers."""
    counted, success, latency, cost_per_run, limits = comparison(records)
    return (
        (counted, success, latency),
        (
            limits,
            compared_signal(records, "step_count", "Steps p95"),
            compared_signal(records, "tool_calls_per_run", "Tool calls per run"),
        ),
        (
            compared_signal(records, "tool_error_rate", "Tool error rate"),
            compared_signal(records, "token_usage_per_run", "Tokens per run"),
            cost_per_run,
        ),
    )


def _over_time(records: Records) -> tuple[tuple[Panel, ...], ...]:
    """Draw first the effects on users, then causes, then cost; three side by side leave room for their titles."""
    return (
        (
            runs.runs_by_release(records),
            runs.success_by_release(records),
            runs.latency_by_release(records),
        ),
        (
            stop_reasons.limits_by_release(records),
            tools.calls_by_release(records),
            tools.error_rate_by_release(records),
        ),
        (cost.tokens_by_release(records), cost.cost_by_release(records), cost.rate_by_release(records)),
    )


class Side(Struct, frozen=True):
    """One of the two releases: its part of names, its marker, and its window."""

    name: str
    marker: str
    window: int
    colour: str


NEWEST = Side("newest", names.NEWEST, NEWEST_WINDOW, colours.BLUE)
PREVIOUS = Side("previous", names.PREVIOUS, PREVIOUS_WINDOW, colours.EARLIER)
_SIDES = (NEWEST, PREVIOUS)


def compared_runs(records: Records) -> Panel:
    """Show the number of runs in the comparison."""
    newest, previous = (_runs(records, side) for side in _SIDES)
    current = mine(records.series("run_count", names.RELEASE))
    return grammar.number_panel(
        grammar.EVENTS,
        "Runs compared",
        f"{_ALIKE}. No difference is shown below {ENOUGH} runs of either. {_ELSE}",
        Query(_or_current(records, newest, current), _LEGEND, colour=NEWEST.colour),
        Query(previous, _LEGEND, colour=PREVIOUS.colour),
        empty="no release",
    )


def compared_signal(records: Records, name: str, title: str, *, of: tuple[str, ...] = ()) -> Panel:
    """Show a signal of both releases and their difference; ``of`` are the values that count of a distribution."""
    known = records.signals.get(name)
    shares = known is None or known.unit.changes_in_points
    newest, previous = (value(records, name, side, of) for side in _SIDES)
    change = _of_one(mine(records.series(name, names.RELEASE, part="release_change")).now(), NEWEST)
    charged = known is not None and records.has(change)
    usual = ", by what it was half of the time" if known and isinstance(known.kind, Quantile) else ""
    higher = known is not None and known.better is Better.HIGHER
    unit = "percentage points" if shares else "percent"
    explained = (
        f"{_ALIKE}; then how much of the difference is due to the release, in {unit}, {_CHARGED}."
        if charged
        else f"{_OVER}{usual}; then how far they differ, in {unit}."
    )
    if charged:
        difference = change * number(_PERCENT) if shares else change
    else:
        difference = _difference(newest, previous, shares=shares)
    return grammar.number_panel(
        _SCALES[known.unit] if known else grammar.COUNT,
        title,
        f"{explained} Amber: {'5 points' if shares else '20 %'} worse or more; red: a critical alert about it. {_ELSE}",
        Query(_or_current(records, newest, _current(records, name, of)), _LEGEND, colour=NEWEST.colour),
        Query(previous, _LEGEND, colour=PREVIOUS.colour),
        *_coloured(
            records,
            name,
            Query(
                _enough(records, difference),
                _DUE if charged else _DIFFERENCE,
                scale=_POINTS if shares else _RELATIVE,
                steps=_steps(shares=shares, higher=higher),
            ),
        ),
        empty="no release",
    )


def _coloured(records: Records, name: str, difference: Query) -> tuple[Query, ...]:
    """Colour a difference red while a critical alert compares the releases by the signal, else by its size."""
    place = PANELS.get(f"{name}:{names.RELEASE}")
    alerts = [one.alert for one in records.watches if one.signal == name and one.panel == place]
    if not alerts:
        return (difference,)
    on = (names.SERVICE,)
    true = mine(Series(names.ALERTS)).one_of("alertname", alerts).where(severity="critical").now()
    critical = binary("and", difference.expr, aggregate("group", true, on), on=on)
    rest = binary("unless", difference.expr, critical, on=on)
    return (
        replace(difference, expr=critical, steps=(), colour=colours.RED),
        replace(difference, expr=rest),
    )


def _or_current(records: Records, newest: Expr, current: Series) -> Expr:
    """Show the current release if none is new."""
    if not records.has(current.now()):
        return newest
    live = binary(
        "and",
        total(current.now(), (names.SERVICE, names.RELEASE)),
        top(mine(Series(names.FIRST_SEEN)).now()),
        on=_BY,
    )
    return binary("or", newest, live, on=(names.SERVICE,))


def _current(records: Records, name: str, of: tuple[str, ...]) -> Series:
    """Select a signal of every release, over its own window; ``of`` are the values that count of a distribution."""
    known = records.signals.get(name)
    if known is None or not isinstance(known.kind, Distribution):
        return mine(records.series(name, names.RELEASE))
    return mine(records.series(name, names.RELEASE, known.kind.label)).one_of(known.kind.label, of)


def value(records: Records, name: str, side: Side, of: tuple[str, ...] = ()) -> Expr:
    """Read a signal of one side."""
    known = records.signals.get(name)
    recorded = mine(records.series(name, names.RELEASE, part=side.name)).now()
    if known is not None and not records.has(recorded):
        read = _usual if isinstance(known.kind, Quantile) else _ratio
        recorded = read(records, known, side, of)
    return _of_one(recorded, side)


def _runs(records: Records, side: Side) -> Expr:
    """Count the runs of one side."""
    return _of_one(mine(records.release_events(_RUNS, side.name)).now(), side)


def _of_one(values: Expr, side: Side) -> Expr:
    """Select one release, the one first seen last: a marker's value is its first-seen time.

    Prometheus does not end the series that it recorded before a restart, so another one may still be marked.
    """
    return binary("and", values, top(mine(Series(side.marker)).now()), on=_BY)


def _ratio(records: Records, known: Signal, side: Side, of: tuple[str, ...]) -> Expr:
    """Divide sums of the records of the signal's own, shorter windows: they overlap equally on both sides."""
    by = (names.SERVICE, names.RELEASE)
    numerator = mine(records.series(known.name, names.RELEASE, part="numerator"))
    if isinstance(known.kind, Distribution):
        numerator = mine(records.series(known.name, names.RELEASE, known.kind.label, part="numerator"))
        numerator = numerator.one_of(known.kind.label, of)
    denominator = mine(records.series(known.name, names.RELEASE, part="denominator"))
    below = call("sum_over_time", denominator.over(side.window - 1)) > number(0)
    return binary("/", total(call("sum_over_time", numerator.over(side.window - 1)), by), below, on=by)


def _usual(records: Records, known: Signal, side: Side, _: tuple[str, ...]) -> Expr:
    """Read the median of a quantile's values: a quantile cannot be computed from shorter windows."""
    values = mine(records.series(known.name, names.RELEASE)).over(side.window - 1)
    return call("quantile_over_time", number(_HALF), values)


def _difference(newest: Expr, previous: Expr, *, shares: bool) -> Expr:
    on = (names.SERVICE,)
    if shares:
        return binary("-", newest, previous, on=on, group_left=()) * number(_PERCENT)
    return binary("/", newest, previous > number(0), on=on, group_left=()) - number(1)


def _enough(records: Records, difference: Expr) -> Expr:
    for side in _SIDES:
        counted = _runs(records, side)
        if records.has(counted):
            difference = binary("and", difference, counted >= number(ENOUGH), on=(names.SERVICE,))
    return difference


def _steps(*, shares: bool, higher: bool) -> tuple[tuple[float | None, str], ...]:
    seen, bad = _SEEN[shares], _BAD[shares]
    if higher:
        return ((None, colours.AMBER), (-bad, _CALM), (seen, colours.GREEN))
    return ((None, colours.GREEN), (-seen, _CALM), (bad, colours.AMBER))
