"""A report for machines: times are ISO 8601 in UTC, lengths are seconds."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from generator.replay.times import iso

if TYPE_CHECKING:
    from generator.replay.judge import JudgedIncident
    from generator.replay.report import AlertReport, Report, Row


def as_json(report: Report) -> str:
    """Write ``report`` as JSON."""
    replay = report.replay
    document: dict[str, Any] = {
        "server": replay.server,
        "services": list(report.services),
        "from": iso(replay.start),
        "to": iso(replay.end),
        "records": str(replay.records),
        "notes": list(replay.notes),
        "alerts": [_alert(one) for one in report.alerts],
    }
    if report.truth:
        document["incidents"] = [_incident(one) for one in report.incidents]
        document["false_alarms"] = len(report.false_alarms)
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


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
        "firings": [_row(row) for row in one.firings],
        "pending": [_row(row) for row in one.pending],
        "failed_evaluations": [{"at": iso(time), "error": text} for time, text in one.failures.items()],
    }


def _row(row: Row) -> dict[str, Any]:
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
        "start": iso(one.incident.start),
        "end": iso(one.incident.end),
        "verdict": str(one.verdict),
        "detected_by": [
            {
                "alert": found.alert,
                "severity": found.severity,
                "at": iso(found.at),
                "after_seconds": found.after,
            }
            for found in one.detections
        ],
    }
