"""Which firings an incident explains, and which incidents were found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.replay.errors import ReplayError
from generator.replay.judge import Cause, Verdict
from generator.replay.truth import TrueIncident, check_truth, read_truth
from tests.replay.reports import END, HOUR, NIGHT, OUTAGE, T, active, history, reported, rule, truth

if TYPE_CHECKING:
    from pathlib import Path

    from generator.replay.report import Report

GOOD = {
    "service": "s",
    "seed": 1,
    "start": T,
    "end": END,
    "release": "v1",
    "rollouts": [{"release": "v2", "at": T + 60, "every": 60, "instances": None}],
    "lives": [],
    "incidents": [
        {"name": "outage", "start": T, "end": T + 60, "release": "", "creeping": False, "alerts": ["High"]}
    ],
}


def judged(minute: int, name: str = "High", *, fires: bool = True) -> Report:
    """One firing of the alert that is for the outage, which lasts from minute 120 to 180."""
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
        # An hour after the end nothing of it can be seen any more.
        (246, "High", Cause.FALSE_ALARM),
        (119, "High", Cause.FALSE_ALARM),
        (125, "Other", Cause.SIDE_EFFECT),
        (119, "Other", Cause.FALSE_ALARM),
        # A quiet night explains nothing.
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
    other = TrueIncident("other", T + HOUR, T + 2 * HOUR, ("Elsewhere",))
    assert reported(history(rule()), known=truth(other)).incidents[0].verdict is Verdict.NO_ALERT


def test_incidents_outside_the_span_are_not_judged() -> None:
    before = TrueIncident("before", T - HOUR, T - 60, ("High",))
    assert reported(history(rule()), known=truth(before)).incidents == ()


def test_a_truth_file_of_simulate_is_read(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    found = read_truth(path)
    assert (found.service, found.incidents[0].alerts, found.rollouts[0].release) == ("s", ("High",), "v2")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", json.dumps({**GOOD, "incidents": [1]})])
def test_what_is_no_truth_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReplayError, match="is no truth file of simulate"):
        read_truth(path)


def test_a_truth_file_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be read: no such file"):
        read_truth(tmp_path / "none")


def test_a_truth_of_another_service_or_another_time_is_refused() -> None:
    check_truth(truth(), ("s", "t"), T, END)
    with pytest.raises(ReplayError, match="the truth file is of s, and the replay of t"):
        check_truth(truth(), ("t",), T, END)
    with pytest.raises(
        ReplayError, match="of another run: it tells of 2026-03-20 00:00 UTC to 2026-03-20 12:00"
    ):
        check_truth(truth(), ("s",), END, END + HOUR)
