"""The results of a replay, in rows: the one source of the table, the JSON and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.replay.judge import PAGE, TICKET, Cause, JudgedIncident, Score, cause, judge, not_judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.incidents import Incidents
    from generator.replay.history import AlertHistory, Episode
    from generator.replay.replay import Replay
    from generator.replay.subject import ReplayedRule

# Labels of every alert, which are shown elsewhere.
_COMMON = frozenset({"alertname", "service", "severity", "owner", "signal"})
#: More rows than this are only in the page and the JSON.
MOST_ROWS = 60


class ActivePeriod(Struct, frozen=True):
    """One period in which an alert was active.

    Attributes:
        of: The alerting rule.
        labels: Those that distinguish it from others of its rule: tool, release, metric.
        active_at: The time when it became pending, Unix seconds.
        fired_at: The time when it began to fire; None when it never did.
        ended_at: The time when it was inactive again; None when it was still active at the end.
        seconds: The duration of its firing within the span; if it never fired, of its pending.
        since_before: Whether it was active before the queried time.
        at_start: The value at which it began to fire, or became pending.
        least: The smallest value.
        most: The largest value.
        cause: The reason why it fired, by the truth; None without a truth, and if it never fired.
    """

    of: ReplayedRule
    labels: Mapping[str, str]
    active_at: float
    fired_at: float | None
    ended_at: float | None
    seconds: float
    since_before: bool
    at_start: float | None
    least: float | None
    most: float | None
    cause: Cause | None

    @property
    def began(self) -> float:
        """The time when it began to fire; if it never fired, when it became pending."""
        return self.active_at if self.fired_at is None else self.fired_at


class AlertReport(Struct, frozen=True):
    """The results of one alerting rule: firings, and periods of pending without firing."""

    of: ReplayedRule
    firings: tuple[ActivePeriod, ...]
    pending: tuple[ActivePeriod, ...]
    failures: Mapping[float, str]

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels by which it differs from other rules of the same alert and severity, such as the metric."""
        return {name: text for name, text in self.of.rule.labels.items() if name not in _COMMON}

    @property
    def total(self) -> float:
        """Seconds in which its alerts fired, summed over label sets."""
        return sum(row.seconds for row in self.firings)

    @property
    def longest(self) -> float:
        """Seconds of its longest firing; 0 without any."""
        return max((row.seconds for row in self.firings), default=0.0)


class Report(Struct, frozen=True):
    """The results of a replay; ``incidents`` and the causes of firings are empty without a truth.

    ``notes`` are sentences about missing or unjudged data.
    """

    replay: Replay
    services: tuple[str, ...]
    alerts: tuple[AlertReport, ...]
    truth: Incidents | None
    incidents: tuple[JudgedIncident, ...]
    notes: tuple[str, ...] = ()

    @property
    def firings(self) -> list[ActivePeriod]:
        """All firings, in order of time."""
        return sorted((row for one in self.alerts for row in one.firings), key=lambda row: row.began)

    @property
    def firing_seconds(self) -> float:
        """Seconds in which at least one alert fired."""
        total, until = 0.0, float("-inf")
        for row in self.firings:
            begin = max(row.began, self.replay.start)
            total += max(0.0, begin + row.seconds - max(begin, until))
            until = max(until, begin + row.seconds)
        return total

    @property
    def false_alarms(self) -> list[ActivePeriod]:
        """The firings that no incident explains."""
        return [row for row in self.firings if row.cause is Cause.FALSE_ALARM]

    @property
    def detected(self) -> list[JudgedIncident]:
        """The detected incidents."""
        return [one for one in self.incidents if one.detections]

    @property
    def harmful(self) -> list[JudgedIncident]:
        """The incidents during which an alert should fire."""
        return [one for one in self.incidents if not one.incident.harmless]

    @property
    def scores(self) -> list[Score]:
        """Precision and recall: of all pages, of all tickets, then of each alert that fired or should have."""
        if self.truth is None:
            return []
        named = {(one.of.rule.alert, one.of.severity) for one in self.alerts if one.firings}
        named |= {
            (one.of.rule.alert, one.of.severity)
            for one in self.alerts
            for each in self.harmful
            if one.of.rule.alert in (each.incident.alerts or ())
        }
        return [_score(self, *key) for key in (("", PAGE), ("", TICKET), *sorted(named))]

    @property
    def active(self) -> list[AlertReport]:
        """The rules that fired or were pending."""
        return [one for one in self.alerts if one.firings or one.pending]


def report(replay: Replay, truth: Incidents | None = None) -> Report:
    """Collect the results of ``replay``, judged by ``truth`` if there is one."""
    alerts = tuple(_alert(one, replay, truth) for one in replay.alerts)
    services = tuple(dict.fromkeys(one.of.service for one in alerts))
    judged = judge(truth, replay.alerts, replay.start, replay.end) if truth else ()
    untold = not_judged(truth, services, replay.start, replay.end) if truth else ()
    return Report(replay, services, alerts, truth, judged, (*replay.notes, *untold))


def _score(report: Report, alert: str, severity: str) -> Score:
    """Count for one alert, or for all of a severity."""
    judged = [
        row
        for row in report.firings
        if row.of.severity == severity and alert in {"", row.of.rule.alert} and row.cause is not Cause.UNKNOWN
    ]
    meant = [one for one in report.harmful if not alert or one.incident.is_for(alert)]
    detected = [
        one
        for one in meant
        if any(each.severity == severity and alert in {"", each.alert} for each in one.detections)
    ]
    false = sum(row.cause is Cause.FALSE_ALARM for row in judged)
    return Score(alert, severity, len(judged), false, len(detected), len(meant))


def _alert(one: AlertHistory, replay: Replay, truth: Incidents | None) -> AlertReport:
    rows = tuple(_row(one.of, episode, replay, truth) for episode in one.episodes)
    fired = tuple(row for row in rows if row.fired_at is not None)
    return AlertReport(one.of, fired, tuple(row for row in rows if row.fired_at is None), one.failures)


def _row(of: ReplayedRule, episode: Episode, replay: Replay, truth: Incidents | None) -> ActivePeriod:
    activity = episode.activity
    began = activity.active_at if activity.fired_at is None else activity.fired_at
    until = replay.end if activity.ended_at is None else activity.ended_at
    values = activity.values
    return ActivePeriod(
        of=of,
        labels={name: text for name, text in episode.labels.items() if name not in _COMMON},
        active_at=activity.active_at,
        fired_at=activity.fired_at,
        ended_at=activity.ended_at,
        seconds=max(0.0, until - max(began, replay.start)),
        since_before=episode.since_before,
        at_start=values.get(began),
        least=min(values.values(), default=None),
        most=max(values.values(), default=None),
        cause=cause(of, activity, truth) if truth and activity.fired_at is not None else None,
    )
