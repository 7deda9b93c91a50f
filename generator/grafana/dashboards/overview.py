"""agent-overview: the first screen of the person on call: is something wrong, and where to look next?

The dashboards are the same for all services, so the signals beyond a profile are unknown until a service is chosen: a
panel is repeated for each such signal of the status board. It has one query for each unit, of which one returns data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.alerts import alert_list
from generator.grafana.dashboards import cost, releases, runs, stop_reasons, tools
from generator.grafana.panels import Dashboard, Panel, Query, Row, Section, Stack, even
from generator.grafana.status_board import status_board
from generator.grafana.variables import OWN, mine, own_signals, own_values, variables
from generator.model import names
from generator.model.panels import ALERTS, CHOICES

if TYPE_CHECKING:
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
            Section(
                "Newest release against the previous one",
                (_comparison(records), even(8, *_releases(records))),
            ),
            *_own_section(records),
        ),
        tabs=True,
    )


def _first_screen(records: Records) -> tuple[Row, ...]:
    """Place the board and the alerts beside the earliest signs: success, stop reasons, latency; then usage."""
    first = (
        runs.success(records).leading_to(runs.UID),
        stop_reasons.unfinished(records).leading_to(stop_reasons.UID),
        runs.latency(records).leading_to(runs.UID),
    )
    moving = (
        runs.runs(records).leading_to(runs.UID),
        runs.burn(records).leading_to(runs.UID),
        tools.calls(records).leading_to(tools.UID),
        tools.error_rate(records).leading_to(tools.UID),
    )
    spent = (cost.spend(records), cost.spend_rate(records), cost.cost(records), cost.tokens(records))
    board = Stack(
        18,
        (status_board(records), alert_list(records, lambda series: mine(series).now(), about=ALERTS)),
        # Whole rows of the alerts: seven units would cut one in half.
        (16, 8),
    )
    return (
        Row(24, (board, Stack(6, first))),
        even(7, *moving),
        even(7, *(panel.leading_to(cost.UID) for panel in spent)),
    )


def _tools(records: Records) -> tuple[Panel, ...]:
    panels = (tools.latency(records), tools.errors_by_class(records), tools.llm_errors(records))
    return tuple(panel.leading_to(tools.UID) for panel in panels)


def _releases(records: Records) -> tuple[Panel, ...]:
    panels = (
        runs.runs_by_release(records),
        runs.success_by_release(records),
        runs.latency_by_release(records),
        cost.cost_by_release(records),
    )
    return tuple(panel.leading_to(releases.UID) for panel in panels)


def _comparison(records: Records) -> Row:
    """Show the comparisons of alerts, each wide enough for three numbers."""
    return even(4, *releases.comparison(records)[1:4])


def _own_section(records: Records) -> tuple[Section, ...]:
    """Declare the section; none if no service has signals of its own."""
    if not records.own:
        return ()
    return (Section("This service's own signals", (even(7, _own_signal(records)),), own_values(records)),)


def _own_signal(records: Records) -> Panel:
    """Draw one own signal, in any unit."""
    series = own_values(records).where("=~", **{names.SIGNAL: f"${OWN}"})
    values = (
        Query(
            series.where(**{names.UNIT: str(unit)}).now(),
            f"{{{{{names.TITLE}}}}}",
            colour=colours.BLUE,
            scale=scale,
        )
        for unit, scale in grammar.OF_UNIT.items()
    )
    panel = grammar.lines(
        grammar.COUNT,
        f"${{{OWN}}}",
        "A signal that the service's spec declares beyond its profile, in its own unit, as on the status board.",
        *values,
    )
    return replace(panel, repeat=OWN, empty="This service declares no signals of its own.")
