"""agent-releases: is the newest release worse than the previous one, in which signals, and since when?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import compare, grammar
from generator.grafana.dashboards import cost, runs, stop_reasons, tools
from generator.grafana.layout import Section, even
from generator.grafana.links import of_row
from generator.grafana.panels import Column, Dashboard, Panel, Query, Table
from generator.grafana.queries import by
from generator.grafana.variables import mine, variables
from generator.model import names
from generator.model.panels import CHOICES
from generator.promql.expr import Series, number

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["releases"]
_MILLISECONDS = 1000


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
            Section("Which releases live?", (even(5, live(records)),)),
            Section("Since when?", tuple(even(8, *three) for three in _over_time(records))),
        ),
    )


def comparison(records: Records) -> tuple[Panel, ...]:
    """Compare first the signals that users notice."""
    limits = records.limits or ("max_steps",)
    return (
        compare.runs(records),
        compare.signal(records, "success_rate", "Success rate"),
        compare.signal(records, "latency_p95", "Latency p95"),
        compare.signal(records, "cost_per_run", "Cost per run"),
        compare.signal(records, "stop_reason_distribution", "Ended by a limit", of=limits),
    )


def live(records: Records) -> Panel:
    """List the releases that finish runs, the newest first."""
    column = names.RELEASE
    seen = mine(Series(names.FIRST_SEEN)).now() * number(_MILLISECONDS)
    columns = (
        Column("Release", column, link=("Only this release", of_row(UID, names.SERVICE, release=column))),
        Column("First seen", Query(seen), grammar.MOMENT, width=120),
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
    ).without_data("No release finished a run lately, or this service does not name its release")


def _compared(records: Records) -> tuple[tuple[Panel, ...], ...]:
    """Compare effects on users, then causes, then cost; more than three side by side have no room for their numbers."""
    counted, success, latency, cost_per_run, limits = comparison(records)
    return (
        (counted, success, latency),
        (
            limits,
            compare.signal(records, "step_count", "Steps p95"),
            compare.signal(records, "tool_calls_per_run", "Tool calls per run"),
        ),
        (
            compare.signal(records, "tool_error_rate", "Tool error rate"),
            compare.signal(records, "token_usage_per_run", "Tokens per run"),
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
