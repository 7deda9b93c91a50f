"""The firings that an incident explains, and the incidents that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.model.incidents import Incident, Incidents
from generator.replay import ReplayError
from generator.replay.judge import Cause, Verdict, check_truth
from tests.replay.reports import END, HOUR, NIGHT, OUTAGE, T, active, history, reported, rule, truth

if TYPE_CHECKING:
    from generator.replay.report import Report


def judged(minute: int, name: str = "High", *, fires: bool = True) -> Report:
    """One firing of the alert for the outage, which lasts from minute 120 to 180."""
    return reported(history(rule(name), active(minute, fires=fires)), known=truth(OUTAGE, NIGHT))


@pytest.mark.parametrize(
    ("minute", "name", "cause"),
    [
        (125, "High", Cause.DETECTION),
        (120, "High", Cause.DETECTION),
        # Pending since before its end.
        (184, "High", Cause.DETECTION),
        (186, "High", Cause.AFTERMATH),
        (245, "High", Cause.AFTERMATH),
        # An hour after the end none of it is visible any more.
        (246, "High", Cause.FALSE_ALARM),
        (119, "High", Cause.FALSE_ALARM),
        (125, "Other", Cause.SIDE_EFFECT),
        (119, "Other", Cause.FALSE_ALARM),
        # A quiet night explains no firing.
        (490, "High", Cause.FALSE_ALARM),
    ],
)
def test_a_firing_has_the_cause_that_its_time_tells(minute: int, name: str, cause: Cause) -> None:
    (row,) = judged(minute, name=name).firings
    assert row.cause is cause


def test_what_was_only_pending_has_no_cause() -> None:
    (row,) = judged(125, fires=False).alerts[0].pending
    assert row.cause is None


def test_an_alert_of_another_service_is_not_judged() -> None:
    found = reported(history(rule(service="t"), active(490)), known=truth(OUTAGE))
    assert found.firings[0].cause is Cause.UNKNOWN
    assert found.incidents[0].verdict is Verdict.NO_ALERT


def test_what_began_before_the_truth_is_not_judged() -> None:
    (row,) = judged(-30).firings
    assert row.cause is Cause.UNKNOWN


def test_the_time_to_detect_counts_from_the_incidents_start_to_the_firing() -> None:
    warning = history(rule(severity="warning"), active(130), active(150))
    critical = history(rule(), active(140))
    (one,) = reported(critical, warning, known=truth(OUTAGE)).incidents
    assert one.verdict is Verdict.DETECTED
    assert [(found.severity, found.after) for found in one.detections] == [
        ("warning", 600),
        ("critical", 1200),
    ]


@pytest.mark.parametrize("minute", [119, 186])
def test_an_incident_is_missed_by_what_fires_before_or_after_it(minute: int) -> None:
    assert judged(minute).incidents[0].verdict is Verdict.MISSED


def test_an_incident_at_which_nothing_should_fire_is_quiet_or_disturbed() -> None:
    assert [one.verdict for one in judged(125).incidents] == [Verdict.DETECTED, Verdict.QUIET]
    assert [one.verdict for one in judged(490).incidents] == [Verdict.MISSED, Verdict.DISTURBED]


def test_an_incident_of_an_alert_that_is_not_there_is_not_missed() -> None:
    other = Incident("other", T + HOUR, T + 2 * HOUR, ("Elsewhere",))
    assert reported(history(rule()), known=truth(other)).incidents[0].verdict is Verdict.NO_ALERT


def test_incidents_outside_the_span_are_not_judged() -> None:
    before = Incident("before", T - HOUR, T - 60, ("High",))
    assert reported(history(rule()), known=truth(before)).incidents == ()


def test_an_incident_without_alerts_is_found_by_any_ticket_or_page() -> None:
    anything = Incident("outage", T + 2 * HOUR, T + 3 * HOUR)
    ticket, page = history(rule("Any", "warning"), active(130)), history(rule("Other"), active(140))
    info = history(rule("Note", "info"), active(121))
    shown = reported(ticket, page, info, known=truth(anything))
    (one,) = shown.incidents
    assert [(found.alert, found.after) for found in one.detections] == [("Any", 600), ("Other", 1200)]
    assert (one.first("warning"), one.first("critical")) == one.detections
    assert [row.cause for row in shown.firings] == [Cause.SIDE_EFFECT, Cause.DETECTION, Cause.DETECTION]


@pytest.mark.parametrize(
    ("minute", "lasting", "verdict"),
    [
        (95, 30, Verdict.DETECTED),
        (95, 20, Verdict.MISSED),  # over before the start
        (85, 60, Verdict.MISSED),  # more than half an hour early
    ],
)
def test_a_start_that_people_wrote_down_late_is_forgiven(minute: int, lasting: int, verdict: Verdict) -> None:
    anything = Incident("outage", T + 2 * HOUR, T + 3 * HOUR)
    (one,) = reported(history(rule(), active(minute, lasting)), known=truth(anything)).incidents
    assert one.verdict is verdict
    exact = Incident("outage", T + 2 * HOUR, T + 3 * HOUR, ("High",))
    (other,) = reported(history(rule(), active(minute, lasting)), known=truth(exact)).incidents
    assert other.verdict is Verdict.MISSED


def test_an_incident_of_one_service_is_no_other_ones() -> None:
    of_s = Incident("outage", T + 2 * HOUR, T + 3 * HOUR, service="s")
    of_all = Incident("provider", T + 6 * HOUR, T + 7 * HOUR)
    alerts = history(rule(service="t"), active(125), active(365))
    shown = reported(history(rule()), alerts, known=Incidents((of_s, of_all)))
    assert [one.verdict for one in shown.incidents] == [Verdict.MISSED, Verdict.DETECTED]
    assert [row.cause for row in shown.firings] == [Cause.FALSE_ALARM, Cause.DETECTION]


def test_an_alert_is_worth_what_it_finds_and_how_seldom_it_is_wrong() -> None:
    first, second = (Incident("outage", T + hour * HOUR, T + (hour + 1) * HOUR) for hour in (2, 6))
    shown = reported(
        history(rule(), active(125), active(600), active(660)),
        history(rule("Other", "warning"), active(130), active(370)),
        history(rule("Calm")),
        known=truth(first, second),
    )
    assert [
        (one.alert, one.severity, one.firings, one.precision, one.detected, one.recall)
        for one in shown.scores
    ] == [
        ("", "critical", 3, 1 / 3, 1, 0.5),
        ("", "warning", 2, 1.0, 2, 1.0),
        ("High", "critical", 3, 1 / 3, 1, 0.5),
        ("Other", "warning", 2, 1.0, 2, 1.0),
    ]


def test_an_alert_that_never_fired_is_scored_where_an_incident_names_it() -> None:
    (*_, score) = reported(history(rule()), known=truth(OUTAGE)).scores
    assert (score.alert, score.precision, score.recall) == ("High", None, 0.0)


def test_incidents_that_cannot_be_judged_are_noted() -> None:
    before = Incident("before", T - HOUR, T - 60)
    elsewhere = Incident("elsewhere", T + HOUR, T + 2 * HOUR, service="t")
    shown = reported(history(rule()), known=Incidents((before, elsewhere)))
    assert shown.incidents == ()
    assert shown.notes == (
        "1 of 2 incidents of the list did not start within the span.",
        "Incidents of services that are not replayed are left out: t.",
    )


def test_a_truth_of_another_service_or_another_time_is_refused() -> None:
    check_truth(truth(), ("s", "t"), T, END)
    with pytest.raises(ReplayError, match="the incidents are those of s, and the replay is of t"):
        check_truth(truth(), ("t",), T, END)
    with pytest.raises(ReplayError, match="the list is complete until 2026-03-20 12:00 UTC"):
        check_truth(truth(), ("s",), END, END + HOUR)
