"""agent-tools: which tool or model fails, is slow or is called too often, and since when?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even, row
from generator.grafana.links import of_row
from generator.grafana.panels import Column, Table
from generator.grafana.queries import by, by_busy_release, by_chosen, objective
from generator.grafana.variables import variables
from generator.model import names
from generator.model.panels import CHOICES

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["tools"]


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent tools",
        "Which tool or model fails, is slow or is called too often, and since when?",
        variables(records, *CHOICES[UID]),
        (
            Section("", (row(8, (15, _each(records)), (9, errors_by_class(records))),)),
            Section("Which tool, and since when?", (even(8, *_tools(records)),)),
            Section("LLM errors", (even(8, llm_errors(records), llm_errors_by_class(records)),)),
            Section("Which release is it?", (even(8, *_releases(records)),)),
        ),
    )


def error_rate(records: Records) -> Panel:
    """Draw the error rate of each tool with the objective."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Tool error rate",
        f"Share of each tool's calls of {records.window('tool_error_rate')} that failed. Dashed: what is promised of "
        "every tool. An average over tools would hide a dead one.",
        by_chosen(records, "tool_error_rate", "tool"),
        objective(records, "tool_error_rate"),
        colours=records.colours("tool"),
    ).told_by("tool_error_rate")


def calls(records: Records) -> Panel:
    """Draw how often each tool is called."""
    return grammar.stacked(
        grammar.COUNT,
        "Tool calls per run",
        f"Calls of each tool for each run of {records.window('tool_calls_per_run')}; their sum is what a run calls. "
        "Grows when agents call tools in circles.",
        by_chosen(records, "tool_calls_per_run", "tool"),
        colours=records.colours("tool"),
    ).told_by("tool_calls_per_run")


def latency(records: Records) -> Panel:
    """Draw how slow each tool is."""
    return grammar.lines(
        grammar.DURATION,
        "Tool latency p95",
        f"One call in twenty of {records.window('tool_latency_p95')} took longer, failed ones included.",
        by_chosen(records, "tool_latency_p95", "tool"),
        colours=records.colours("tool"),
    ).told_by("tool_latency_p95")


def errors_by_class(records: Records) -> Panel:
    """Draw what kind of errors tools have."""
    return grammar.stacked(
        grammar.EVENTS,
        "Tool errors by class",
        f"Errors of all tools within {records.window('tool_error_count')}, retries included. timeout, connection and "
        "server_error: it is down; auth, quota, rate_limit: it refuses us; tool_validation: we call it wrongly.",
        by(records, "tool_error_count", "error_class"),
        colours=colours.ERROR_CLASSES,
    ).told_by("tool_error_count")


def llm_errors(records: Records) -> Panel:
    """Draw how often each model fails."""
    return grammar.lines(
        grammar.COUNT,
        "LLM errors per run",
        f"Errors of each model for each run of {records.window('llm_errors_per_run')}. May exceed 1: a run can meet "
        "several.",
        by_chosen(records, "llm_errors_per_run", "model"),
        colours=records.colours("model"),
    ).told_by("llm_errors_per_run")


def llm_errors_by_class(records: Records) -> Panel:
    """Draw what kind of errors models have."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM errors by class",
        f"Errors of all models within {records.window('llm_error_count')}. rate_limit and overloaded are the "
        "provider's, context_length and invalid_request are ours.",
        by(records, "llm_error_count", "error_class"),
        colours=colours.ERROR_CLASSES,
    ).told_by("llm_error_count")


def error_rate_by_release(records: Records) -> Panel:
    """Compare the tool errors of releases."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Tool error rate by release",
        "Share of all tools' calls of each chosen release that failed: a new release may call a tool wrongly.",
        *by_busy_release(records, "tool_error_rate"),
    ).told_by("tool_error_rate:release")


def calls_by_release(records: Records) -> Panel:
    """Compare how often releases call tools."""
    return grammar.lines(
        grammar.COUNT,
        "Tool calls per run by release",
        "Calls of all tools for each run of each chosen release.",
        *by_busy_release(records, "tool_calls_per_run"),
    ).told_by("tool_calls_per_run:release")


def _each(records: Records) -> Panel:
    tool = Column("Tool", "tool", link=("Only this tool", of_row(UID, names.SERVICE, tool="tool")))
    window = records.window("tool_error_rate")
    columns = (
        tool,
        Column("Error rate", by_chosen(records, "tool_error_rate", "tool"), grammar.SHARE, width=100),
        Column("Errors", by_chosen(records, "tool_error_count", "tool"), grammar.EVENTS, width=90),
        Column("Calls per run", by_chosen(records, "tool_calls_per_run", "tool"), grammar.COUNT, width=120),
        Column("p50", by_chosen(records, "tool_latency_p50", "tool"), grammar.DURATION, width=100),
        Column("p95", by_chosen(records, "tool_latency_p95", "tool"), grammar.DURATION, width=100),
    )
    return grammar.table(
        "Tools now",
        f"Every chosen tool over the last {window}, the one with most failures first. A click keeps that tool alone.",
        Table(columns, sort=("Error rate", True)),
    )


def _tools(records: Records) -> tuple[Panel, ...]:
    return (error_rate(records), latency(records), calls(records))


def _releases(records: Records) -> tuple[Panel, ...]:
    latency_by_release = grammar.lines(
        grammar.DURATION,
        "Tool latency p95 by release",
        "One call in twenty of all tools took longer, in each chosen release.",
        *by_busy_release(records, "tool_latency_p95"),
    )
    llm_by_release = grammar.lines(
        grammar.COUNT,
        "LLM errors per run by release",
        "Errors of all models for each run of each chosen release.",
        *by_busy_release(records, "llm_errors_per_run"),
    )
    return (error_rate_by_release(records), latency_by_release, calls_by_release(records), llm_by_release)
