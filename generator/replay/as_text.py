"""A report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.wording import printable
from generator.replay.judge import PAGE, TICKET, JudgedIncident, Score
from generator.replay.report import MOST_ROWS
from generator.replay.times import after, alert_value, clock, lasting, share, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.replay.report import ActivePeriod, AlertReport, Report


def as_text(report: Report) -> Iterator[str]:
    """Write ``report`` as lines; invisible characters of names and texts are escaped."""
    yield from map(printable, _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield from _head(report)
    yield from _alerts(report)
    yield from _firings(report.firings)
    if report.truth:
        yield from _incidents(report)


def _head(report: Report) -> Iterator[str]:
    replay = report.replay
    source = "computed here" if replay.records == "inlined" else "read"
    yield f"{', '.join(report.services)} on {replay.server}"
    yield f"{clock(replay.start)} to {utc(replay.end)}; recorded series {source}"
    yield from (f"note: {text}" for text in report.notes)
    yield ""


def _alerts(report: Report) -> Iterator[str]:
    active = report.active
    if active:
        rows = [_alert(one) for one in active]
        yield from text_table(
            ("SERVICE", "ALERT", "SEVERITY", "LABELS", "FIRINGS", "LONGEST", "TOTAL", "ONLY PENDING"), rows
        )
    yield f"{len(report.alerts) - len(active)} of {len(report.alerts)} rules stayed quiet"
    for one in report.alerts:
        if one.failures:
            time, message = next(iter(one.failures.items()))
            yield (
                f"{one.of.rule.alert} of {one.of.service}: {len(one.failures)} failed evaluations, the first at "
                f"{utc(time)}: {message}"
            )
    yield ""


def _alert(one: AlertReport) -> tuple[str, ...]:
    lengths = (lasting(one.longest), lasting(one.total)) if one.firings else ("-", "-")
    return (
        one.of.service,
        one.of.rule.alert,
        one.of.severity,
        labels_text(one.labels),
        str(len(one.firings)),
        *lengths,
        str(len(one.pending)),
    )


def _firings(rows: Sequence[ActivePeriod]) -> Iterator[str]:
    if not rows:
        return
    judged = any(row.cause for row in rows)
    head = (
        "FIRED AT (UTC)",
        "FOR",
        "SEVERITY",
        "ALERT",
        "LABELS",
        "VALUE",
        "FROM",
        "TO",
        *(("WHY",) * judged),
    )
    yield from text_table(head, [_firing(row) for row in rows[:MOST_ROWS]])
    if len(rows) > MOST_ROWS:
        yield f"and {len(rows) - MOST_ROWS} more: --format json and --html show all"
    yield ""


def _firing(row: ActivePeriod) -> tuple[str, ...]:
    rule = row.of.rule
    return (
        f"{clock(row.began)}{' or before' * row.since_before}",
        f"{lasting(row.seconds)}{' and on' * (row.ended_at is None)}",
        row.of.severity,
        rule.alert,
        labels_text(row.labels),
        *(alert_value(value, rule) for value in (row.at_start, row.least, row.most)),
        *((str(row.cause),) if row.cause else ()),
    )


def labels_text(labels: Mapping[str, str]) -> str:
    """Write labels on one line."""
    return " ".join(f"{name}={text}" for name, text in labels.items())


def _incidents(report: Report) -> Iterator[str]:
    if report.incidents:
        yield from text_table(
            ("INCIDENT", "SERVICE", "FROM (UTC)", "LASTED", "VERDICT", "TICKET", "PAGE", "FOUND BY"),
            [_incident(one, report) for one in report.incidents],
        )
        yield ""
    yield from text_table(
        ("ALERT", "SEVERITY", "FIRINGS", "FALSE", "PRECISION", "INCIDENTS FOUND", "RECALL"),
        [_score(one) for one in report.scores],
    )
    yield ""
    false = len(report.false_alarms)
    yield f"{len(report.detected)} of {len(report.harmful)} incidents detected, {false} false alarm{'s' * (false != 1)}"


def _incident(one: JudgedIncident, report: Report) -> tuple[str, ...]:
    incident = one.incident
    detections = ", ".join(f"{each.alert} ({each.severity}) {after(each.after)}" for each in one.detections)
    lasted = lasting(incident.end - incident.start)
    firsts = (one.first(severity) for severity in (TICKET, PAGE))
    return (
        incident.name,
        incident.service if len(report.services) > 1 else "",
        clock(incident.start),
        lasted,
        str(one.verdict),
        *(after(first.after) if first else "-" * bool(detections) for first in firsts),
        detections,
    )


def _score(one: Score) -> tuple[str, ...]:
    return (
        one.alert or "all",
        one.severity,
        str(one.firings),
        str(one.false),
        share(one.precision),
        f"{one.detected} of {one.of}",
        share(one.recall),
    )


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Align columns; columns without any content are left out."""
    shown = [tuple(map(printable, row)) for row in rows]
    kept = [column for column in range(len(head)) if any(row[column] for row in shown)]
    widths = [max(len(head[column]), *(len(row[column]) for row in shown)) for column in kept]
    for row in (head, *shown):
        cells = (row[column].ljust(width) for column, width in zip(kept, widths, strict=True))
        yield "  ".join(cells).rstrip()
