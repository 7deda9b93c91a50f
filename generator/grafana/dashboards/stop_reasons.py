"""agent-stop-reasons: why do runs end, since when, and in which release?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.panels import Dashboard, Legend, Panel, Query, Section, even, row
from generator.grafana.queries import (
    NO_RELEASES,
    apart,
    busy,
    largest_in_range,
    newest_first,
    summed_over_range,
)
from generator.grafana.variables import chosen, mine, variables
from generator.model import names
from generator.model.panels import CHOICES
from generator.model.streams import STOP_REASON
from generator.promql.expr import Expr, Series, binary, call, number, total

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["stop_reasons"]
_SIGNAL = "stop_reason_distribution"
_COMPLETED = "completed"
#: Smaller shares would only lengthen legends.
_SEEN = 0.01
#: So many fit into the legend of a narrow chart.
_APART = 6
_NO_RUNS = "No runs in this time range, or this service does not measure why they end"


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent stop reasons",
        "Why do runs end, since when, and in which release?",
        variables(records, *CHOICES[UID]),
        (
            Section("Why do runs end?", (row(12, (2, distribution(records)), (1, now(records))),)),
            Section("Which limits and refusals?", (even(10, limits(records), events(records)),)),
            Section("Which release is it?", (even(9, by_release(records)),)),
        ),
    )


def distribution(records: Records) -> Panel:
    """Draw the shares of all stop reasons over time."""
    return grammar.stacked(
        grammar.PARTS,
        "Stop reasons",
        f"Share of the runs of {records.window(_SIGNAL)} by why they ended. A growing limit is the earliest sign "
        "of a loop.",
        Query(
            _occurring(chosen(records.series(_SIGNAL, STOP_REASON), STOP_REASON)),
            f"{{{{{STOP_REASON}}}}}",
        ),
        colours=colours.STOP_REASONS,
        legend=Legend.TABLE,
        about="stop_reason_distribution",
        empty=_NO_RUNS,
    )


def now(records: Records) -> Panel:
    """Compare the current shares."""
    shares = chosen(records.series(_SIGNAL, STOP_REASON), STOP_REASON).now() > number(0)
    return grammar.bars(
        grammar.SHARE,
        "Stop reasons now",
        "The same shares at the end of the time range, the largest first, without those that do not occur.",
        Query(call("sort_desc", shares), f"{{{{{STOP_REASON}}}}}"),
        colours=colours.STOP_REASONS,
        empty=_NO_RUNS,
    )


def unfinished(records: Records) -> Panel:
    """Draw the shares of the reasons that ended runs early, without those that did not occur."""
    shares = mine(records.series(_SIGNAL, STOP_REASON)).where("!=", **{STOP_REASON: _COMPLETED})
    return grammar.stacked(
        grammar.BAD_SHARE,
        "Runs not completed",
        f"Share of the runs of {records.window(_SIGNAL)} that something else ended, of the reasons that reached 1 % "
        f"in this time range, the {_APART} that reached most by themselves. A growing limit, as max_steps, is the "
        "earliest sign of a loop.",
        *_seen(shares),
        colours=colours.STOP_REASONS,
        empty="All runs were completed, none finished, or this service does not measure why they end",
    )


def limits(records: Records) -> Panel:
    """Draw only the limits and refusals."""
    series = mine(_of_limits(records, STOP_REASON))
    return grammar.lines(
        grammar.BAD_SHARE,
        "Ended by a limit or a refusal",
        "Share of runs ended by each limit or refusal: max_steps points to loops, context_exceeded to prompts that "
        "grow, timeout to a slow dependency, refusal and guardrail to a model or a rule that declines.",
        Query(_occurring(series), f"{{{{{STOP_REASON}}}}}"),
        colours=colours.STOP_REASONS,
        empty="No limit or refusal ended a run in this time range, or this service does not measure why they end",
    )


def events(records: Records) -> Panel:
    """Draw the numbers behind the shares."""
    series = chosen(records.series(_SIGNAL, STOP_REASON, part="numerator"), STOP_REASON)
    return grammar.stacked(
        grammar.EVENTS,
        "Runs by stop reason",
        f"How many runs of {records.window(_SIGNAL)} the shares stand on.",
        Query(_occurring(series), f"{{{{{STOP_REASON}}}}}"),
        colours=colours.STOP_REASONS,
        empty=_NO_RUNS,
    )


def by_release(records: Records) -> Panel:
    """Compare releases by the stop reasons of their runs, except completed ones."""
    series = chosen(records.series(_SIGNAL, names.RELEASE, STOP_REASON), STOP_REASON, names.RELEASE)
    shares = _occurring(series.where("!=", **{STOP_REASON: _COMPLETED}), names.RELEASE)
    newest, *others = newest_first(
        records, busy(records, shares), f"{{{{{STOP_REASON}}}}} {{{{{names.RELEASE}}}}}"
    )
    return grammar.lines(
        grammar.BAD_SHARE,
        "Stop reasons by release",
        "Shares of each chosen release, completed runs aside. Solid: the newest release; dotted: those before it.",
        replace(newest, colour=""),
        *(replace(query, colour="", dotted=True) for query in others),
        # No spec lists the releases that follow.
        beginnings={f"{name} ": colour for name, colour in colours.STOP_REASONS.items()},
        legend=Legend.TABLE,
        empty=NO_RELEASES,
    )


def limits_by_release(records: Records) -> Panel:
    """Compare releases by the share of runs that any limit or refusal ended."""
    series = chosen(_of_limits(records, names.RELEASE, STOP_REASON), names.RELEASE)
    limited = total(series.now(), (names.SERVICE, names.RELEASE))
    return grammar.lines(
        grammar.BAD_SHARE,
        "Limits and refusals by release",
        "Share of each chosen release's runs that a limit or a refusal ended: loops, prompts that grow, slow "
        "dependencies, a model that declines.",
        *newest_first(records, busy(records, limited), f"{{{{{names.RELEASE}}}}}"),
        about="stop_reason_distribution:release",
        empty=NO_RELEASES,
    )


def _of_limits(records: Records, *by: str) -> Series:
    """Select the shares of limits and refusals, or of a missing signal if no reason means a limit."""
    signal = _SIGNAL if records.limits else "limits"
    return records.series(signal, *by).one_of(STOP_REASON, records.limits)


def _occurring(series: Series, *by: str) -> Expr:
    """Drop the many reasons for which no run ended within the time range."""
    occurred = summed_over_range(series) > number(0)
    return binary("and", series.now(), occurred, on=(STOP_REASON, *by))


def _seen(series: Series) -> tuple[Query, ...]:
    """Select the reasons whose share of all runs is ever large enough for a line in the range, with their zeros."""
    return apart(
        series.now(), largest_in_range(series) >= number(_SEEN), STOP_REASON, stack=True, most=_APART
    )
