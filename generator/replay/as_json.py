"""A report for machines: times are ISO 8601 in UTC, lengths are seconds."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from generator.replay.judge import PAGE, TICKET, Detection, JudgedIncident, Score
from generator.replay.times import iso

if TYPE_CHECKING:
    from generator.replay.report import ActivePeriod, AlertReport, Report


def as_json(report: Report) -> str:
    """Write ``report`` as JSON."""
    return json.dumps(document(report), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


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
        "alerts": [_alert(one) for one in report.alerts],
    }
    if report.truth:
        fields["incidents"] = [_incident(one) for one in report.incidents]
        fields["false_alarms"] = len(report.false_alarms)
        fields["scores"] = [_score(one) for one in report.scores]
    return fields


def _alert(one: AlertReport) -> dict[str, Any]:
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
        "firings": [row_of(row) for row in one.firings],
        "pending": [row_of(row) for row in one.pending],
        "failed_evaluations": [{"at": iso(time), "error": text} for time, text in one.failures.items()],
    }


def row_of(row: ActivePeriod) -> dict[str, Any]:
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


def _incident(one: JudgedIncident) -> dict[str, Any]:
    return {
        "name": one.incident.name,
        "service": one.incident.service,
        "impact": one.incident.impact,
        "start": iso(one.incident.start),
        "end": iso(one.incident.end),
        "verdict": str(one.verdict),
        "first_ticket": _detection(one.first(TICKET)),
        "first_page": _detection(one.first(PAGE)),
        "detected_by": [_detection(detection) for detection in one.detections],
    }


def _detection(detection: Detection | None) -> dict[str, Any] | None:
    if detection is None:
        return None
    return {
        "alert": detection.alert,
        "severity": detection.severity,
        "at": iso(detection.at),
        "after_seconds": detection.after,
    }


def _score(one: Score) -> dict[str, Any]:
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
