"""The renderings of a report for people and machines."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.alerts.condition import value_of
from generator.model.incidents import Incident, Incidents
from generator.model.rules import AlertingRule
from generator.model.units import Unit
from generator.replay.formats import as_json, as_markdown, as_text
from generator.replay.page import GUTTER, MARGIN, WIDTH, page, ticks, timeline_layout
from generator.replay.times import alert_value
from tests.replay.reports import END, HOUR, NIGHT, OUTAGE, T, active, history, reported, rule, truth

if TYPE_CHECKING:
    from generator.replay.report import Report

HOSTILE = "</title></text><script>alert(1)</script>\"'&"


@pytest.fixture
def found() -> Report:
    """A detection, a side effect, a false alarm, one that was pending only, and a quiet rule."""
    return reported(
        history(rule(), active(125, 60, labels={"tool": "search"}), active(600, 10)),
        history(rule("Other", "warning"), active(130, 30), active(400, 3, fires=False)),
        history(rule("Calm", "warning")),
        known=truth(OUTAGE, NIGHT),
    )


def test_the_table_says_all_of_it(found: Report) -> None:
    assert list(as_text(found)) == [
        "s on http://prometheus",
        "2026-03-20 00:00 to 2026-03-20 12:00 UTC; recorded series read",
        "",
        "SERVICE  ALERT  SEVERITY  FIRINGS  LONGEST  TOTAL  ONLY PENDING",
        "s        High   critical  2        1h       1h10m  0",
        "s        Other  warning   1        30m      30m    1",
        "1 of 3 rules stayed quiet",
        "",
        "FIRED AT (UTC)    FOR  SEVERITY  ALERT  LABELS       VALUE  FROM  TO   WHY",
        "2026-03-20 02:05  1h   critical  High   tool=search  50%    25%   50%  detection",
        "2026-03-20 02:10  30m  warning   Other               50%    25%   50%  side effect",
        "2026-03-20 10:00  10m  critical  High                50%    25%   50%  false alarm",
        "",
        "INCIDENT   FROM (UTC)        LASTED  VERDICT   TICKET  PAGE      FOUND BY",
        "outage     2026-03-20 02:00  1h      detected  -       after 5m  High (critical) after 5m",
        "night-low  2026-03-20 08:00  1h      quiet",
        "",
        "ALERT  SEVERITY  FIRINGS  FALSE  PRECISION  INCIDENTS FOUND  RECALL",
        "all    critical  2        1      50%        1 of 1           100%",
        "all    warning   1        0      100%       0 of 1           0%",
        "High   critical  2        1      50%        1 of 1           100%",
        "Other  warning   1        0      100%       0 of 0           -",
        "",
        "1 of 1 incidents detected, 1 false alarm",
    ]


def test_a_firing_names_its_service_among_several(found: Report) -> None:
    lines = list(as_text(replace(found, services=("s", "t"))))
    assert (
        "2026-03-20 02:05  1h   critical  s        High   tool=search  50%    25%   50%  detection" in lines
    )


def test_a_pull_request_gets_tables(found: Report) -> None:
    assert as_markdown(found).splitlines() == [
        "### Alerts of `s`",
        "",
        "2026-03-20 00:00 to 2026-03-20 12:00 UTC on `http://prometheus`.",
        "",
        "**1 of 1 incidents detected, 1 false alarm.**",
        "",
        "| incident | service | start (UTC) | lasted | verdict | first ticket | first page | impact |",
        "|---|---|---|---|---|---|---|---|",
        "| outage | all | 2026-03-20 02:00 | 1h | detected | - | High after 5m |  |",
        "| night-low | all | 2026-03-20 08:00 | 1h | quiet | - | - |  |",
        "",
        "| alert | severity | firings | false | precision | incidents found | recall |",
        "|---|---|---|---|---|---|---|",
        "| *all* | critical | 2 | 1 | 50% | 1 of 1 | 100% |",
        "| *all* | warning | 1 | 0 | 100% | 0 of 1 | 0% |",
        "| High | critical | 2 | 1 | 50% | 1 of 1 | 100% |",
        "| Other | warning | 1 | 0 | 100% | 0 of 0 | - |",
        "",
        "| fired at (UTC) | for | severity | alert | service | labels | value | why |",
        "|---|---|---|---|---|---|---|---|",
        "| 2026-03-20 02:05 | 1h | critical | High | `s` | `tool=search` | 50% | detection |",
        "| 2026-03-20 02:10 | 30m | warning | Other | `s` |  | 50% | side effect |",
        "| 2026-03-20 10:00 | 10m | critical | High | `s` |  | 50% | false alarm |",
        "",
    ]


def test_no_text_of_an_incident_is_markup() -> None:
    nasty = Incident(HOSTILE, T, T + HOUR, None, "", HOSTILE)
    shown = reported(history(rule(), active(5)), known=Incidents((nasty,)))
    assert "<script" not in as_markdown(shown)
    assert "<script" not in page(shown)
    read(page(shown))


def test_the_page_shows_first_ticket_first_page_impact_and_worth() -> None:
    late = Incident("late", T + 130 * 60, T + 3 * HOUR, None, "", "Answers lacked sources.")
    shown = reported(
        history(rule(), active(125, 60)),
        history(rule("Soft", "warning"), active(140)),
        known=Incidents((late,)),
    )
    text = page(shown)
    read(text)
    assert "Answers lacked sources." in text
    assert re.search(r">after 10m</td>\s*<td[^>]*>5m before</td>", text)
    assert "all that are critical" in text
    assert "What each alert is worth" not in page(reported(history(rule())))


def test_a_quiet_span_is_said_in_few_words() -> None:
    text = list(as_text(reported(history(rule()), notes=("There is a note.",))))
    assert text[2:] == ["note: There is a note.", "", "1 of 1 rules stayed quiet", ""]


def test_failed_evaluations_are_told_with_the_servers_words() -> None:
    shown = reported(history(rule(), failures={T + 60.0: "many-to-many", T + 120.0: "again"}))
    expected = "High of s: 2 failed evaluations, the first at 2026-03-20 00:01 UTC: many-to-many"
    assert expected in list(as_text(shown))
    assert "many-to-many" in page(shown)


def test_what_a_label_holds_moves_no_cursor() -> None:
    shown = reported(history(rule(), active(60, labels={"tool": "\x1b[2J\n"})))
    assert any(r"tool=\x1b[2J\n" in line for line in as_text(shown))


def test_machines_get_times_in_utc_lengths_in_seconds_and_plain_numbers(found: Report) -> None:
    document = json.loads(as_json(found))
    assert document["version"] == 1
    high = document["alerts"][0]
    assert (high["firing_seconds"], high["longest_seconds"]) == (4200, 3600)
    assert high["firings"][0] == {
        "labels": {"tool": "search"},
        "active_at": "2026-03-20T02:00:00Z",
        "fired_at": "2026-03-20T02:05:00Z",
        "ended_at": "2026-03-20T03:05:00Z",
        "seconds": 3600,
        "since_before": False,
        "value": {"start": 0.5, "min": 0.25, "max": 0.5},
        "cause": "detection",
    }
    assert document["false_alarms"] == 1
    outage, night = document["incidents"]
    assert outage["detected_by"][0]["after_seconds"] == 300
    assert (outage["first_ticket"], outage["first_page"]["alert"], night["first_page"]) == (
        None,
        "High",
        None,
    )
    assert document["scores"][0] == {
        "alert": None,
        "severity": "critical",
        "firings": 2,
        "false_alarms": 1,
        "precision": 0.5,
        "incidents_found": 1,
        "incidents": 1,
        "recall": 1.0,
    }


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_json_has_no_number_for_is_text(value: float) -> None:
    shown = reported(history(rule(), active(60, value=value)))
    assert json.loads(as_json(shown))["alerts"][0]["firings"][0]["value"]["start"] == str(value)


def test_a_firing_counts_within_the_span_only() -> None:
    shown = reported(history(rule(), active(-30, 60), active(700, None)))
    assert [row.seconds for row in shown.firings] == [30 * 60, 20 * 60]


def test_time_with_a_firing_alert_is_counted_once() -> None:
    shown = reported(history(rule(), active(60, 60)), history(rule("Other"), active(90, 60), active(100, 10)))
    assert shown.firing_seconds == 90 * 60


class Tags(HTMLParser):
    """All tags and attributes of a page, and whether they nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take ``<rect/>``."""
        self.seen.append((tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take ``<p>``."""
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take ``</p>``."""
        assert self.open.pop() == tag


def read(text: str) -> Tags:
    """Parse a page."""
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


def test_the_page_asks_for_nothing_and_runs_nothing(found: Report) -> None:
    text = page(found)
    tags = read(text)
    assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "img", "iframe", "object", "form"})
    fetched = [attrs.get("src") or attrs.get("href") for tag, attrs in tags.seen if tag != "a"]
    assert [address for address in fetched if address] == ["data:,"]
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in text


def test_nothing_of_the_data_is_markup() -> None:
    hostile = rule(HOSTILE, HOSTILE, HOSTILE)
    shown = reported(
        history(hostile, active(60, labels={HOSTILE: HOSTILE}), failures={float(T): HOSTILE}),
        notes=(HOSTILE,),
    )
    text = page(shown)
    assert "<script" not in text
    read(text)


def test_a_runbook_is_linked_only_where_it_is_an_address_of_the_web(found: Report) -> None:
    assert 'href="https://runbooks.example.com/High.md"' in page(found)
    found.firings[0].of.rule.annotations["runbook_url"] = "javascript:alert(1)"  # type: ignore[index]
    assert "javascript" not in page(found)


def test_the_page_says_when_nothing_happened() -> None:
    text = page(reported(history(rule())))
    read(text)
    assert "Nothing fired, and nothing was pending." in text


def test_the_median_of_two_detections_is_between_them() -> None:
    second = replace(OUTAGE, start=OUTAGE.start + 4 * HOUR, end=OUTAGE.end + 4 * HOUR)
    alerts = history(rule(), active(125), active(6 * 60 + 15))
    text = page(reported(alerts, known=truth(OUTAGE, second)))
    assert re.search(r"<b>10m</b>\s*<span>to detect \(median\)", text)


def test_places_follow_time_and_stay_within_the_drawing(found: Report) -> None:
    drawn = timeline_layout(found)
    (section,) = drawn.sections
    (high, other) = section.lanes
    (detection, false_alarm) = high.bars
    hour = (WIDTH - GUTTER - MARGIN) / 12
    assert detection.x == pytest.approx(GUTTER + hour * 125 / 60, abs=0.1)
    assert detection.width == pytest.approx(hour, abs=0.1)
    assert detection.pending == pytest.approx(GUTTER + hour * 2, abs=0.1)
    assert (detection.false_alarm, false_alarm.false_alarm) == (False, True)
    assert high.y + high.height <= other.y
    assert drawn.bands[0].x == detection.pending
    assert drawn.bands[0].detected_at == detection.x


def test_bars_that_overlap_stand_below_each_other() -> None:
    shown = reported(
        history(rule(), active(60, 60)), history(rule(severity="warning"), active(60, 60), active(300))
    )
    ((lane,),) = [section.lanes for section in timeline_layout(shown).sections]
    first, below, later = lane.bars
    assert first.y < below.y
    assert later.y == first.y


def test_each_service_has_a_section_and_incidents_are_drawn_behind_theirs() -> None:
    shown = reported(
        history(rule(service="a"), active(60)), history(rule(), active(130)), known=truth(OUTAGE)
    )
    drawn = timeline_layout(shown)
    assert [section.name for section in drawn.sections] == ["s", "a"]
    assert drawn.judged == drawn.sections[0].bottom == drawn.sections[1].y
    assert drawn.bottom == drawn.sections[1].bottom
    quiet = timeline_layout(
        reported(history(rule(service="a"), active(60)), history(rule()), known=truth(OUTAGE))
    )
    assert quiet.judged == quiet.top
    read(page(shown))


def test_rules_of_one_alert_are_told_apart_by_their_own_labels() -> None:
    about = rule()
    labelled = replace(about, rule=replace(about.rule, labels={**about.rule.labels, "metric": "m_total"}))
    lines = list(as_text(reported(history(labelled, active(60)))))
    assert sum("metric=m_total" in line for line in lines) == 2


def test_labels_of_incidents_do_not_overlap() -> None:
    incidents = [type(OUTAGE)(f"incident-{n}", T + n * 600, T + n * 600 + 300, ()) for n in range(5)]
    drawn = timeline_layout(reported(history(rule(), active(60)), known=truth(*incidents)))
    assert [band.label.row for band in drawn.bands] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (1, ["Fri 20 Mar", "00:05", "00:10"]),
        (12, ["Fri 20 Mar", "01:00", "02:00"]),
        (7 * 24, ["Fri 20 Mar", "Sat 21 Mar", "Sun 22 Mar"]),
    ],
)
def test_an_axis_is_marked_at_round_times(hours: int, labels: list[str]) -> None:
    marks = ticks(T, T + hours * HOUR)
    assert [tick.label for tick in marks[:3]] == labels
    assert len(marks) <= 13
    assert ticks(T + 1, END)[0].time > T


@pytest.mark.parametrize(
    ("description", "value", "text"),
    [
        ("was {{ $value | humanizePercentage }}", 0.0512, "5.12%"),
        ("rose by {{ $value | humanizePercentage }}", 35.9, "3,590%"),
        ("was {{ $value | humanizeDuration }}", 0.25, "0.25s"),
        ("was {{ $value | humanizeDuration }}", 20.34, "20.3s"),
        ("was {{ $value | humanizeDuration }}", 5025.3, "1h23m45s"),
        (value_of(Unit.USD), 250.5, "$250.5"),
        (value_of(Unit.USD), 15230.4, "$15,230"),
        (value_of(Unit.COUNT), 0.204, "0.204"),
        (value_of(Unit.COUNT), 18010.0, "18,010"),
    ],
)
def test_a_value_is_written_as_its_alert_writes_it(description: str, value: float, text: str) -> None:
    of = AlertingRule("A", "up", 0, 0, {}, {"description": description})
    assert alert_value(value, of) == text
