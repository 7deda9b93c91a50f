"""Reports made from a few words, for tests of rendering and judging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.live.evaluate import Activity
from generator.model.incidents import Incident, Incidents, Rollout
from generator.model.rules import AlertingRule
from generator.replay.history import AlertHistory, Episode
from generator.replay.replay import RecordSource, Replay
from generator.replay.report import Report, report
from generator.replay.subject import ReplayedRule

if TYPE_CHECKING:
    from collections.abc import Mapping

#: 2026-03-20 00:00 UTC.
T = 1_773_964_800
MINUTE, HOUR = 60, 3600
END = T + 12 * HOUR

OUTAGE = Incident("outage", T + 2 * HOUR, T + 3 * HOUR, ("High",))
NIGHT = Incident("night-low", T + 8 * HOUR, T + 9 * HOUR, ())


def rule(name: str = "High", severity: str = "critical", service: str = "s") -> ReplayedRule:
    """An alerting rule on a ratio."""
    labels = {"severity": severity, "service": service}
    annotations = {
        "description": "It was {{ $value | humanizePercentage }}.",
        "runbook_url": "https://runbooks.example.com/High.md",
    }
    return ReplayedRule(service, AlertingRule(name, "x > 0", 300, 0, labels, annotations), 60, HOUR)


def active(
    minute: int,
    lasting: int | None = 20,
    *,
    fires: bool = True,
    labels: Mapping[str, str] | None = None,
    value: float = 0.25,
) -> Episode:
    """An alert that fires at a minute of the span, after five of pending, for some minutes; None is to the end."""
    at, until = T + minute * MINUTE, None if lasting is None else T + (minute + lasting) * MINUTE
    pending = at - 5 * MINUTE
    values = {float(pending): value, float(at): 2 * value}
    activity = Activity(pending, at if fires else None, until, values)
    return Episode(labels or {}, activity, since_before=False)


def history(
    of: ReplayedRule, *episodes: Episode, failures: Mapping[float, str] | None = None
) -> AlertHistory:
    """The history of a rule."""
    given = {**of.rule.labels, "alertname": of.rule.alert}
    labelled = (replace(one, labels={**one.labels, **given}) for one in episodes)
    return AlertHistory(of, tuple(labelled), failures or {})


def truth(*incidents: Incident) -> Incidents:
    """The true incidents of the service."""
    return Incidents(incidents, "s", T, END, (Rollout("v2", T + HOUR),))


def reported(*alerts: AlertHistory, known: Incidents | None = None, notes: tuple[str, ...] = ()) -> Report:
    """The report of a replay."""
    return report(Replay("http://prometheus", T, END, RecordSource.READ, alerts, notes), known)
