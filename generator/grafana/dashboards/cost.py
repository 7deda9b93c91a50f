"""agent-cost: how high is the spend, does the budget last, and which model or release raises the cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.dashboards import segments
from generator.grafana.panels import Column, Dashboard, Panel, Query, Section, Table, even, row
from generator.grafana.queries import (
    DAYS_OF_MONTH,
    NO_RELEASES,
    ONLY_DAYS,
    STATUS_COLOURS,
    apart,
    by_busy_release,
    by_day,
    by_release,
    judged,
    leading,
    objective,
    occurring,
    replaced,
    while_status,
    whole,
)
from generator.grafana.variables import chosen, mine, variables
from generator.model import names
from generator.model.panels import CHOICES, PANELS, UNPRICED
from generator.model.streams import TOKEN_TYPE
from generator.model.units import DAY, HOUR, MINUTE, duration
from generator.promql.expr import Expr, Series, aggregate, binary, call, number, total

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["cost"]

_REASON = "reason"
#: The token types of a prompt: new, read from a cache, and written to it.
_READ = ("prompt", "cached", "cache_write")
#: The number of tokens without a price that matters.
_UNPRICED_STEPS = ((None, colours.GREEN), (1e-9, colours.AMBER))
_REPORTED = Series(names.REPORTED_COST)
_NO_COST = "No tokens with a price in this time range, or this service does not measure tokens"
_NO_TOKENS = "No tokens in this time range, or this service does not measure them"
#: The widths of the numbers about the spend: for two numbers, and for long titles on a window of 1000 pixels.
_SPENT_WIDTHS = (6, 4, 3, 6, 5)
#: The days whose pace gives the projection of a month.
_LATELY = 7


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent cost",
        "What is spent, does the budget last, and which model or release makes it dearer? All USD are estimates.",
        (*variables(records, *CHOICES[UID]), *segments.choices(records, "cost_per_run")),
        (
            Section(
                "", (row(3, *zip(_SPENT_WIDTHS, _spent(records), strict=True)), even(3, *_used(records)))
            ),
            Section("Does the budget last?", (even(8, spend(records), spend_by_day(records)),)),
            Section("Which model is it?", (even(9, spend_rate(records), cost(records)),)),
            Section(
                "Which tokens?",
                (even(8, tokens(records), tokens_by_model(records), cache_share(records)),),
            ),
            Section(
                "Which release is it?",
                (even(8, cost_by_release(records), tokens_by_release(records), rate_by_release(records)),),
            ),
            *segments.of_cost(records),
            Section(
                "What is not counted?",
                (even(5, *_derived(records, unpriced(records)), unread(records)),),
            ),
        ),
        hours=24,
    )


def spend(records: Records) -> Panel:
    """Draw the spend of a day with its budget."""
    return grammar.lines(
        grammar.MONEY,
        "Spend in 24 hours",
        "Estimated USD of the last 24 hours, and from the second day on what the day comes to at the pace of the "
        "last 6 hours. Dashed: the budget of a day. Amber: some tokens have no price, so that the true spend is "
        "higher.",
        whole(records, "spend", "spent"),
        whole(records, "spend", "forecast", part="forecast"),
        *_too_low(records, whole(records, "spend").expr),
        objective(records, "spend", "budget"),
        colours={"spent": colours.BLUE, "forecast": colours.PURPLE},
        about="spend",
        empty=_NO_COST,
    )


def spend_by_day(records: Records) -> Panel:
    """Draw the cost of each day at its beginning; the last bar is today's, so far."""
    day, month = by_day(records, chosen(records.series("cost_per_run", "model", part="numerator"), "model"))
    return grammar.days(
        grammar.MONEY,
        "Spend by day",
        f"Estimated USD of each day by model; the last bar is today's, so far. {ONLY_DAYS}{_kept(records)}",
        *apart(day, month, "model", stack=True),
        count=DAYS_OF_MONTH - 1,
        colours=records.colours("model"),
        empty=_NO_COST,
    )


def spend_rate(records: Records) -> Panel:
    """Draw the spend per hour of each model."""
    return grammar.stacked(
        grammar.MONEY,
        "Spend per hour by model",
        f"Estimated USD an hour at the pace of the last {records.window('cost_rate')}, also while no run finishes. "
        "Amber: some tokens have no price, so that it is more.",
        *leading(records, "cost_rate", "model", stack=True),
        *_too_low(records, whole(records, "cost_rate").expr),
        colours=records.colours("model"),
        about="cost_rate",
        empty=_NO_COST,
    )


def cost(records: Records) -> Panel:
    """Draw the cost of a run by model."""
    return grammar.stacked(
        grammar.MONEY,
        "Cost per run by model",
        f"Estimated USD for each run of {records.window('cost_per_run')}, by the model that it went to; their sum "
        "is what a run costs. Amber: some tokens have no price, so that it is more.",
        *leading(records, "cost_per_run", "model", rank="numerator", stack=True),
        *_too_low(records, whole(records, "cost_per_run").expr),
        colours=records.colours("model"),
        about="cost_per_run",
        empty=_NO_COST,
    )


def cost_by_release(records: Records) -> Panel:
    """Compare the cost of releases."""
    return grammar.lines(
        grammar.MONEY,
        "Cost per run by release",
        f"Estimated USD for each run of {records.window('cost_per_run')}, of each chosen release.",
        *by_busy_release(records, "cost_per_run"),
        about="cost_per_run:release",
        empty=NO_RELEASES,
    )


def tokens(records: Records) -> Panel:
    """Draw the tokens of a run by type."""
    return grammar.stacked(
        grammar.COUNT,
        "Tokens per run by type",
        f"Tokens for each run of {records.window('token_usage_per_run')}, each counted once: prompt without "
        "cached, completion without reasoning where the provider counts them inside.",
        occurring(records, "token_usage_per_run", TOKEN_TYPE),
        colours={name: colours.TOKEN_TYPES[name] for name in _types(records)},
        about="token_usage_per_run",
        empty=_NO_TOKENS,
    )


def tokens_by_model(records: Records) -> Panel:
    """Draw the tokens of a run by model."""
    return grammar.stacked(
        grammar.COUNT,
        "Tokens per run by model",
        f"Tokens for each run of {records.window('token_usage_per_run')}, by model.",
        *leading(records, "token_usage_per_run", "model", rank="numerator", stack=True),
        colours=records.colours("model"),
        empty=_NO_TOKENS,
    )


def cache_share(records: Records) -> Panel:
    """Draw the part of prompt tokens that came from a cache."""
    return grammar.lines(
        grammar.USE,
        "Cache share",
        f"Share of the prompt tokens of {records.window('token_usage_per_run')} that came out of the provider's cache, "
        "also while no run finishes. A fall makes runs dearer: the beginning of a prompt changed, or calls are too far "
        "apart.",
        Query(_cached(records), "from the cache"),
        colours={"from the cache": colours.SKY},
        empty=_NO_TOKENS,
    )


def tokens_by_release(records: Records) -> Panel:
    """Compare the tokens of releases."""
    return grammar.lines(
        grammar.COUNT,
        "Tokens per run by release",
        f"Tokens for each run of {records.window('token_usage_per_run')}, of each chosen release.",
        *by_busy_release(records, "token_usage_per_run"),
        about="token_usage_per_run:release",
        empty=NO_RELEASES,
    )


def unpriced(records: Records) -> Panel:
    """List tokens that cost cannot count."""
    model, used = "model", _used_tokens(records)
    tokens = _without_price(records, (model, TOKEN_TYPE))
    none = replaced(total(used) * number(0), model, "every model and token type in use has a price", "", "")
    columns = (
        Column("Model", model),
        Column("Token type", TOKEN_TYPE, width=160),
        Column("Tokens", Query(binary("or", tokens, none, on=())), grammar.COUNT, width=120),
    )
    return grammar.table(
        "Tokens without a price",
        "Tokens that cost per run and the budget leave out, because prices.yaml does not know the model or the "
        "type.",
        Table(columns, sort=("Tokens", True)),
        about="unpriced",
        empty="No tokens in this time range, or the source of this service says what they cost",
    )


def _used_tokens(records: Records) -> Expr:
    """Read the tokens of a window, as the alert does, of services whose cost is derived from tokens and prices."""
    used, reported = mine(records.events("cost_per_run", "model", TOKEN_TYPE)).now(), mine(_REPORTED).now()
    if not records.has(reported):
        return used
    return binary("unless", used, total(reported, (names.SERVICE,)), on=(names.SERVICE,))


def _derived(records: Records, *panels: Panel) -> tuple[Panel, ...]:
    """Return ``panels`` about prices, unless the sources of all services report the cost of calls themselves."""
    return () if records.of_all(_REPORTED.now()) else panels


def _without_price(records: Records, by: tuple[str, ...]) -> Expr:
    """Sum the tokens whose model or type has no price."""
    kinds = ("model", TOKEN_TYPE)
    used = total(_used_tokens(records), tuple(dict.fromkeys((*by, *kinds))))
    missing = binary("unless", used > number(0), Series(names.PRICE).now(), on=kinds)
    return missing if set(by) >= set(kinds) else total(missing, by)


def _too_low(records: Records, cost: Expr) -> tuple[Query, ...]:
    """Mark the spend while it omits tokens, by the alert about that: prices are too many to join each minute."""
    on = (names.SERVICE,)
    alerts = [one.alert for one in records.watches if one.panel == PANELS[UNPRICED]]
    if not alerts:
        return ()
    missing = aggregate("group", mine(Series(names.ALERTS)).one_of("alertname", alerts).now(), on)
    too_low = binary("and", cost, missing, on=on)
    return (Query(too_low, "too low: tokens without a price", mark=True, colour=colours.AMBER),)


def unread(records: Records) -> Panel:
    """Draw the steps whose tokens the cost omits or may omit."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM steps with unread tokens",
        f"LLM steps of all models within {records.window('llm_usage_unread_count')} whose tokens are missing, unknown "
        "or contradicted by their total. The log of the service says of which names.",
        _unread_by_reason(records),
        colours=colours.UNREAD_REASONS,
        about="llm_usage_unread_count",
    )


def _unread_by_reason(records: Records) -> Query:
    """Read the steps, or a zero, since their series begin with the first one."""
    unread = occurring(records, "llm_usage_unread_count", _REASON)
    none = replaced(whole(records, "run_count").expr * number(0), _REASON, "none", "", "")
    return replace(unread, expr=binary("or", unread.expr, none, on=()))


def _spent(records: Records) -> tuple[Panel, ...]:
    whole_month = records.retention >= DAYS_OF_MONTH * DAY
    return (
        grammar.number_panel(
            grammar.MONEY,
            "Spent in 24 hours",
            "Estimated USD of the last 24 hours, and from the second day on the forecast of the day at the pace "
            f"of the last 6 hours, amber beyond the budget. {STATUS_COLOURS}",
            *judged(records, "spend", "spent"),
            *_forecast(records),
        ),
        grammar.number_panel(
            grammar.USED,
            "Budget used",
            "Spend of the last 24 hours as a part of the day's budget. Red: a critical alert about the spend, pending "
            "or firing; amber: a warning, such as the forecast's, or 80 % are used; green: neither.",
            *_budget_used(records),
            empty="no budget",
        ),
        grammar.number_panel(
            grammar.MONEY,
            "USD/h",
            f"Estimated USD an hour, at the pace of the last {records.window('cost_rate')}.",
            whole(records, "cost_rate"),
        ),
        grammar.number_panel(
            grammar.MONEY,
            "Month to date" if whole_month else f"Month to date, max {duration(records.retention)}",
            f"Estimated USD since the month began, in UTC.{_kept(records)}",
            Query(_this_month(records)),
        ),
        grammar.number_panel(
            grammar.MONEY,
            "Month at this pace",
            f"Estimated USD of a whole month, as long as this one is, at the mean pace of the last {_LATELY} days.",
            Query(_whole_month(records)),
        ),
    )


def _forecast(records: Records) -> tuple[Query, ...]:
    """Read the forecast of the day: amber if it is beyond the budget, with or without an alert about it."""
    forecast, budget = whole(records, "spend", part="forecast").expr, objective(records, "spend").expr
    over = binary(">", forecast, budget, on=(names.SERVICE,))
    within = binary("unless", forecast, over, on=(names.SERVICE,))
    return (
        Query(over, "forecast", mark=True, colour=colours.AMBER),
        Query(within if records.has(budget) else forecast, "forecast", mark=True, colour=colours.TEXT),
    )


def _budget_used(records: Records) -> tuple[Query, ...]:
    """Divide the spend by the budget, in the colour of its status; a budget that is nearly used is amber too."""
    on = (names.SERVICE,)
    used = binary("/", whole(records, "spend").expr, objective(records, "spend").expr, on=on)
    critical, warned = (while_status(used, "spend", status) for status in (colours.CRITICAL, colours.WARNING))
    high = used >= number(colours.NEARLY)
    nearly = binary("unless", binary("or", warned, high, on=on), critical, on=on)
    either = binary("or", critical, nearly, on=on)
    return (
        Query(critical, colour=colours.RED),
        Query(nearly, colour=colours.AMBER),
        Query(binary("unless", used, either, on=on), colour=colours.GREEN),
    )


def _used(records: Records) -> tuple[Panel, ...]:
    on = (names.SERVICE,)
    every = total(_used_tokens(records), on) > number(0)
    missing = binary("/", _without_price(records, on), every, on=on)
    without = grammar.number_panel(
        grammar.PARTS,
        "Unpriced",
        "Share of the tokens that no cost here counts, because prices.yaml does not know their price.",
        Query(binary("or", missing, number(0) * every, on=on)),
        steps=_UNPRICED_STEPS,
    )
    return (
        grammar.number_panel(
            grammar.MONEY,
            "Cost per run",
            f"Estimated USD for each run. {STATUS_COLOURS}",
            *judged(records, "cost_per_run"),
        ),
        grammar.number_panel(
            grammar.COUNT,
            "Tokens per run",
            f"Tokens for each run. {STATUS_COLOURS}",
            *judged(records, "token_usage_per_run"),
        ),
        grammar.number_panel(
            grammar.SHARE,
            "Cache share",
            "Share of the prompt tokens that came out of a cache.",
            Query(_cached(records)),
        ),
        *_derived(records, without),
    )


def _kept(records: Records) -> str:
    """Note that a month is incomplete if the site keeps fewer days."""
    if records.retention >= DAYS_OF_MONTH * DAY:
        return ""
    return f" The site keeps samples for {duration(records.retention)}, so that earlier days are missing."


def _windows(records: Records) -> Series:
    """Select the cost of a window; a longer time is a sum of windows."""
    return mine(records.series("cost_per_run", part="numerator"))


def _now() -> Expr:
    """Return the time at the end of the shown range, to the minute; in a window for the reason of ``at_end``."""
    known = call("timestamp", mine(Series(names.KNOWN)).now())
    return call("max_over_time", Expr(f"{known}[{duration(HOUR)}:{duration(MINUTE)}] @ end()"))


def _this_month(records: Records) -> Expr:
    """Sum the windows that began in the month in which the shown range ends."""
    then = call("month", call("vector", Expr("time()")))
    within = binary("and", _windows(records).now(), binary("==", then, call("month", _now()), on=()), on=())
    return call("sum_over_time", Expr(f"({within})[{DAYS_OF_MONTH}d:{records.window('cost_per_run')}]"))


def _whole_month(records: Records) -> Expr:
    """Multiply the mean window of some days by the number of windows in the month."""
    mean = call(
        "avg_over_time", Expr(f"{_windows(records).now()}[{_LATELY}d:{records.window('cost_per_run')}]")
    )
    signal = records.signals.get("cost_per_run")
    a_day = number(DAY // (signal.window if signal else DAY))
    return binary("*", mean * a_day, call("days_in_month", _now()), on=(names.SERVICE,))


def _cached(records: Records) -> Expr:
    """Divide the prompt tokens from a cache by all prompt tokens."""
    read = mine(records.series("token_usage_per_run", TOKEN_TYPE, part="numerator")).one_of(TOKEN_TYPE, _READ)
    every = total(read.now(), (names.SERVICE,)) > number(0)
    cached = total(read.where(**{TOKEN_TYPE: "cached"}).now(), (names.SERVICE,))
    share = binary("/", cached, every, on=(names.SERVICE,))
    return total(binary("or", share, number(0) * every, on=(names.SERVICE,)), (names.SERVICE,))


def rate_by_release(records: Records) -> Panel:
    """Show the spend by release."""
    return grammar.stacked(
        grammar.MONEY,
        "Spend per hour by release",
        "Estimated USD an hour of each chosen release: grows with its runs, too.",
        *by_release(records, "cost_rate"),
        empty=NO_RELEASES,
    )


def _types(records: Records) -> tuple[str, ...]:
    return tuple(name for name in records.values.get(TOKEN_TYPE, ()) if name in colours.TOKEN_TYPES)
