"""From results to records."""

from __future__ import annotations

from struct import pack

import pytest

from generator.live.answers import RangeResult, RangeSeries
from generator.live.errors import LiveError
from generator.live.evaluate import recorded
from generator.live.remote_write import STALE_NAN
from generator.model.rules import RecordingRule

STEPS = range(60, 301, 60)
NONE: frozenset[frozenset[tuple[str, str]]] = frozenset()


def result(*series: tuple[dict[str, str], dict[int, float]]) -> RangeResult:
    """A result by labels and seconds."""
    return RangeResult(tuple(RangeSeries(labels, tuple(at), tuple(at.values())) for labels, at in series))


def test_a_series_that_goes_and_comes_has_one_marker_for_each_absence() -> None:
    found = recorded(result(({}, {60: 1.0, 240: 2.0})), RecordingRule("r", ""), STEPS, NONE)
    (series,) = found.series
    assert series.timestamps == [60_000, 120_000, 240_000, 300_000]
    assert [pack("<d", value) for value in series.values] == [
        pack("<d", value) for value in (1.0, STALE_NAN, 2.0, STALE_NAN)
    ]
    assert found.present == NONE


def test_a_series_of_the_step_before_ends_at_the_first_step() -> None:
    before = recorded(result(({"a": "1"}, {300: 1.0})), RecordingRule("r", ""), STEPS, NONE)
    after = recorded(result(), RecordingRule("r", ""), range(360, 481, 60), before.present)
    assert [series.timestamps for series in after.series] == [[360_000]]
    assert dict(after.series[0].labels) == {"__name__": "r", "a": "1"}


def test_a_series_that_stays_has_no_marker() -> None:
    found = recorded(result(({}, dict.fromkeys(STEPS, 1.0))), RecordingRule("r", ""), STEPS, NONE)
    assert found.series[0].values == [1.0] * len(STEPS)
    assert found.present == {frozenset({("__name__", "r")})}


def test_the_rules_labels_override_and_an_empty_one_drops() -> None:
    rule = RecordingRule("r", "", {"service": "new", "release": ""})
    labels = {"__name__": "raw", "service": "old", "release": "v1", "tool": "x"}
    (series,) = recorded(result((labels, {60: 1.0})), rule, STEPS, NONE).series
    assert series.labels == {"__name__": "r", "service": "new", "tool": "x"}


def test_series_that_become_one_without_meeting_are_joined() -> None:
    rule = RecordingRule("r", "", {"release": ""})
    parts = result(({"release": "v2"}, {180: 3.0, 240: 4.0}), ({"release": "v1"}, {60: 1.0, 120: 2.0}))
    (series,) = recorded(parts, rule, STEPS, NONE).series
    assert series.timestamps == [60_000, 120_000, 180_000, 240_000, 300_000]
    assert series.values[:4] == [1.0, 2.0, 3.0, 4.0]


def test_series_that_become_one_at_the_same_instant_are_refused() -> None:
    rule = RecordingRule("r", "", {"release": ""})
    parts = result(({"release": "v2", "a": "b"}, {60: 3.0}), ({"release": "v1", "a": "b"}, {60: 1.0}))
    with pytest.raises(LiveError, match=r'two series become one .*: \{__name__="r", a="b"\}$'):
        recorded(parts, rule, STEPS, NONE)
