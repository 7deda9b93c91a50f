"""agent-stop-reasons: why do runs end, since when, and in which release?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even, row
from generator.grafana.panels import Query
from generator.grafana.queries import by_chosen
from generator.grafana.variables import chosen, mine, variables
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["stop_reasons"]
_SIGNAL = "stop_reason_distribution"
_LABEL = "stop_reason"


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent stop reasons",
        "Why do runs end, since when, and in which release?",
        variables(records, _LABEL, names.RELEASE),
        (
            Section("Why do runs end?", (row(11, (2, distribution(records)), (1, now(records))),)),
            Section("Which limits are met?", (even(8, limits(records), events(records)),)),
            Section("Which release is it?", (even(9, by_release(records)),)),
        ),
    )


def distribution(records: Records) -> Panel:
    """Draw the shares of all stop reasons over time."""
    return grammar.distribution(
        "Stop reasons",
        f"Share of the runs of {records.window(_SIGNAL)} by why they ended. A growing limit is the earliest sign of a "
        "loop.",
        by_chosen(records, _SIGNAL, _LABEL),
        colours=colours.STOP_REASONS,
    )


def now(records: Records) -> Panel:
    """Compare the shares as they are now."""
    return grammar.bars(
        grammar.PARTS,
        "Stop reasons now",
        "The same shares at the end of the time range.",
        by_chosen(records, _SIGNAL, _LABEL),
        colours=colours.STOP_REASONS,
    )


def limits(records: Records) -> Panel:
    """Draw the limits alone."""
    found = mine(records.series(_SIGNAL, _LABEL)).one_of(_LABEL, records.limits or ("max_steps",))
    return grammar.lines(
        grammar.BAD_SHARE,
        "Runs that a limit ended",
        "Share of runs ended by each limit: max_steps points to loops, context_exceeded to prompts that grow, timeout "
        "to a slow dependency.",
        Query(found.now(), f"{{{{{_LABEL}}}}}"),
        colours=colours.STOP_REASONS,
    )


def events(records: Records) -> Panel:
    """Draw the numbers behind the shares."""
    found = chosen(records.series(_SIGNAL, _LABEL, part="numerator"), _LABEL)
    return grammar.stacked(
        grammar.EVENTS,
        "Runs by stop reason",
        f"How many runs of {records.window(_SIGNAL)} the shares stand on.",
        Query(found.now(), f"{{{{{_LABEL}}}}}"),
        colours=colours.STOP_REASONS,
    )


def by_release(records: Records) -> Panel:
    """Compare releases by the shares of what ended their runs, completed ones aside."""
    found = chosen(records.series(_SIGNAL, names.RELEASE, _LABEL), _LABEL, names.RELEASE)
    return grammar.lines(
        grammar.BAD_SHARE,
        "Stop reasons by release",
        "Shares of each chosen release, without the runs that were completed.",
        Query(found.where("!=", **{_LABEL: "completed"}).now(), f"{{{{{names.RELEASE}}}}} {{{{{_LABEL}}}}}"),
    )
