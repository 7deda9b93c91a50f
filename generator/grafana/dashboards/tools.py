"""agent-tools: which tool or model fails, is slow or is called too often, and since when?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.panels import Column, Dashboard, Panel, Query, Row, Section, Table, even, row
from generator.grafana.queries import (
    NO_RELEASES,
    apart,
    by_busy_release,
    by_chosen,
    leading,
    objective,
    occurring,
    summed_over_range,
    whole,
)
from generator.grafana.variables import chosen, of_row, variables
from generator.model import names
from generator.model.panels import CHOICES
from generator.model.streams import ERROR_CLASS
from generator.promql.expr import Series, binary, number, total

if TYPE_CHECKING:
    from generator.grafana.records import Records

UID = names.DASHBOARDS["tools"]

_NO_CALLS = "No tool calls in this time range, or this service does not measure tools"
_NO_ERRORS = "No errors in this time range, or this service does not measure them"
_NO_LLM = "No LLM calls in this time range, or this service does not measure them"


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent tools",
        "Which tool or model fails, is slow or is called too often, and since when?",
        variables(records, *CHOICES[UID]),
        (
            Section("", (row(12, (17, _each(records)), (7, calls_made(records))),)),
            Section(
                "Which tool fails, and how?",
                (even(9, error_rate(records), errors_by_class(records)),),
            ),
            Section(
                "Which tool is slow, or called too often?",
                (even(9, latency(records), calls(records)),),
            ),
            Section("Which model is it?", _models(records)),
            Section("Which release is it?", tuple(even(8, *pair) for pair in _releases(records))),
        ),
    )


def error_rate(records: Records) -> Panel:
    """Draw the error rate of each tool with the objective."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Tool error rate",
        f"Share of each tool's calls of {records.window('tool_error_rate')} that failed, of the tools with most "
        "failures here, and the highest of the others. Dashed: the objective of every tool. An average over "
        "tools would hide a dead one.",
        *leading(records, "tool_error_rate", "tool", rank="numerator"),
        objective(records, "tool_error_rate"),
        colours=records.colours("tool"),
        about="tool_error_rate",
        empty=_NO_CALLS,
    )


def calls_made(records: Records) -> Panel:
    """Draw the number of calls of each tool, also while no run finishes."""
    made = _calls(records, "numerator")
    return grammar.stacked(
        grammar.EVENTS,
        "Tool calls",
        f"Calls of each tool within {records.window('tool_calls_per_run')}, also while nothing finishes: agents that "
        "call tools in circles are seen here first.",
        *apart(made.now(), summed_over_range(made), "tool", stack=True),
        colours=records.colours("tool"),
        empty=_NO_CALLS,
    )


def _calls(records: Records, part: str = "") -> Series:
    return chosen(records.series("tool_calls_per_run", "tool", part=part), "tool")


def calls(records: Records) -> Panel:
    """Draw the calls of each tool per run; the calls themselves while no run finishes, as in the alert."""
    per_run, made = _calls(records), _calls(records, "numerator")
    finished = whole(records, "run_count").expr > number(0)
    looping = binary("unless", made.now(), finished, on=(names.SERVICE,))
    counted = total(per_run.now() | looping, (names.SERVICE, "tool"))
    ranked = summed_over_range(made)
    return grammar.stacked(
        grammar.COUNT,
        "Tool calls per run",
        f"Calls of each tool for each run of {records.window('tool_calls_per_run')}; their sum is what a run calls."
        " Grows when agents call tools in circles. While no run finishes at all it is the calls themselves, as the "
        "alert has it.",
        *apart(counted, ranked, "tool", stack=True),
        colours=records.colours("tool"),
        about="tool_calls_per_run",
        empty=_NO_CALLS,
    )


def latency(records: Records) -> Panel:
    """Draw the latency of each tool."""
    return grammar.lines(
        grammar.DURATION,
        "Tool latency p95",
        f"One call in twenty of {records.window('tool_latency_p95')} took longer, failed ones included, of the "
        "tools that are slowest here, and the highest of the others.",
        *leading(records, "tool_latency_p95", "tool"),
        colours=records.colours("tool"),
        about="tool_latency_p95",
        empty=_NO_CALLS,
    )


def errors_by_class(records: Records) -> Panel:
    """Draw the errors of tools by class."""
    return grammar.stacked(
        grammar.EVENTS,
        "Tool errors by class",
        f"Errors of all tools within {records.window('tool_error_count')}, retries included. timeout, connection "
        "and server_error: it is down; auth, quota, rate_limit: it refuses us; tool_validation: we call it "
        "wrongly.",
        occurring(records, "tool_error_count", ERROR_CLASS),
        colours=colours.ERROR_CLASSES,
        about="tool_error_count",
        empty=_NO_ERRORS,
    )


def llm_errors(records: Records) -> Panel:
    """Draw the errors of each model per run."""
    failed = summed_over_range(
        chosen(records.series("llm_errors_per_run", "model", part="numerator"), "model")
    )
    return grammar.lines(
        grammar.COUNT,
        "LLM errors per run",
        f"Errors of each model for each run of {records.window('llm_errors_per_run')}, of the models with most "
        "errors here, and the highest of the others. May exceed 1: a run can meet several.",
        *apart(
            by_chosen(records, "llm_errors_per_run", "model").expr,
            failed > number(0),
            "model",
            stack=False,
        ),
        colours=records.colours("model"),
        about="llm_errors_per_run",
        empty=_NO_ERRORS,
    )


def llm_errors_by_class(records: Records) -> Panel:
    """Draw the errors of models by class."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM errors by class",
        f"Errors of all models within {records.window('llm_error_count')}. rate_limit and overloaded are the "
        "provider's, context_length and invalid_request are ours.",
        occurring(records, "llm_error_count", ERROR_CLASS),
        colours=colours.ERROR_CLASSES,
        about="llm_error_count",
        empty=_NO_ERRORS,
    )


def error_rate_by_release(records: Records) -> Panel:
    """Compare the tool errors of releases."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Tool error rate by release",
        "Share of all tools' calls of each chosen release that failed: a new release may call a tool wrongly.",
        *by_busy_release(records, "tool_error_rate"),
        about="tool_error_rate:release",
        empty=NO_RELEASES,
    )


def calls_by_release(records: Records) -> Panel:
    """Compare the tool calls per run of releases."""
    return grammar.lines(
        grammar.COUNT,
        "Tool calls per run by release",
        "Calls of all tools for each run of each chosen release.",
        *by_busy_release(records, "tool_calls_per_run"),
        about="tool_calls_per_run:release",
        empty=NO_RELEASES,
    )


def _each(records: Records) -> Panel:
    tool = Column("Tool", "tool", link=("Only this tool", of_row(UID, names.SERVICE, tool="tool")))
    made, failed = (
        chosen(records.series("tool_error_rate", "tool", part=part), "tool").now()
        for part in ("denominator", "numerator")
    )
    # Rows without an error rate would not be sorted by it.
    called = made > number(0)
    rate = by_chosen(records, "tool_error_rate", "tool")
    promised = objective(records, "tool_error_rate").expr
    used = replace(rate, expr=binary("/", rate.expr, promised, on=(names.SERVICE,), group_left=()))
    columns = (
        tool,
        Column("Calls", Query(called), grammar.EVENTS, width=65),
        Column("Failed", Query(binary("and", failed, called, on=("tool",))), grammar.EVENTS, width=65),
        Column("Error rate", rate, grammar.SHARE, width=90),
        Column("Of objective", used, grammar.TIMES, width=105, steps=colours.MORE_THAN_USED),
        Column("p50", by_chosen(records, "tool_latency_p50", "tool"), grammar.DURATION, width=75),
        Column("p95", by_chosen(records, "tool_latency_p95", "tool"), grammar.DURATION, width=75),
    )
    return grammar.table(
        "Tools now",
        f"Every chosen tool over the last {records.window('tool_error_rate')}, the highest error rate first; of the "
        "objective: how many times the errors that are promised, amber beyond 1 with or without an alert. A click "
        "keeps that tool alone.",
        Table(columns, sort=("Error rate", True)),
        empty=_NO_CALLS,
    )


def llm_calls(records: Records) -> Panel:
    """Draw the number of calls of each model, also while no run finishes."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM calls",
        f"Calls of each model within {records.window('llm_call_count')}, failed ones included, also while nothing "
        "finishes.",
        *leading(records, "llm_call_count", "model", stack=True),
        colours=records.colours("model"),
        empty=_NO_LLM,
    )


def llm_latency(records: Records) -> Panel:
    """Draw the latency of each model."""
    return _slowest(records, "llm_latency_p95", "LLM latency p95", "longer")


def first_token(records: Records) -> Panel:
    """Draw the time to the first token of each model."""
    title, longer = "Time to first token p95", "longer to begin its answer"
    return _slowest(records, "time_to_first_token_p95", title, longer)


def _slowest(records: Records, signal: str, title: str, longer: str) -> Panel:
    """Draw a tail of the calls of each model; ``longer`` says which time was longer in one call of twenty."""
    return grammar.lines(
        grammar.DURATION,
        title,
        f"One call in twenty of {records.window(signal)} took {longer}, of the models that are slowest here, and the "
        "highest of the others.",
        *leading(records, signal, "model"),
        colours=records.colours("model"),
        empty=_NO_LLM,
    )


def _models(records: Records) -> tuple[Row, ...]:
    """Place calls and their times above errors; panels that no profile measures are dropped."""
    return (
        even(9, llm_calls(records), llm_latency(records), first_token(records)),
        even(9, llm_errors(records), llm_errors_by_class(records)),
    )


def _releases(records: Records) -> tuple[tuple[Panel, Panel], ...]:
    latency_by_release = grammar.lines(
        grammar.DURATION,
        "Tool latency p95 by release",
        "One call in twenty of all tools took longer, in each chosen release.",
        *by_busy_release(records, "tool_latency_p95"),
        empty=NO_RELEASES,
    )
    llm_by_release = grammar.lines(
        grammar.COUNT,
        "LLM errors per run by release",
        "Errors of all models for each run of each chosen release.",
        *by_busy_release(records, "llm_errors_per_run"),
        empty=NO_RELEASES,
    )
    return (
        (error_rate_by_release(records), latency_by_release),
        (calls_by_release(records), llm_by_release),
    )
