"""agent-runs: do runs finish, how fast, since when is it different, and in which release?"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.dashboards import segments
from generator.grafana.panels import Dashboard, Panel, Query, Section, even
from generator.grafana.queries import (
    DAYS_OF_MONTH,
    NO_RELEASES,
    ONLY_DAYS,
    QUARTER,
    STATUS_COLOURS,
    by_busy_release,
    by_release,
    judged,
    objective,
    occurring,
    replaced,
    share_beyond_buckets,
    switched_on,
    whole,
)
from generator.grafana.status_board import titled
from generator.grafana.variables import mine, variables
from generator.model import names
from generator.model.panels import CHOICES
from generator.model.signals import Share
from generator.model.units import DAY, HOUR, WEEK, duration
from generator.promql.expr import Expr, Series, aggregate, binary, call, number
from generator.signals.error_budget import BAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.grafana.records import Records

UID = names.DASHBOARDS["runs"]

#: Windows of burn rates that a chart can show; shorter ones only confirm that the burn continues.
_BURNS = (HOUR, 6 * HOUR, DAY, 3 * DAY)
_BURN_COLOURS = (colours.BLUE, colours.TEAL, colours.PURPLE, colours.PINK)
#: The severities of the alert by pace, the mildest first, with their colours.
_CALLED = {"warning": colours.AMBER, "critical": colours.RED}
_NO_BUDGET = "No objective with a window"
#: The part left at which an error budget is nearly spent, and the time that it lasts: no alert is about these alone.
_LEFT_STEPS = ((None, colours.AMBER), (0.2, colours.GREEN))
_ENDS_STEPS = ((None, colours.AMBER), (WEEK, colours.GREEN))
_BY_DAYS = " Of the whole window, however long Prometheus keeps samples, since its rules were loaded."
#: The signals with the recorded shares of runs beyond the last bucket.
_LENGTH, _STEPS = "latency_p95", "step_count"


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent runs",
        "Do runs finish, how fast, since when is it different, and in which release?",
        (*variables(records, *CHOICES[UID]), *segments.choices(records, "run_count", "latency_p95")),
        (
            Section("", (even(3, *_now(records)),)),
            Section("Do they finish?", (even(8, runs(records), success(records), burn(records)),)),
            Section(
                "How many may still fail?",
                (even(3, *_budget_now()), even(8, budget_left(records), spent_by_day())),
            ),
            Section(
                "How long do they take?", (even(8, latency(records), overflow(records), steps(records)),)
            ),
            Section("Which release is it?", (even(8, *_releases(records)),)),
            *segments.of_runs(records),
        ),
    )


def runs(records: Records) -> Panel:
    """Draw finished runs by status, or as one series without a status."""
    return grammar.stacked(
        grammar.EVENTS,
        "Runs by status",
        f"Runs that finished within {records.window('run_count')}, by status. A fall to zero with steady demand is an "
        "outage: before the agent, or of an agent that never finishes.",
        occurring(records, "run_count", "status"),
        *_untold(records),
        colours=colours.OUTCOMES,
        about="run_count",
    )


def _untold(records: Records) -> Iterator[Query]:
    """Read the runs of services that measure no status."""
    with_status = mine(records.series("run_count", "status")).now()
    every = whole(records, "run_count", "finished")
    if not records.of_all(with_status):
        rest = (
            binary("unless", every.expr, with_status, on=(names.SERVICE,))
            if records.has(with_status)
            else every.expr
        )
        yield replace(every, expr=rest, colour=colours.BLUE)


def success(records: Records) -> Panel:
    """Draw the success rate with its objective."""
    return grammar.lines(
        grammar.GOOD_SHARE,
        "Success rate",
        f"Share of the runs of {records.window('success_rate')} that ended well. Dashed: the objective.",
        whole(records, "success_rate", "success rate"),
        objective(records, "success_rate"),
        colours={"success rate": colours.BLUE},
        about="success_rate",
    )


def burn(records: Records) -> Panel:
    """Draw the pace at which the error budget is spent."""
    good = mine(records.series("success_rate", part="objective")).now()
    paces = (
        Query(
            mine(records.windowed("success_rate", "error_ratio", window)).now() / (number(1) - good),
            duration(window),
            colour=colour,
            # A young service's long windows hold the same runs, so that their lines coincide.
            dotted=window == _BURNS[-1],
        )
        for window, colour in zip(_BURNS, _BURN_COLOURS, strict=True)
    )
    return grammar.lines(
        grammar.PACE,
        "Error budget burn",
        "How many times faster than promised runs fail, over an hour and longer. At 1 the error budget lasts "
        "exactly for the objective's window. Dashed: the pace at which the alert of the service fires, for "
        "each of these windows; an objective without a window has no such alert.",
        *paces,
        *_called(records),
        about="success_rate:burn",
        empty="No runs in this time range, or no objective of their success",
    )


def _called(records: Records) -> list[Query]:
    """Read the pace of each window at which the alert pages, and warns, where the service has it."""
    promised = mine(records.series("success_rate", part="objective_window")).now()
    alerts = [one.alert for one in records.watches if one.burns and one.signal == "success_rate"]
    paces = mine(Series(names.BOUND)).one_of(names.ALERT, alerts).where("=~", **{names.PART: "pace_.+"})
    milder = ["info"]
    queries: list[Query] = []
    for severity, colour in _CALLED.items() if alerts else ():
        called = switched_on(records, paces.where(**{names.SEVERITY: severity}).now())
        called = binary("and", called, promised, on=(names.SERVICE,))
        # For a service whose alerts are milder, the library's own severity remains beside theirs.
        others = paces.one_of(names.SEVERITY, milder).now()
        called = binary("unless", called, others, on=(names.SERVICE, names.PART))
        window = replaced(called, names.PART, "${1}", names.PART, "pace_([^_]+)_.*")
        queries.append(Query(window, f"{severity} ({{{{{names.PART}}}}})", promise=True, colour=colour))
        milder.append(severity)
    return queries[::-1]


def _budget_now() -> tuple[Panel, ...]:
    left = grammar.number_panel(
        grammar.LEFT,
        "Error budget left",
        "Part of the failures that the objective allows which have not happened yet; amber: less than 20 %, below 0 "
        f"the objective is missed.{_BY_DAYS}",
        Query(_of_runs(names.BUDGET_LEFT).now()),
        steps=_LEFT_STEPS,
        empty=_NO_BUDGET,
    )
    ends = grammar.number_panel(
        grammar.DURATION,
        "Error budget ends in",
        "How long the error budget lasts if runs fail as in the last 24 hours; amber: less than a week. There is no "
        "end while they fail no faster than it comes back.",
        Query(_of_runs(names.BUDGET_SECONDS_LEFT).now()),
        steps=_ENDS_STEPS,
        empty="Not as the last 24h went",
    )
    return left, ends


def budget_left(records: Records) -> Panel:
    """Draw the error budgets left: one line for each signal with an objective over a window."""
    return grammar.lines(
        grammar.LEFT,
        "Error budget left by signal",
        f"What is left of the error budget of each objective with a window; below 0 it is missed.{_BY_DAYS}",
        Query(
            titled(mine(Series(names.BUDGET_LEFT)).now(), records, of_one=True),
            "{{metric}}",
        ),
        colours=_shares(records),
        empty=_NO_BUDGET,
    )


def _shares(records: Records) -> dict[str, str]:
    """Assign a colour to each signal that may have an objective over a window, by its name in a legend."""
    shares = (one for _, one in sorted(records.signals.items()) if isinstance(one.kind, Share))
    named = (one.name if one.own else records.in_words(one.title, several=True) for one in shares)
    return dict(zip(named, cycle(colours.PALETTE), strict=False))


def spent_by_day() -> Panel:
    """Draw the part of the budget that each day spent, also for days whose samples are deleted.

    The current records are placed by date: each day's spend is at the beginning of that day.
    """
    spent = _newest(_of_runs(names.BUDGET_DAYS).where(**{names.PART: BAD}))
    allowed = _newest(_of_runs(names.BUDGET_ALLOWED))
    began = _newest(Series(names.CALENDAR), HOUR)
    part = binary("/", spent, allowed > number(0), on=(names.SERVICE,), group_left=())
    that_day = (began <= call("time")) > call("time") - number(DAY)
    return grammar.days(
        grammar.SPENT,
        "Error budget spent by day",
        "Which part of the error budget of the success rate each day of its window has spent, in UTC; the last bar is "
        f"today's, so far. {ONLY_DAYS}",
        Query(aggregate("sum", binary("and", part, that_day, on=(names.DAY,)), (names.SERVICE,)), "spent"),
        count=DAYS_OF_MONTH - 1,
        colours={"spent": colours.ORANGE},
        empty="No midnight since the first run, or no objective with a window",
    )


def _of_runs(name: str) -> Series:
    return mine(Series(name)).where(**{names.SIGNAL: "success_rate"})


def _newest(series: Series, every: int = QUARTER) -> Expr:
    """Read the newest value at every point, at a resolution of ``every`` seconds: the last point may be a day old.

    Every sample of a day would be most of the samples that all dashboards read. One more step includes the last point
    itself, which Prometheus 3 leaves out of a day.
    """
    day = duration(DAY)
    return call("last_over_time", Expr(f"{series.sampled(DAY + every, every)} @ end() offset -{day}"))


def latency(records: Records) -> Panel:
    """Draw the latency of runs with its objective."""
    return grammar.lines(
        grammar.DURATION,
        "Run latency",
        f"Half of the runs of {records.window('latency_p95')} were faster than p50; one in twenty was slower than p95, "
        "one in a hundred slower than p99. Dashed: the objective of p95. Amber: it is beyond the last bucket, so "
        "that the true one is higher.",
        *(whole(records, f"latency_{name}", name) for name in colours.QUANTILES),
        *(one for name in colours.QUANTILES for one in _stuck(records, f"latency_{name}", name)),
        objective(records, "latency_p95", "objective of p95"),
        colours=colours.QUANTILES,
        about="latency_p95",
    )


def _stuck(records: Records, signal: str, name: str) -> Iterator[Query]:
    """Read a quantile where it equals the last bucket's bound, however much larger it is."""
    if (share := _beyond(records, signal)) is not None:
        value = binary("and", whole(records, signal).expr, share, on=(names.SERVICE,))
        yield Query(value, f"{name} beyond the last bucket", mark=True, colour=colours.AMBER)


def _judged(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal, and how many runs are beyond the last bucket while its value equals that bucket's bound."""
    if (share := _beyond(records, signal)) is None:
        return judged(records, signal)
    more = Query(share, "took more", mark=True, colour=colours.AMBER, scale=grammar.SHARE)
    return (*judged(records, signal, "at least"), more)


def _beyond(records: Records, signal: str) -> Expr | None:
    """Read the share of runs beyond the last bucket while a quantile of their lengths or steps lies there."""
    return share_beyond_buckets(records, signal, _LENGTH if signal.startswith("latency_") else _STEPS)


def overflow(records: Records) -> Panel:
    """Draw the share of runs beyond the last bucket."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Beyond the last bucket",
        "Share of runs that took longer, or more steps, than the largest bucket counts. Quantiles are stuck there: "
        "above 5 % p95 is larger than shown, and the histogram needs larger buckets.",
        whole(records, "latency_p95", "latency", part="overflow"),
        whole(records, "step_count", "steps", part="overflow"),
        colours={"latency": colours.BLUE, "steps": colours.ORANGE},
        about="latency_p95:overflow",
    )


def steps(records: Records) -> Panel:
    """Draw the steps of runs."""
    return grammar.lines(
        grammar.COUNT,
        "Steps per run",
        f"Half of the runs of {records.window('step_count')} took at most p50 steps, one in twenty more than p95. "
        "A p95 that leaves p50 behind means loops. Amber: it is beyond the last bucket, so that the true one is "
        "higher.",
        whole(records, "step_count_p50", "p50"),
        whole(records, "step_count", "p95"),
        *_stuck(records, "step_count", "p95"),
        colours=colours.QUANTILES,
        about="step_count",
    )


def success_by_release(records: Records) -> Panel:
    """Compare the success of releases."""
    return grammar.lines(
        grammar.GOOD_SHARE,
        "Success rate by release",
        "The success rate of each chosen release. Dashed: the objective.",
        *by_busy_release(records, "success_rate"),
        objective(records, "success_rate", by=names.RELEASE),
        about="success_rate:release",
        empty=NO_RELEASES,
    )


def latency_by_release(records: Records) -> Panel:
    """Compare the latency of releases."""
    return grammar.lines(
        grammar.DURATION,
        "Latency p95 by release",
        "One run in twenty of each chosen release was slower, but no line rises above the largest bucket. Dashed: "
        "the objective.",
        *by_busy_release(records, "latency_p95"),
        objective(records, "latency_p95", by=names.RELEASE),
        about="latency_p95:release",
        empty=NO_RELEASES,
    )


def runs_by_release(records: Records) -> Panel:
    """Show the runs by release over time."""
    return grammar.stacked(
        grammar.EVENTS,
        "Runs by release",
        f"Runs that finished within {records.window('run_count')}, by release: how far a roll-out is, and how many "
        "runs the other panels stand on.",
        *by_release(records, "run_count"),
        empty=NO_RELEASES,
    )


def _now(records: Records) -> tuple[Panel, ...]:
    window = records.window("run_count")
    shown = (
        (grammar.EVENTS, "Runs", f"Runs that finished within {window}.", "run_count"),
        (grammar.SHARE, "Success rate", "Share of runs that ended well.", "success_rate"),
        (grammar.DURATION, "Latency p50", "Half of the runs were faster.", "latency_p50"),
        (grammar.DURATION, "Latency p95", "One run in twenty was slower.", "latency_p95"),
        (grammar.COUNT, "Steps p95", "One run in twenty took more steps.", "step_count"),
    )
    return tuple(
        grammar.number_panel(scale, title, f"{said} {STATUS_COLOURS}", *_judged(records, signal))
        for scale, title, said, signal in shown
    )


def _releases(records: Records) -> tuple[Panel, ...]:
    steps_by_release = grammar.lines(
        grammar.COUNT,
        "Steps p95 by release",
        "One run in twenty of each chosen release took more steps.",
        *by_busy_release(records, "step_count"),
        about="step_count:release",
        empty=NO_RELEASES,
    )
    return (
        runs_by_release(records),
        success_by_release(records),
        latency_by_release(records),
        steps_by_release,
    )
