"""agent-cost: what is spent, on which model and release, and does a run get dearer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even
from generator.grafana.queries import by, by_chosen, by_release, objective, whole
from generator.grafana.variables import variables
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["cost"]


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent cost",
        "What is spent, on which model and release, and does a run get dearer?",
        variables(records, "model", names.RELEASE),
        (
            Section("", (even(4, *_now(records)),)),
            Section("What is spent?", (even(8, spend(records), rate_by_model(records)),)),
            Section("Does a run get dearer?", (even(8, cost(records), tokens(records)),)),
            Section("Which model or release is it?", (even(8, *_parts(records)),)),
        ),
    )


def spend(records: Records) -> Panel:
    """Draw the spend of 24 hours with the budget."""
    return grammar.lines(
        grammar.MONEY,
        "Spend of 24 hours",
        "Estimated USD of the last 24 hours, and what the pace of the last 6 makes of a day. Dashed: the budget.",
        whole(records, "spend", "last 24 hours"),
        whole(records, "spend", "forecast of a day", part="forecast"),
        objective(records, "spend", "budget"),
        colours={"last 24 hours": colours.BLUE, "forecast of a day": colours.ORANGE},
    )


def rate_by_model(records: Records) -> Panel:
    """Draw the pace of spending by model."""
    return grammar.stacked(
        grammar.MONEY,
        "Spend per hour by model",
        f"Estimated USD an hour, over {records.window('cost_rate')}; it goes on while no run finishes.",
        by_chosen(records, "cost_rate", "model"),
    )


def cost(records: Records) -> Panel:
    """Draw the cost of a run."""
    return grammar.lines(
        grammar.MONEY,
        "Cost per run",
        f"Estimated USD for each run of {records.window('cost_per_run')}. Tokens without a price are left out.",
        whole(records, "cost_per_run", "cost per run"),
        colours={"cost per run": colours.BLUE},
    )


def tokens(records: Records) -> Panel:
    """Draw the tokens of a run by type."""
    return grammar.stacked(
        grammar.COUNT,
        "Tokens per run by type",
        f"Tokens for each run of {records.window('token_usage_per_run')}, each counted once: prompt without cached, "
        "completion without reasoning.",
        by(records, "token_usage_per_run", "token_type"),
        colours=colours.TOKEN_TYPES,
    )


def cost_by_release(records: Records) -> Panel:
    """Compare the cost of releases."""
    return grammar.lines(
        grammar.MONEY,
        "Cost per run by release",
        "Estimated USD for each run of each chosen release.",
        by_release(records, "cost_per_run"),
    )


def _now(records: Records) -> tuple[Panel, ...]:
    shown = (
        (grammar.MONEY, "Cost per run", "Estimated USD for each finished run.", "cost_per_run"),
        (grammar.MONEY, "Spend per hour", "Estimated USD an hour.", "cost_rate"),
        (grammar.MONEY, "Spend of 24 hours", "Estimated USD of the last 24 hours.", "spend"),
        (grammar.COUNT, "Tokens per run", "Tokens for each finished run.", "token_usage_per_run"),
    )
    return tuple(
        grammar.number(scale, title, said, whole(records, signal)) for scale, title, said, signal in shown
    )


def _parts(records: Records) -> tuple[Panel, ...]:
    return (
        grammar.stacked(
            grammar.MONEY,
            "Cost per run by model",
            "Which model a run's money goes to.",
            by_chosen(records, "cost_per_run", "model"),
        ),
        cost_by_release(records),
        grammar.lines(
            grammar.COUNT,
            "Tokens per run by release",
            "Tokens for each run of each chosen release.",
            by_release(records, "token_usage_per_run"),
        ),
    )
