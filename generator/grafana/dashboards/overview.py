"""agent-overview: the one screen of whoever is on call: is something wrong, and where does one look next?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana.dashboard import Dashboard
from generator.grafana.dashboards import cost, runs, stop_reasons, tools
from generator.grafana.layout import Row, Section, Stack, even
from generator.grafana.status_board import status_board
from generator.grafana.variables import variables
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["overview"]


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent overview",
        "Is something wrong with this service's agents, and where does one look next?",
        variables(records, "tool", "model", "stop_reason", names.RELEASE),
        (
            Section("", (_first_screen(records),)),
            Section(
                "Tools and models",
                (even(8, tools.error_rate(records), tools.calls(records), tools.llm_errors(records)),),
            ),
            Section("Cost", (even(8, cost.spend(records), cost.tokens(records), cost.spend_rate(records)),)),
            Section(
                "Releases",
                (
                    even(
                        8,
                        runs.runs_by_release(records),
                        runs.success_by_release(records),
                        runs.latency_by_release(records),
                        cost.cost_by_release(records),
                    ),
                ),
            ),
        ),
    )


def _first_screen(records: Records) -> Row:
    """Put the board beside what moves first: success and stop reasons, latency and cost."""
    left = (runs.success(records).leading_to(runs.UID), runs.latency(records).leading_to(runs.UID))
    right = (
        stop_reasons.limits(records).leading_to(stop_reasons.UID),
        cost.cost(records).leading_to(cost.UID),
    )
    return Row(18, (Stack(10, (status_board(records),)), Stack(7, left), Stack(7, right)))
