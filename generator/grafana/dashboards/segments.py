"""Sections of agent-runs and agent-cost by the segments that services choose, such as the plan of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import grammar
from generator.grafana.panels import Section, even
from generator.grafana.queries import DAYS_OF_MONTH, apart, by_day, leading, objective, summed_over_range
from generator.grafana.variables import Variable, chosen, mine
from generator.model.units import HOUR
from generator.promql.expr import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.grafana.panels import Panel
    from generator.grafana.records import Records


def choices(records: Records, *candidates: str) -> Iterator[Variable]:
    """Yield a variable with the chosen service's values of each segment by which one of the signals is recorded."""
    for label in records.segments:
        if of := records.either(*(records.series(signal, label) for signal in candidates)):
            yield Variable(label, _words(label).capitalize(), mine(of))


def of_runs(records: Records) -> Iterator[Section]:
    """Declare a section about runs for each segment of any service."""
    for label in records.segments:
        yield Section(f"Whose runs are they? By {_words(label)}", (even(8, *_panels(label, records)),))


def of_cost(records: Records) -> Iterator[Section]:
    """Declare a section about spend for each segment of any service whose tokens have its label."""
    for label in records.segments:
        yield Section(f"Whose spend is it? By {_words(label)}", (even(8, *_spent(label, records)),))


def _words(label: str) -> str:
    return label.replace("_", " ")


def _panels(label: str, records: Records) -> tuple[Panel, ...]:
    words = _words(label)
    window = records.window("run_count")
    panels = (
        grammar.stacked(
            grammar.EVENTS,
            f"Runs by {words}",
            f"Runs that finished within {window}, by {words}: how many the other panels stand on.",
            *leading(records, "run_count", label, stack=True),
        ),
        grammar.lines(
            grammar.GOOD_SHARE,
            f"Success rate by {words}",
            f"Share of the runs of each {words} that ended well. Dashed: the objective of all runs.",
            *leading(records, "success_rate", label, rank="denominator"),
            objective(records, "success_rate", by=label),
        ),
        grammar.lines(
            grammar.DURATION,
            f"Latency p95 by {words}",
            f"One run in twenty of each {words} was slower. Dashed: the objective of all runs.",
            *leading(records, "latency_p95", label, rank="denominator"),
            objective(records, "latency_p95", by=label),
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
        _cost_per_run(label, records),
    )
    return _finished(label, records, panels, f"No runs in this time range, or this service's have no {words}")


def _spent(label: str, records: Records) -> tuple[Panel, ...]:
    words, window = _words(label), records.window("cost_per_run")
    cost = chosen(records.series("cost_per_run", label, part="numerator"), label)
    hours = number(HOUR / records.signals["cost_per_run"].window) if window else number(1)
    day, month = by_day(records, cost)
    panels = (
        grammar.stacked(
            grammar.MONEY,
            f"Spend per hour by {words}",
            f"Estimated USD an hour at the pace of the last {window}, also while no run finishes.",
            *apart(cost.now() * hours, summed_over_range(cost), label, stack=True),
        ),
        grammar.days(
            grammar.MONEY,
            f"Spend by day and {words}",
            f"Estimated USD of each day by {words}; the last bar is today's, so far.",
            *apart(day, month, label, stack=True),
            count=DAYS_OF_MONTH - 1,
        ),
        _cost_per_run(label, records),
        grammar.lines(
            grammar.COUNT,
            f"Tokens per run by {words}",
            f"Tokens for each finished run of each {words}.",
            *leading(records, "token_usage_per_run", label, rank="denominator"),
        ),
    )
    return _finished(label, records, panels, f"No cost in this time range, or its tokens have no {words}")


def _finished(label: str, records: Records, panels: tuple[Panel, ...], empty: str) -> tuple[Panel, ...]:
    """Assign the panels the colours of the segment's values, and the text ``empty`` for no data."""
    colours = records.colours(label)
    return tuple(replace(panel, colours=colours, empty=empty) for panel in panels)


def _cost_per_run(label: str, records: Records) -> Panel:
    words = _words(label)
    return grammar.lines(
        grammar.MONEY,
        f"Cost per run by {words}",
        f"Estimated USD for each finished run of each {words}.",
        *leading(records, "cost_per_run", label, rank="denominator"),
    )
