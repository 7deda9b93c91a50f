"""A report in three formats: for a terminal, as Markdown for a pull request or a postmortem, and as JSON for machines.

In JSON times are ISO 8601 in UTC, and lengths are seconds.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from generator.diagnostics.wording import counted, printable
from generator.markdown import code, text
from generator.replay.judge import PAGE, TICKET, Detection, JudgedIncident, Score
from generator.replay.report import MOST_ROWS, ActivePeriod, AlertReport, Report
from generator.replay.times import after, alert_value, clock, iso, lasting, share, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


#: The version of the JSON, also of a comparison; raised when a key changes its meaning or goes away.
FORMAT_VERSION = 1


def as_text(report: Report) -> Iterator[str]:
    """Write ``report`` as lines; invisible characters of names and texts are escaped."""
    yield from map(printable, _text_lines(report))


def _text_lines(report: Report) -> Iterator[str]:
    yield from _head(report)
    yield from _alerts(report)
    yield from _firings(report.firings, several=len(report.services) > 1)
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
        rows = [_alert_row(one) for one in active]
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


def _alert_row(one: AlertReport) -> tuple[str, ...]:
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


def _firings(rows: Sequence[ActivePeriod], *, several: bool) -> Iterator[str]:
    if not rows:
        return
    judged = any(row.cause for row in rows)
    head = (
        "FIRED AT (UTC)",
        "FOR",
        "SEVERITY",
        "SERVICE",
        "ALERT",
        "LABELS",
        "VALUE",
        "FROM",
        "TO",
        *(("WHY",) * judged),
    )
    yield from text_table(head, [_firing_row(row, several=several) for row in rows[:MOST_ROWS]])
    if len(rows) > MOST_ROWS:
        yield f"and {len(rows) - MOST_ROWS} more: --format json and --html show all"
    yield ""


def _firing_row(row: ActivePeriod, *, several: bool) -> tuple[str, ...]:
    rule = row.of.rule
    return (
        f"{clock(row.began)}{' or before' * row.since_before}",
        f"{lasting(row.seconds)}{' and on' * (row.ended_at is None)}",
        row.of.severity,
        row.of.service if several else "",
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
            [_incident_row(one, report) for one in report.incidents],
        )
        yield ""
    yield from text_table(
        ("ALERT", "SEVERITY", "FIRINGS", "FALSE", "PRECISION", "INCIDENTS FOUND", "RECALL"),
        [_score_row(one) for one in report.scores],
    )
    yield ""
    false = len(report.false_alarms)
    yield f"{len(report.detected)} of {len(report.harmful)} incidents detected, {counted(false, 'false alarm')}"


def _incident_row(one: JudgedIncident, report: Report) -> tuple[str, ...]:
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


def _score_row(one: Score) -> tuple[str, ...]:
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


def as_markdown(report: Report) -> str:
    """Write ``report`` for a pull request."""
    return "\n".join(_markdown_lines(report)) + "\n"


def _markdown_lines(report: Report) -> Iterator[str]:
    yield f"### Alerts of {', '.join(map(code, report.services))}"
    yield ""
    yield f"{clock(report.replay.start)} to {utc(report.replay.end)} on {code(report.replay.server)}."
    yield from (f"{text(one)}" for one in report.notes)
    yield ""
    if report.truth:
        yield from _judged_lines(report)
    yield from _fired(report)


def _judged_lines(report: Report) -> Iterator[str]:
    """Write the incidents, and the quality of each alert."""
    false = len(report.false_alarms)
    yield (
        f"**{len(report.detected)} of {len(report.harmful)} incidents detected, "
        f"{counted(false, 'false alarm')}.**"
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
            (_incident_cells(one) for one in report.incidents),
        )
    yield from markdown_table(
        ("alert", "severity", "firings", "false", "precision", "incidents found", "recall"),
        (_score_cells(one) for one in report.scores),
    )


def _fired(report: Report) -> Iterator[str]:
    rows = report.firings
    if not rows:
        yield "Nothing fired."
        return
    head = ("fired at (UTC)", "for", "severity", "alert", "service", "labels", "value")
    yield from markdown_table(
        (*head, *(("why",) if report.truth else ())), (_firing_cells(row) for row in rows[:MOST_ROWS])
    )
    if len(rows) > MOST_ROWS:
        yield f"And {len(rows) - MOST_ROWS} more."


def _incident_cells(one: JudgedIncident) -> tuple[str, ...]:
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


def _score_cells(one: Score) -> tuple[str, ...]:
    return (
        text(one.alert) or "*all*",
        text(one.severity),
        str(one.firings),
        str(one.false),
        share(one.precision),
        f"{one.detected} of {one.of}",
        share(one.recall),
    )


def _firing_cells(row: ActivePeriod) -> tuple[str, ...]:
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


def as_json(report: Report) -> str:
    """Write ``report`` as JSON."""
    whole = {"version": FORMAT_VERSION, **document(report)}
    return json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return ``report`` as a value that JSON can represent."""
    replay = report.replay
    fields: dict[str, Any] = {
        "server": replay.server,
        "services": list(report.services),
        "from": iso(replay.start),
        "to": iso(replay.end),
        "records": str(replay.records),
        "notes": list(report.notes),
        "alerts": [_alert_value(one) for one in report.alerts],
    }
    if report.truth:
        fields["incidents"] = [_incident_value(one) for one in report.incidents]
        fields["false_alarms"] = len(report.false_alarms)
        fields["scores"] = [_score_value(one) for one in report.scores]
    return fields


def _alert_value(one: AlertReport) -> dict[str, Any]:
    rule = one.of.rule
    return {
        "service": one.of.service,
        "alert": rule.alert,
        "labels": dict(rule.labels),
        "for": rule.for_,
        "keep_firing_for": rule.keep_firing_for,
        "interval": one.of.interval,
        "firing_seconds": one.total,
        "longest_seconds": one.longest,
        "firings": [row_value(row) for row in one.firings],
        "pending": [row_value(row) for row in one.pending],
        "failed_evaluations": [{"at": iso(time), "error": text} for time, text in one.failures.items()],
    }


def row_value(row: ActivePeriod) -> dict[str, Any]:
    """Return a firing, or a period of only pending, as a value that JSON can represent."""
    times = {"active_at": row.active_at, "fired_at": row.fired_at, "ended_at": row.ended_at}
    values = {"start": row.at_start, "min": row.least, "max": row.most}
    return {
        "labels": dict(row.labels),
        **{name: None if time is None else iso(time) for name, time in times.items()},
        "seconds": row.seconds,
        "since_before": row.since_before,
        "value": {name: _number(value) for name, value in values.items()},
        **({"cause": str(row.cause)} if row.cause else {}),
    }


def _number(value: float | None) -> float | str | None:
    """JSON has no infinity, and no NaN."""
    return value if value is None or isfinite(value) else str(value)


def _incident_value(one: JudgedIncident) -> dict[str, Any]:
    return {
        "name": one.incident.name,
        "service": one.incident.service,
        "impact": one.incident.impact,
        "start": iso(one.incident.start),
        "end": iso(one.incident.end),
        "verdict": str(one.verdict),
        "first_ticket": _detection_value(one.first(TICKET)),
        "first_page": _detection_value(one.first(PAGE)),
        "detected_by": [_detection_value(detection) for detection in one.detections],
    }


def _detection_value(detection: Detection | None) -> dict[str, Any] | None:
    if detection is None:
        return None
    return {
        "alert": detection.alert,
        "severity": detection.severity,
        "at": iso(detection.at),
        "after_seconds": detection.after,
    }


def _score_value(one: Score) -> dict[str, Any]:
    return {
        "alert": one.alert or None,
        "severity": one.severity,
        "firings": one.firings,
        "false_alarms": one.false,
        "precision": one.precision,
        "incidents_found": one.detected,
        "incidents": one.of,
        "recall": one.recall,
    }
