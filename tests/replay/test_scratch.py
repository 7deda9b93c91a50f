"""Raw series copied into our own server: sample by sample, including their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.model.service import SeriesBudget, Site
from generator.replay.jobs import WorkerPool
from generator.replay.replay import Order, RecordSource, replay
from generator.replay.scratch import RawCount, count_series, markers, samples
from generator.replay.subject import RawSelector, ReplayedRule, ReplaySubject

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi

T = 1_700_006_400
SITE = Site(15, 60, 86400, "", "", created_series=False, budget=SeriesBudget(1, 1, 1, 1))


def crew(api: PrometheusApi) -> WorkerPool:
    """One connection, no memory."""
    return WorkerPool((api,), lambda *_: None)


def series(test: str, instance: str, seconds: range, *, ends: bool = False) -> TimeSeries:
    """A series whose value is the second; with ``ends``, a staleness marker follows it."""
    times = [(T + second) * 1000 for second in seconds]
    values = [float(second) for second in seconds]
    if ends:
        times.append(times[-1] + 15_000)
        values.append(STALE_NAN)
    return TimeSeries({"__name__": "up", "test": test, "instance": instance}, times, values)


def test_every_sample_is_read_once_however_requests_cut_the_span(
    prometheus: PrometheusApi, unique: str
) -> None:
    write(
        prometheus,
        [series(unique, "a", range(0, 901, 15)), series(unique, "b", range(7, 600, 15), ends=True)],
    )
    selector = RawSelector(f'up{{test="{unique}"}}', "up", instant=True)
    # Enough series that a request covers a minute: its ends coincide with samples.
    many = RawCount(selector, 10**6, T)
    found: dict[str, list[tuple[int, float]]] = {}
    for one in samples(crew(prometheus), many, (T, T + 850), 15):
        found.setdefault(one.labels["instance"], []).extend(zip(one.timestamps, one.values, strict=True))
    assert found["a"] == [((T + second) * 1000, float(second)) for second in range(15, 850, 15)]
    assert found["b"] == [((T + second) * 1000, float(second)) for second in range(7, 600, 15)]


def test_series_are_counted_where_there_are_most_of_them(prometheus: PrometheusApi, unique: str) -> None:
    write(
        prometheus, [series(unique, "a", range(1200, 3600, 15)), series(unique, "b", range(1200, 1500, 15))]
    )
    selector = RawSelector(f'up{{test="{unique}"}}', "up", instant=True)
    (found,) = count_series(prometheus, [selector], T, T + 3600)
    assert found.series == 2
    assert T + 1100 <= found.first <= T + 1200


def test_an_hour_of_data_is_seen_in_days_that_a_rule_looks_back(
    prometheus: PrometheusApi, unique: str
) -> None:
    write(prometheus, [series(unique, "a", range(9 * 86400, 9 * 86400 + 3600, 15))])
    selector = RawSelector(f'up{{test="{unique}"}}', "up", instant=True)
    (found,) = count_series(prometheus, [selector], T, T + 9 * 86400 + 7200)
    assert found.series == 1
    assert T + 9 * 86400 - 1800 <= found.first <= T + 9 * 86400


def test_a_series_that_ended_is_over_at_once_in_our_own_server_too(
    prometheus: PrometheusApi, unique: str
) -> None:
    write(
        prometheus,
        [series(unique, "a", range(0, 3600, 15)), series(unique, "b", range(0, 1500, 15), ends=True)],
    )
    rule = AlertingRule("Two", f'count(up{{test="{unique}"}}) > 1', 0, 0, {}, {})
    about = ReplaySubject(("s",), (ReplayedRule("s", rule, 60, 300),), ())
    read, computed = (
        replay(Order(about, SITE, T + 600, T + 3600, records), crew(prometheus))
        for records in (RecordSource.AUTO, RecordSource.INLINED)
    )
    assert (read.records, computed.records) == (RecordSource.READ, RecordSource.INLINED)
    (episode,) = read.alerts[0].episodes
    # The series has its last sample at 1485 and its marker at 1500.
    assert episode.activity.ended_at == T + 1500
    assert computed.alerts == read.alerts


@pytest.mark.parametrize(
    ("recorded", "source"),
    [(range(0, 3601, 60), RecordSource.READ), (range(3000, 3601, 60), RecordSource.INLINED)],
    ids=["all-along", "since-rules-were-loaded"],
)
def test_records_that_begin_long_after_their_raw_series_are_computed(
    prometheus: PrometheusApi, unique: str, recorded: range, source: RecordSource
) -> None:
    record = f"service:{unique}:count"
    times = [(T + second) * 1000 for second in recorded]
    written = TimeSeries({"__name__": record, "service": "s"}, times, [1.0] * len(times))
    write(prometheus, [series(unique, "a", range(0, 3600, 15)), written])
    group = RuleGroup("g", 60, (RecordingRule(record, f'count(up{{test="{unique}"}})', {"service": "s"}),))
    rule = AlertingRule("One", f'{record}{{service="s"}} > 0', 0, 0, {}, {})
    about = ReplaySubject(("s",), (ReplayedRule("s", rule, 60, 300),), (group,))
    found = replay(Order(about, SITE, T + 600, T + 3500), crew(prometheus))
    assert found.records is source
    assert found.alerts[0].episodes[0].activity.active_at <= T + 660


@pytest.mark.parametrize(
    ("shown", "due"),
    [
        ({60, 120, 180, 240}, []),
        ({60}, [120, 180, 240]),
        ({60, 240}, [120, 180]),
        (set(), [60, 120, 180, 240]),
    ],
)
def test_a_marker_is_due_where_a_series_should_be_seen_and_is_not(shown: set[float], due: list[int]) -> None:
    labels = frozenset({("__name__", "up")})
    found = markers({labels: [30_000]}, {labels: shown}, range(60, 300, 60))
    assert [time for one in found for time in one.timestamps] == [step * 1000 for step in due]


def test_no_marker_is_due_before_the_first_sample_or_long_after_the_last() -> None:
    labels = frozenset({("__name__", "up")})
    assert markers({labels: [600_000]}, {}, [540]) == ()
    assert markers({labels: [600_000]}, {}, [900]) == ()
    assert [one.timestamps for one in markers({labels: [600_000]}, {}, [600, 899])] == [[600_000, 899_000]]
