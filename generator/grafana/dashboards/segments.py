"""Sections of agent-runs: runs told apart by the segments that services choose, such as the plan of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import grammar
from generator.grafana.layout import Section, even
from generator.grafana.queries import leading, objective
from generator.grafana.variables import Variable, mine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.grafana.panels import Panel
    from generator.grafana.records import Records


def choices(records: Records) -> Iterator[Variable]:
    """Offer the values of each segment of the chosen service."""
    for label in records.segments:
        if of := records.either(records.series("run_count", label), records.series("latency_p95", label)):
            yield Variable(label, _words(label).capitalize(), mine(of))


def sections(records: Records) -> Iterator[Section]:
    """Declare a section for each segment of any service."""
    for label in records.segments:
        yield Section(f"Whose runs are they? By {_words(label)}", (even(8, *_panels(label, records)),))


def _words(label: str) -> str:
    return label.replace("_", " ")


def _panels(label: str, records: Records) -> tuple[Panel, ...]:
    words = _words(label)
    window = records.window("run_count")
    return (
        grammar.stacked(
            grammar.EVENTS,
            f"Runs by {words}",
            f"Runs that finished within {window}, by {words}: how many the other panels stand on.",
            *leading(records, "run_count", label, stack=True),
        ),
        grammar.lines(
            grammar.GOOD_SHARE,
            f"Success rate by {words}",
            f"Share of the runs of each {words} that ended well. Dashed: what is promised of all runs.",
            *leading(records, "success_rate", label, rank="denominator"),
            objective(records, "success_rate"),
        ),
        grammar.lines(
            grammar.DURATION,
            f"Latency p95 by {words}",
            f"One run in twenty of each {words} was slower. Dashed: what is promised of all runs.",
            *leading(records, "latency_p95", label, rank="denominator"),
            objective(records, "latency_p95"),
        ),
        grammar.lines(
            grammar.COUNT,
            f"Steps p95 by {words}",
            f"One run in twenty of each {words} took more steps.",
            *leading(records, "step_count", label, rank="denominator"),
        ),
        grammar.lines(
            grammar.COUNT,
            f"Tool calls per run by {words}",
            f"Tool calls for each finished run of each {words}.",
            *leading(records, "tool_calls_per_run", label, rank="denominator"),
        ),
        grammar.lines(
            grammar.MONEY,
            f"Cost per run by {words}",
            f"Estimated USD for each finished run of each {words}.",
            *leading(records, "cost_per_run", label, rank="denominator"),
        ),
    )
