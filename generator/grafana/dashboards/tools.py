"""agent-tools: which tool fails or is slow, how, and do agents call it too often? And which model fails?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import grammar
from generator.grafana.dashboard import Dashboard
from generator.grafana.layout import Section, even
from generator.grafana.queries import by, by_chosen, by_release, objective, whole
from generator.grafana.variables import variables
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

UID = names.DASHBOARDS["tools"]


def dashboard(records: Records) -> Dashboard:
    """Declare the dashboard."""
    return Dashboard(
        UID,
        "Agent tools",
        "Which tool fails or is slow, how, and do agents call it too often? And which model fails?",
        variables(records, "tool", "model", names.RELEASE),
        (
            Section("", (even(4, *_now(records)),)),
            Section("Which tool fails?", (even(8, errors(records), classes(records)),)),
            Section("Which tool is slow, or called too often?", (even(8, latency(records), calls(records)),)),
            Section("Which model fails?", (even(8, llm_errors(records), llm_classes(records)),)),
            Section("Which release is it?", (even(8, *_releases(records)),)),
        ),
    )


def errors(records: Records) -> Panel:
    """Draw each tool's error rate with the objective."""
    return grammar.lines(
        grammar.BAD_SHARE,
        "Error rate by tool",
        f"Share of each tool's calls of {records.window('tool_error_rate')} that failed. Dashed: what is promised.",
        by_chosen(records, "tool_error_rate", "tool"),
        objective(records, "tool_error_rate"),
    )


def classes(records: Records) -> Panel:
    """Draw tool errors by class."""
    return grammar.stacked(
        grammar.EVENTS,
        "Tool errors by class",
        f"Errors of {records.window('tool_error_count')}: timeout, connection and server_error mean that a tool is "
        "down; auth, quota and rate_limit that it refuses; tool_validation that it is called wrongly.",
        by(records, "tool_error_count", "error_class"),
    )


def latency(records: Records) -> Panel:
    """Draw each tool's tail latency."""
    return grammar.lines(
        grammar.DURATION,
        "Latency p95 by tool",
        f"One call in twenty of {records.window('tool_latency_p95')} was slower.",
        by_chosen(records, "tool_latency_p95", "tool"),
    )


def calls(records: Records) -> Panel:
    """Draw how often each tool is called for a run."""
    return grammar.stacked(
        grammar.COUNT,
        "Calls per run by tool",
        f"Calls for each run of {records.window('tool_calls_per_run')}. A tool that grows alone is called in circles.",
        by_chosen(records, "tool_calls_per_run", "tool"),
    )


def llm_errors(records: Records) -> Panel:
    """Draw each model's errors for a run."""
    return grammar.lines(
        grammar.COUNT,
        "LLM errors per run by model",
        f"Errors for each run of {records.window('llm_errors_per_run')}; retries can make them more than one.",
        by_chosen(records, "llm_errors_per_run", "model"),
    )


def llm_classes(records: Records) -> Panel:
    """Draw LLM errors by class."""
    return grammar.stacked(
        grammar.EVENTS,
        "LLM errors by class",
        f"Errors of {records.window('llm_error_count')}: rate_limit and overloaded are the provider's, context_length "
        "and invalid_request are ours.",
        by(records, "llm_error_count", "error_class"),
    )


def _now(records: Records) -> tuple[Panel, ...]:
    shown = (
        (grammar.PARTS, "Tool error rate", "Share of all tool calls that failed.", "tool_error_rate"),
        (grammar.COUNT, "Tool calls per run", "Calls for each finished run.", "tool_calls_per_run"),
        (grammar.DURATION, "Tool latency p95", "One call in twenty was slower.", "tool_latency_p95"),
        (
            grammar.COUNT,
            "LLM errors per run",
            "Errors of LLM steps for each finished run.",
            "llm_errors_per_run",
        ),
    )
    return tuple(
        grammar.number(scale, title, said, whole(records, signal)) for scale, title, said, signal in shown
    )


def _releases(records: Records) -> tuple[Panel, ...]:
    return (
        grammar.lines(
            grammar.BAD_SHARE,
            "Tool error rate by release",
            "Share of the tool calls of each chosen release that failed.",
            by_release(records, "tool_error_rate"),
        ),
        grammar.lines(
            grammar.COUNT,
            "Tool calls per run by release",
            "Tool calls for each run of each chosen release.",
            by_release(records, "tool_calls_per_run"),
        ),
    )
