"""A report as Markdown, for a pull request or a postmortem: incidents, false alarms, firings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.markdown import code, text
from generator.replay.judge import PAGE, TICKET, JudgedIncident, Score
from generator.replay.report import MOST_ROWS
from generator.replay.times import after, alert_value, clock, lasting, share, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.replay.report import ActivePeriod, Report


def as_markdown(report: Report) -> str:
    """Write ``report`` for a pull request."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### Alerts of {', '.join(map(code, report.services))}"
    yield ""
    yield f"{clock(report.replay.start)} to {utc(report.replay.end)} on {code(report.replay.server)}."
    yield from (f"{text(one)}" for one in report.notes)
    yield ""
    if report.truth:
        yield from judged_lines(report)
    yield from _fired(report)


def judged_lines(report: Report) -> Iterator[str]:
    """Write the incidents, and the quality of each alert."""
    false = len(report.false_alarms)
    yield (
        f"**{len(report.detected)} of {len(report.harmful)} incidents detected, {false} false "
        f"alarm{'s' * (false != 1)}.**"
    )
    yield ""
    if report.incidents:
        yield from markdown_table(
            (
                "incident",
                "service",
                "start (UTC)",
                "lasted",
                "verdict",
                "first ticket",
                "first page",
                "impact",
            ),
            (_incident(one) for one in report.incidents),
        )
    yield from markdown_table(
        ("alert", "severity", "firings", "false", "precision", "incidents found", "recall"),
        (_score(one) for one in report.scores),
    )


def _fired(report: Report) -> Iterator[str]:
    rows = report.firings
    if not rows:
        yield "Nothing fired."
        return
    head = ("fired at (UTC)", "for", "severity", "alert", "service", "labels", "value")
    yield from markdown_table(
        (*head, *(("why",) if report.truth else ())), (firing(row) for row in rows[:MOST_ROWS])
    )
    if len(rows) > MOST_ROWS:
        yield f"And {len(rows) - MOST_ROWS} more."


def _incident(one: JudgedIncident) -> tuple[str, ...]:
    incident = one.incident
    firsts = [one.first(severity) for severity in (TICKET, PAGE)]
    return (
        text(incident.name),
        code(incident.service) if incident.service else "all",
        clock(incident.start),
        lasting(incident.end - incident.start),
        str(one.verdict),
        *(f"{text(first.alert)} {after(first.after)}" if first else "-" for first in firsts),
        text(incident.impact),
    )


def _score(one: Score) -> tuple[str, ...]:
    return (
        text(one.alert) or "*all*",
        text(one.severity),
        str(one.firings),
        str(one.false),
        share(one.precision),
        f"{one.detected} of {one.of}",
        share(one.recall),
    )


def firing(row: ActivePeriod) -> tuple[str, ...]:
    """Write a firing as the cells of a row."""
    return (
        f"{clock(row.began)}{' or before' * row.since_before}",
        f"{lasting(row.seconds)}{' and on' * (row.ended_at is None)}",
        text(row.of.severity),
        text(row.of.rule.alert),
        code(row.of.service),
        " ".join(code(f"{name}={value}") for name, value in row.labels.items()),
        alert_value(row.at_start, row.of.rule),
        *((str(row.cause),) if row.cause else ()),
    )


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table, and the blank line that ends it."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(cells)} |" for cells in rows)
    yield ""
