"""Judge alerts by real incidents: their detection, its time and alert; and the false alarms.

An alert detects an incident when it should catch it, begins to fire after its start, and its expression became true
before its end. People write down the start when they notice: for an incident without named alerts, a firing that began
shortly before and continues counts as well. A firing is an aftermath when it begins after the end, but still looks back
into the incident. A firing that no incident explains is a false alarm; a quiet night explains none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.units import MINUTE
from generator.replay import ReplayError
from generator.replay.times import utc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from generator.live.evaluate import Activity
    from generator.model.incidents import Incident, Incidents
    from generator.replay.history import AlertHistory
    from generator.replay.subject import ReplayedRule

#: The delay with which people write down the start of an incident.
_EARLY = 30 * MINUTE
PAGE, TICKET = "critical", "warning"
_RIGHT = "give the incidents of this service and span"


class Cause(StrEnum):
    """The reason why an alert fired."""

    DETECTION = "detection"
    SIDE_EFFECT = "side effect"
    AFTERMATH = "aftermath"
    FALSE_ALARM = "false alarm"
    UNKNOWN = "not judged"


class Verdict(StrEnum):
    """The result of an incident; QUIET and DISTURBED are for those during which no alert should fire."""

    DETECTED = "detected"
    MISSED = "missed"
    QUIET = "quiet"
    DISTURBED = "disturbed"
    NO_ALERT = "no such alert here"


class Detection(Struct, frozen=True):
    """An alert that detected an incident, after ``after`` seconds; negative where the start was written down late."""

    alert: str
    severity: str
    at: float
    after: float


class JudgedIncident(Struct, frozen=True):
    """An incident and the alerts that detected it, the quickest first."""

    incident: Incident
    verdict: Verdict
    detections: tuple[Detection, ...]

    def first(self, severity: str) -> Detection | None:
        """The first alert of a severity that detected it."""
        return next((one for one in self.detections if one.severity == severity), None)


class Score(Struct, frozen=True):
    """The quality of an alert, or of all alerts of a severity.

    Attributes:
        alert: Its name; empty for all of the severity.
        severity: PAGE or TICKET, or another severity.
        firings: The number of its firings that the list of incidents can judge.
        false: The number of these that no incident explains.
        detected: The number of incidents that it detected.
        of: The number of incidents that it should find.
    """

    alert: str
    severity: str
    firings: int
    false: int
    detected: int
    of: int

    @property
    def precision(self) -> float | None:
        """The share of firings that an incident explains; None without any."""
        return (self.firings - self.false) / self.firings if self.firings else None

    @property
    def recall(self) -> float | None:
        """The share of incidents that it detected; None without any for it."""
        return self.detected / self.of if self.of else None


def judge(
    truth: Incidents, alerts: Sequence[AlertHistory], start: float, end: float
) -> tuple[JudgedIncident, ...]:
    """Judge the incidents of ``truth`` that began within the span."""
    within = [one for one in truth.incidents if start <= one.start <= end]
    own = [one for one in alerts if truth.judges(one.of.service)]
    services = {one.of.service for one in alerts}
    known = [one for one in within if not one.service or one.service in services]
    return tuple(
        _judged(one, [each for each in own if one.concerns(each.of.service)], truth) for one in known
    )


def cause(of: ReplayedRule, activity: Activity, truth: Incidents) -> Cause:
    """Return the reason why ``of`` fired; UNKNOWN where the truth does not cover its service or time."""
    fired_at = activity.fired_at
    if not truth.judges(of.service) or fired_at is None:
        return Cause.UNKNOWN
    if activity.active_at < truth.start or fired_at > truth.end:
        return Cause.UNKNOWN
    harm = [one for one in truth.incidents if not one.harmless and one.concerns(of.service)]
    if any(_detects(of, activity, one) for one in harm):
        return Cause.DETECTION
    during = (one for one in harm if activity.active_at <= one.end and fired_at >= one.start)
    if any(during):
        return Cause.SIDE_EFFECT
    after = any(one.end < activity.active_at <= one.end + of.reach for one in harm)
    return Cause.AFTERMATH if after else Cause.FALSE_ALARM


def _judged(one: Incident, alerts: Sequence[AlertHistory], truth: Incidents) -> JudgedIncident:
    detections = tuple(sorted(_detections(one, alerts), key=lambda first: (first.after, first.severity)))
    if one.harmless:
        disturbed = any(_false_within(one, history, truth) for history in alerts)
        return JudgedIncident(one, Verdict.DISTURBED if disturbed else Verdict.QUIET, ())
    if detections:
        return JudgedIncident(one, Verdict.DETECTED, detections)
    known = any(one.is_for(history.of.rule.alert) for history in alerts)
    return JudgedIncident(one, Verdict.MISSED if known else Verdict.NO_ALERT, ())


def _detections(one: Incident, alerts: Sequence[AlertHistory]) -> Iterator[Detection]:
    """Yield the first firing of each rule that detects the incident."""
    for history in alerts:
        fired = [
            episode.activity.fired_at
            for episode in history.episodes
            if _detects(history.of, episode.activity, one)
        ]
        if times := [time for time in fired if time is not None]:
            at = min(times)
            yield Detection(history.of.rule.alert, history.of.severity, at, at - one.start)


def _detects(of: ReplayedRule, activity: Activity, one: Incident) -> bool:
    if one.alerts is None and of.severity not in {PAGE, TICKET}:
        return False
    return one.is_for(of.rule.alert) and _within(activity, one)


def _within(activity: Activity, one: Incident) -> bool:
    fired_at = activity.fired_at
    if fired_at is None or activity.active_at > one.end:
        return False
    lasts = activity.ended_at is None or activity.ended_at > one.start
    early = one.alerts is None and lasts and fired_at >= one.start - _EARLY
    return fired_at >= one.start or early


def _false_within(one: Incident, history: AlertHistory, truth: Incidents) -> bool:
    return any(
        cause(history.of, episode.activity, truth) is Cause.FALSE_ALARM and _within(episode.activity, one)
        for episode in history.episodes
    )


def check_truth(truth: Incidents, services: Collection[str], start: float, end: float) -> None:
    """Check that ``truth`` is about the replay.

    Raises:
        ReplayError: it is of another service, or of another time.
    """
    if truth.service and truth.service not in services:
        message = f"the incidents are those of {truth.service}, and the replay is of {', '.join(services)}"
        raise ReplayError(message, _RIGHT)
    if truth.end <= start or truth.start >= end:
        message = (
            f"the incidents are of another time: the list is complete {_reach(truth)}, "
            f"and the replay is from {utc(start)} to {utc(end)}"
        )
        raise ReplayError(message, _RIGHT)


def _reach(truth: Incidents) -> str:
    return f"until {utc(truth.end)}" if truth.end < float("inf") else f"from {utc(truth.start)}"


def not_judged(truth: Incidents, services: Collection[str], start: float, end: float) -> Iterator[str]:
    """Describe the incidents of the list that the replay cannot judge."""
    outside = sum(not start <= one.start <= end for one in truth.incidents)
    if outside:
        yield f"{outside} of {len(truth.incidents)} incidents of the list did not start within the span."
    others = dict.fromkeys(
        one.service for one in truth.incidents if one.service and one.service not in services
    )
    if others:
        yield f"Incidents of services that are not replayed are left out: {', '.join(others)}."
