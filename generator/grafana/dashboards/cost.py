"""agent-cost: what is spent, does the budget last, and which model or release makes it dearer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even
from generator.grafana.panels import Column, Query, Table
from generator.grafana.queries import by, by_busy_release, by_chosen, by_release, objective, whole
from generator.grafana.readable import replaced
from generator.grafana.variables import mine, variables
from generator.model import names
from generator.model.panels import CHOICES
from generator.promql.expr import Series, binary, number, total

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["cost"]

_TYPE = "token_type"
_REASON = "reason"
#: From where on a budget is nearly, and is, used up.
_BUDGET_STEPS = ((None, colours.GREEN), (0.8, colours.AMBER), (1.0, colours.RED))


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent cost",
        "What is spent, does the budget last, and which model or release makes it dearer? All USD are estimates.",
        variables(records, *CHOICES[UID]),
        (
            Section("", (even(3, *_now(records)),)),
            Section("Does the budget last?", (even(8, spend(records), spend_rate(records)),)),
            Section(
                "What does a run cost?", (even(8, cost(records), tokens(records), tokens_by_model(records)),)
            ),
            Section("Which release is it?", (even(8, *_releases(records)),)),
            Section("What is not counted?", (even(7, unpriced(records), unread(records)),)),
        ),
    )


def spend(records: Records) -> Panel:
    """Draw the spend of a day with its budget."""
    return grammar.lines(
        grammar.MONEY,
        "Spend in 24 hours",
        "Estimated USD of the last 24 hours, and what the day comes to at the pace of the last 6 hours. "
        "Dashed: the budget of a day.",
        whole(records, "spend", "spent"),
        whole(records, "spend", "forecast", part="forecast"),
        objective(records, "spend", "budget"),
        colours={"spent": colours.BLUE, "forecast": colours.PURPLE},
    ).told_by("spend")


def spend_rate(records: Records) -> Panel:
    """Draw the spend per hour of each model."""
    return grammar.stacked(
        grammar.MONEY,
        "Spend per hour by model",
        f"Estimated USD an hour at the pace of the last {records.window('cost_rate')}, also while no run finishes.",
        by_chosen(records, "cost_rate", "model"),
        colours=records.colours("model"),
    ).told_by("cost_rate")


def cost(records: Records) -> Panel:
    """Draw the cost of a run by model."""
    return grammar.stacked(
        grammar.MONEY,
        "Cost per run by model",
        f"Estimated USD for each run of {records.window('cost_per_run')}, by the model that it went to; their sum is "
        "what a run costs.",
        by_chosen(records, "cost_per_run", "model"),
        colours=records.colours("model"),
    ).told_by("cost_per_run")


def cost_by_release(records: Records) -> Panel:
    """Compare the cost of releases."""
    return grammar.lines(
        grammar.MONEY,
        "Cost per run by release",
        f"Estimated USD for each run of {records.window('cost_per_run')}, of each chosen release.",
        *by_busy_release(records, "cost_per_run"),
    ).told_by("cost_per_run:release")


def tokens(records: Records) -> Panel:
    """Draw the tokens of a run by type."""
    return grammar.stacked(
        grammar.COUNT,
        "Tokens per run by type",
        f"Tokens for each run of {records.window('token_usage_per_run')}, each counted once: prompt without cached, "
        "completion without reasoning where the provider counts them inside.",
        by(records, "token_usage_per_run", _TYPE),
        colours={name: colours.TOKEN_TYPES[name] for name in _types(records)},
    ).told_by("token_usage_per_run")


def tokens_by_model(records: Records) -> Panel:
    """Draw the tokens of a run by model."""
    return grammar.stacked(
        grammar.COUNT,
        "Tokens per run by model",
        f"Tokens for each run of {records.window('token_usage_per_run')}, by model.",
        by_chosen(records, "token_usage_per_run", "model"),
        colours=records.colours("model"),
    )


def tokens_by_release(records: Records) -> Panel:
    """Compare the tokens of releases."""
    return grammar.lines(
        grammar.COUNT,
        "Tokens per run by release",
        f"Tokens for each run of {records.window('token_usage_per_run')}, of each chosen release.",
        *by_busy_release(records, "token_usage_per_run"),
    ).told_by("token_usage_per_run:release")


def unpriced(records: Records) -> Panel:
    """List tokens that cost cannot count."""
    model, used = "model", Series("")
    if signal := records.signals.get("cost_per_run"):
        used = Series(names.increase(signal.of, signal.of.kept, signal.window))
    by_kind = total(mine(used).now(), (model, _TYPE)) > number(0)
    priced = Series(names.PRICE).now()
    found = binary("unless", by_kind, priced, on=(model, _TYPE))
    none = replaced(
        total(mine(used).now()) * number(0), model, "every model and token type in use has a price", "", ""
    )
    columns = (
        Column("Model", model),
        Column("Token type", _TYPE, width=160),
        Column("Tokens", Query(binary("or", found, none, on=())), grammar.COUNT, width=120),
    )
    return grammar.table(
        "Tokens without a price",
        "Tokens that cost per run and the budget leave out, because prices.yaml does not know the model or the type.",
        Table(columns, sort=("Tokens", True)),
    ).told_by("unpriced")


def unread(records: Records) -> Panel:
    """Draw the steps whose tokens cost does not count, or not surely."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM steps with unread tokens",
        f"LLM steps of all models within {records.window('llm_usage_unread_count')} whose tokens are missing, unknown "
        "or contradicted by their total. The log of the service says of which names.",
        _unread_by_reason(records),
        colours=colours.UNREAD_REASONS,
    ).told_by("llm_usage_unread_count")


def _unread_by_reason(records: Records) -> Query:
    """Read the steps, or that there is none, since their series begin with the first one."""
    found = by(records, "llm_usage_unread_count", _REASON)
    none = replaced(whole(records, "run_count").expr * number(0), _REASON, "none", "", "")
    return replace(found, expr=binary("or", found.expr, none, on=()))


def _now(records: Records) -> tuple[Panel, ...]:
    used = binary("/", whole(records, "spend").expr, objective(records, "spend").expr, on=(names.SERVICE,))
    return (
        grammar.number(
            grammar.MONEY, "Spent in 24 hours", "Estimated USD of the last 24 hours.", whole(records, "spend")
        ),
        grammar.number(
            grammar.USED,
            "Budget used",
            "Spend of the last 24 hours as a part of the day's budget.",
            Query(used),
            steps=_BUDGET_STEPS,
            empty="no budget",
        ),
        grammar.number(
            grammar.MONEY,
            "Spend per hour",
            "Estimated USD an hour, at today's pace.",
            whole(records, "cost_rate"),
        ),
        grammar.number(
            grammar.MONEY, "Cost per run", "Estimated USD for each run.", whole(records, "cost_per_run")
        ),
        grammar.number(
            grammar.COUNT, "Tokens per run", "Tokens for each run.", whole(records, "token_usage_per_run")
        ),
    )


def _releases(records: Records) -> tuple[Panel, ...]:
    rate_by_release = grammar.stacked(
        grammar.MONEY,
        "Spend per hour by release",
        "Estimated USD an hour of each chosen release: grows with its runs, too.",
        *by_release(records, "cost_rate"),
    )
    return (cost_by_release(records), tokens_by_release(records), rate_by_release)


def _types(records: Records) -> tuple[str, ...]:
    return tuple(name for name in records.values.get(_TYPE, ()) if name in colours.TOKEN_TYPES)
