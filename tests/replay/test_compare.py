"""Two replays of one history: firings that are new, gone, or at another time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from generator.model.incidents import Incident
from generator.replay.compare import Comparison, FiringChange, as_json, as_markdown, as_text, compare_replays
from generator.replay.page import page_of_change
from tests.replay.reports import HOUR, MINUTE, T, active, history, reported, rule, truth
from tests.replay.test_shown import HOSTILE, read

if TYPE_CHECKING:
    from generator.replay.history import Episode

OUTAGE = Incident("outage", T + 2 * HOUR, T + 3 * HOUR, ("High",), impact="It hurt.")


def changed(before: list[Episode], after: list[Episode]) -> Comparison:
    """Compare one alert."""
    return compare_replays(reported(history(rule(), *before)), reported(history(rule(), *after)), "v1")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([active(60)], [active(60)], []),
        ([], [active(60)], [FiringChange.ADDED]),
        ([active(60)], [], [FiringChange.REMOVED]),
        ([active(60)], [active(65)], [FiringChange.MOVED]),
        ([active(60, 20)], [active(60, 30)], [FiringChange.MOVED]),
        ([active(60, None)], [active(60, 30)], [FiringChange.MOVED]),
        (
            [active(60, 20)],
            [active(80, 20)],
            [FiringChange.REMOVED, FiringChange.ADDED],
        ),  # one ends as the other begins
        ([active(60, 10), active(80, 10), active(100, 10)], [active(60, 50)], [FiringChange.MOVED]),
        (
            [active(60, labels={"tool": "a"})],
            [active(60, labels={"tool": "b"})],
            [FiringChange.REMOVED, FiringChange.ADDED],
        ),
        # Only pending is no firing.
        ([], [active(60, fires=False)], []),
    ],
)
def test_firings_that_touch_in_time_are_one_thing(
    before: list[Episode], after: list[Episode], changes: list[FiringChange]
) -> None:
    assert sorted(one.change for one in changed(before, after).differences) == sorted(changes)


def test_another_severity_is_another_alert() -> None:
    found = compare_replays(
        reported(history(rule(), active(60))), reported(history(rule(severity="warning"), active(60))), "v1"
    )
    assert [(one.change, one.row.of.severity) for one in found.differences] == [
        (FiringChange.REMOVED, "critical"),
        (FiringChange.ADDED, "warning"),
    ]


def test_a_move_says_by_how_much() -> None:
    (one,) = changed([active(60, 20)], [active(55, 30)]).differences
    assert one.moved == (-5 * MINUTE, 10 * MINUTE)


@pytest.fixture
def found() -> Comparison:
    """One firing moves, one disappears, one is new; of two services."""
    before = reported(
        history(rule(), active(130, 20, labels={"tool": "search"}), active(600, 10)), known=truth(OUTAGE)
    )
    after = reported(
        history(rule(), active(125, 45, labels={"tool": "search"})),
        history(rule("Soft", "warning", "t"), active(300, None)),
        known=truth(OUTAGE),
    )
    return compare_replays(before, after, "origin/main")


def test_the_table_shows_each_difference(found: Comparison) -> None:
    assert list(as_text(found)) == [
        "s, t on http://prometheus, compared with origin/main",
        "2026-03-20 00:00 to 2026-03-20 12:00 UTC; recorded series computed here for both sets of specs",
        "",
        "CHANGE   FIRST AT (UTC)    SEVERITY  ALERT  LABELS                 BEFORE                    NOW",
        (
            "moved    2026-03-20 02:05  critical  High   service=s tool=search  2026-03-20 02:10 for 20m  "
            "2026-03-20 02:05 for 45m (5m earlier, 25m longer)"
        ),
        (
            "added    2026-03-20 05:00  warning   Soft   service=t              -                         "
            "2026-03-20 05:00 for 7h and on"
        ),
        "removed  2026-03-20 10:00  critical  High   service=s              2026-03-20 10:00 for 10m  -",
        "",
        "ALERT  SEVERITY  BEFORE  NOW  ADDED  REMOVED  MOVED",
        "all    critical  2       1    0      1        1",
        "all    warning   0       1    1      0        0",
        "High   critical  2       1    0      1        1",
        "Soft   warning   0       1    1      0        0",
        "",
        "INCIDENT  FIRST TICKET BEFORE  FIRST TICKET NOW  FIRST PAGE BEFORE  FIRST PAGE NOW",
        "outage    -                    -                 after 10m          after 5m",
        "False alarms: 1 before, 0 now.",
    ]


def test_nothing_different_is_said_in_one_line() -> None:
    same = changed([active(60)], [active(60)])
    assert "Every alert would have fired exactly as before." in list(as_text(same))
    assert "Every alert would have fired exactly as before." in as_markdown(same)
    assert "Every alert would have fired exactly as before." in page_of_change(same)


def test_a_pull_request_gets_the_same_rows(found: Comparison) -> None:
    lines = as_markdown(found).splitlines()
    assert lines[0] == "### Alerts as they would have fired, against `origin/main`"
    assert (
        "| moved | 2026-03-20 02:05 | critical | High | service=s tool=search | 2026-03-20 02:10 for 20m | "
        "2026-03-20 02:05 for 45m (5m earlier, 25m longer) |"
    ) in lines
    assert "| outage | \\- | \\- | after 10m | after 5m |" in lines
    assert lines[-1] == "False alarms: 1 before, 0 now."


def test_machines_get_both_reports_and_the_differences(found: Comparison) -> None:
    document = json.loads(as_json(found))
    assert document["version"] == 1
    assert [one["change"] for one in document["differences"]] == ["moved", "added", "removed"]
    assert document["differences"][0]["after"][0]["fired_at"] == "2026-03-20T02:05:00Z"
    assert (document["before"]["false_alarms"], document["after"]["false_alarms"]) == (1, 0)


def test_the_page_has_both_timelines_and_the_differences(found: Comparison) -> None:
    text = page_of_change(found)
    read(text)
    assert text.count("<svg") == 2
    assert "Timeline, before" in text
    assert re.search(r"<b>2 → 1</b><span>pages</span>", text)
    assert "5m earlier, 25m longer" in text


def test_no_text_is_markup() -> None:
    hostile = rule(HOSTILE, HOSTILE, HOSTILE)
    known = truth(Incident(HOSTILE, T, T + HOUR, None, "", HOSTILE))
    sides = [
        reported(history(hostile, active(minute, labels={HOSTILE: HOSTILE})), known=known, notes=(HOSTILE,))
        for minute in (60, 70)
    ]
    found = compare_replays(sides[0], sides[1], HOSTILE)
    assert "<script" not in page_of_change(found)
    read(page_of_change(found))
    assert "<script" not in MarkdownIt().enable("table").render(as_markdown(found))
