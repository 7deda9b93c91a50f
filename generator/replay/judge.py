"""What alerts made of incidents that really happened: found, when, by which; and what fired for nothing.

An alert detects an incident when it exists to catch it, begins to fire after its start, and its expression came true
before its end. A firing is an aftermath when it begins after the end, but still looks back into the incident. What no
incident explains is a false alarm; an incident that no alert is for (a quiet night) explains nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.live.states import Activity
    from generator.replay.history import AlertHistory
    from generator.replay.subject import ReplayedRule
    from generator.replay.truth import TrueIncident, Truth


class Cause(StrEnum):
    """Why an alert fired."""

    DETECTION = "detection"
    SIDE_EFFECT = "side effect"
    AFTERMATH = "aftermath"
    FALSE_ALARM = "false alarm"
    UNKNOWN = "not judged"


class Verdict(StrEnum):
    """What became of an incident; QUIET and DISTURBED are of those at which nothing should fire."""

    DETECTED = "detected"
    MISSED = "missed"
    QUIET = "quiet"
    DISTURBED = "disturbed"
    NO_ALERT = "no such alert here"


class Detection(Struct, frozen=True):
    """An alert that found an incident, ``after`` seconds."""

    alert: str
    severity: str
    at: float
    after: float


class JudgedIncident(Struct, frozen=True):
    """An incident and the alerts that found it, the quickest first."""

    incident: TrueIncident
    verdict: Verdict
    detections: tuple[Detection, ...]


def judge(
    truth: Truth, alerts: Sequence[AlertHistory], start: float, end: float
) -> tuple[JudgedIncident, ...]:
    """Judge the incidents of ``truth`` that began within the span."""
    own = [one for one in alerts if one.of.service == truth.service]
    within = [one for one in truth.incidents if start <= one.start <= end]
    return tuple(_judged(one, own, truth) for one in within)


def cause(of: ReplayedRule, activity: Activity, truth: Truth) -> Cause:
    """Say why ``of`` fired; UNKNOWN where the truth does not tell: of other services, or of what began before it."""
    fired_at = activity.fired_at
    if of.service != truth.service or fired_at is None:
        return Cause.UNKNOWN
    if activity.active_at < truth.start or fired_at > truth.end:
        return Cause.UNKNOWN
    harm = [one for one in truth.incidents if one.alerts]
    if any(of.rule.alert in one.alerts and _detects(activity, one) for one in harm):
        return Cause.DETECTION
    during = (one for one in harm if activity.active_at <= one.end and fired_at >= one.start)
    if any(during):
        return Cause.SIDE_EFFECT
    after = any(one.end < activity.active_at <= one.end + of.reach for one in harm)
    return Cause.AFTERMATH if after else Cause.FALSE_ALARM


def _judged(one: TrueIncident, alerts: Sequence[AlertHistory], truth: Truth) -> JudgedIncident:
    detections = tuple(sorted(_detections(one, alerts), key=lambda found: (found.after, found.severity)))
    if not one.alerts:
        disturbed = any(_false_within(one, history, truth) for history in alerts)
        return JudgedIncident(one, Verdict.DISTURBED if disturbed else Verdict.QUIET, ())
    if detections:
        return JudgedIncident(one, Verdict.DETECTED, detections)
    known = any(history.of.rule.alert in one.alerts for history in alerts)
    return JudgedIncident(one, Verdict.MISSED if known else Verdict.NO_ALERT, ())


def _detections(one: TrueIncident, alerts: Sequence[AlertHistory]) -> Iterator[Detection]:
    """Yield the first firing of each rule that is for the incident."""
    for history in alerts:
        fired = [
            episode.activity.fired_at
            for episode in history.episodes
            if history.of.rule.alert in one.alerts and _detects(episode.activity, one)
        ]
        if times := [time for time in fired if time is not None]:
            at = min(times)
            yield Detection(history.of.rule.alert, history.of.severity, at, at - one.start)


def _detects(activity: Activity, one: TrueIncident) -> bool:
    fired_at = activity.fired_at
    return fired_at is not None and fired_at >= one.start and activity.active_at <= one.end


def _false_within(one: TrueIncident, history: AlertHistory, truth: Truth) -> bool:
    return any(
        cause(history.of, episode.activity, truth) is Cause.FALSE_ALARM and _detects(episode.activity, one)
        for episode in history.episodes
    )
