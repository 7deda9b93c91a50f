"""agent-overview: the one screen of whoever is on call: is something wrong, and where does one look next?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana.dashboard import Dashboard
from generator.grafana.dashboards import cost, own, releases, runs, stop_reasons, tools
from generator.grafana.layout import Row, Section, Stack, even, row
from generator.grafana.status_board import status_board
from generator.grafana.variables import own_signals, variables
from generator.model import names
from generator.model.panels import CHOICES

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["overview"]


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent overview",
        "Is something wrong with this service's agents, and where does one look next?",
        (*variables(records, *CHOICES[UID]), *own_signals(records)),
        (
            Section("", _first_screen(records)),
            Section("Tools and models", (even(8, *_tools(records)),)),
            Section("Tokens and spend", (even(8, *_spending(records)),)),
            Section(
                "Newest release against the previous one",
                (_comparison(records), even(8, *_releases(records))),
            ),
            *own.section(records),
        ),
    )


def _first_screen(records: Records) -> tuple[Row, ...]:
    """Put the board beside what moves first: success and why runs end, how fast the budget of errors goes, latency."""
    ends = (runs.success(records), stop_reasons.unfinished(records).leading_to(stop_reasons.UID))
    pace = (runs.burn(records), runs.latency(records))
    below = (
        runs.runs(records).leading_to(runs.UID),
        tools.error_rate(records).leading_to(tools.UID),
        cost.cost(records).leading_to(cost.UID),
        cost.spend(records).leading_to(cost.UID),
    )
    return (
        Row(15, (Stack(12, (status_board(records),)), _leading(6, ends), _leading(6, pace))),
        even(6, *below),
    )


def _leading(width: int, panels: tuple[Panel, ...]) -> Stack:
    """Stack panels about runs, unless they lead elsewhere already."""
    return Stack(width, tuple(panel if panel.more else panel.leading_to(runs.UID) for panel in panels))


def _tools(records: Records) -> tuple[Panel, ...]:
    found = (
        tools.calls(records),
        tools.latency(records),
        tools.errors_by_class(records),
        tools.llm_errors(records),
    )
    return tuple(panel.leading_to(tools.UID) for panel in found)


def _spending(records: Records) -> tuple[Panel, ...]:
    found = (cost.tokens(records), cost.spend_rate(records), cost.unpriced(records))
    return tuple(panel.leading_to(cost.UID) for panel in found)


def _releases(records: Records) -> tuple[Panel, ...]:
    found = (
        runs.runs_by_release(records),
        runs.success_by_release(records),
        runs.latency_by_release(records),
        cost.cost_by_release(records),
    )
    return tuple(panel.leading_to(releases.UID) for panel in found)


def _comparison(records: Records) -> Row:
    """Leave most of the width to the panels with three numbers."""
    counted, *compared = releases.comparison(records)
    return row(4, (4, counted), *((5, panel) for panel in compared))
