"""Recording rules over the past, judged by Prometheus's own instant queries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from generator.live.evaluate import evaluate
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.live.answers import InstantSample
    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer

T = 1_700_006_400
END = T + 1800
MINUTES = range(T, END + 1, 60)


@pytest.fixture
def api(fresh_prometheus: PrometheusServer) -> PrometheusApi:
    """Half an hour of two releases of a counter: v1 restarts after 15 minutes, v2 lives from 10 to 20."""
    steady = {T + second: float(second) for second in range(0, 901, 15)}
    restarted = {T + 900 + second: float(second) for second in range(15, 901, 15)}
    short = {T + second: 2.0 * (second - 600) for second in range(600, 1200, 15)} | {T + 1200: STALE_NAN}
    data = [runs("v1", steady | restarted), runs("v2", short)]
    write(fresh_prometheus.api, data)
    return fresh_prometheus.api


def runs(release: str, samples: dict[int, float]) -> TimeSeries:
    """The counter of one release, by seconds."""
    labels = {"__name__": "runs_total", "release": release, "job": "agent"}
    return TimeSeries(labels, [second * 1000 for second in samples], list(samples.values()))


def group(*rules: RecordingRule | AlertingRule, interval: int = 60) -> RuleGroup:
    """A group of rules."""
    return RuleGroup("g", interval, rules)


def values(samples: tuple[InstantSample, ...]) -> dict[frozenset[tuple[str, str]], str]:
    """Values by labels less the name; as text, so that NaN equals NaN."""
    return {
        frozenset((name, text) for name, text in one.labels.items() if name != "__name__"): repr(one.value)
        for one in samples
    }


def record_at(api: PrometheusApi, record: str, instants: Iterable[int]) -> list[str]:
    """The value of a record of one series at each instant, ``-`` where it is missing."""
    found = [list(values(api.query(record, at)).values()) for at in instants]
    return [one[0] if one else "-" for one in found]


RATE = "sum by (release) (rate(runs_total[75s]))"


@pytest.mark.parametrize(
    "expr",
    [
        RATE,
        "sum(increase(runs_total[5m])) / 3",
        "runs_total > 500",
        "(sum by (release) (rate(runs_total[5m])) - 1) / 0 * 0",
        "topk(1, runs_total)",
        "time() + minute()",
        "17",
        "runs_total offset 10m",
        "absent(runs_total{release='v2'})",
        "max_over_time(runs_total[5m:30s])",
        "runs_total @ end()",
        "count({job='agent'})",
        'count_values("value", runs_total)',
    ],
)
def test_a_record_holds_at_each_step_what_a_query_answers_there(api: PrometheusApi, expr: str) -> None:
    evaluate(api, [group(RecordingRule("x:y:z", expr))], T, END)
    for at in MINUTES:
        assert values(api.query("x:y:z", at)) == values(api.query(expr, at)), at - T


def test_a_restart_of_the_counter_does_not_show_in_its_rate(api: PrometheusApi) -> None:
    evaluate(api, [group(RecordingRule("x:rate", RATE))], T, END)
    found = [api.query('x:rate{release="v1"}', at)[0].value for at in MINUTES[2:]]
    assert found == pytest.approx([1.0] * len(found))


def test_a_series_leaves_at_the_step_at_which_its_source_has_left(api: PrometheusApi) -> None:
    evaluate(api, [group(RecordingRule("x:runs", 'runs_total{release="v2"}'))], T, END)
    there = [api.query("x:runs", at) != () for at in range(T, END, 30)]
    # From minute 10 through the last second before minute 20, without five further minutes.
    assert there == [600 <= second < 1200 for second in range(0, 1800, 30)]


def test_a_chain_across_groups_in_the_wrong_order_has_no_lag(api: PrometheusApi) -> None:
    groups = [
        group(RecordingRule("c", "sum(b) * 10"), RecordingRule("a", RATE)),
        group(RecordingRule("b", "a + 1", {"service": "s"})),
    ]
    done = evaluate(api, groups, T, END)
    assert done.records == ("a", "b", "c")
    for at in MINUTES[2:]:
        expected = values(api.query(f"sum({RATE} + 1) * 10", at))
        assert values(api.query("c", at)) == expected, at - T
    assert {one.labels["service"] for one in api.query("b", END)} == {"s"}


FIRST_SEEN = """
  (last_over_time(first_seen[1d]) and on (release) group by (release) (runs_total))
  or on (release) (0 * group by (release) (runs_total) + time())
"""


def test_a_record_that_reads_itself_remembers(api: PrometheusApi) -> None:
    evaluate(api, [group(RecordingRule("first_seen", FIRST_SEEN))], T, END)
    v1 = record_at(api, 'first_seen{release="v1"}', MINUTES)
    v2 = record_at(api, 'first_seen{release="v2"}', MINUTES)
    assert v1 == [f"{float(T)}"] * 31
    assert v2 == ["-"] * 10 + [f"{float(T + 600)}"] * 10 + ["-"] * 11


def test_a_reader_of_one_that_reads_itself_waits_for_it(api: PrometheusApi) -> None:
    groups = [group(RecordingRule("age", "time() - first_seen"), RecordingRule("first_seen", FIRST_SEEN))]
    assert evaluate(api, groups, T, END).records == ("first_seen", "age")
    assert record_at(api, 'age{release="v1"}', MINUTES) == [f"{second:.1f}" for second in range(0, 1801, 60)]


def test_a_rule_sees_what_the_one_before_it_in_its_group_has_just_recorded(api: PrometheusApi) -> None:
    count = RecordingRule("n", "sum(n{of='a'}) + 1 or vector(1)", {"of": "a"})
    twice = RecordingRule("n", "n{of='a'} * 2", {"of": "b"})
    evaluate(api, [group(count, twice)], T, T + 300)
    assert record_at(api, 'n{of="a"}', MINUTES[:6]) == ["1.0", "2.0", "3.0", "4.0", "5.0", "6.0"]
    assert record_at(api, 'n{of="b"}', MINUTES[:6]) == ["2.0", "4.0", "6.0", "8.0", "10.0", "12.0"]


def test_a_second_span_goes_on_where_the_first_ended(api: PrometheusApi) -> None:
    groups = [group(RecordingRule("first_seen", FIRST_SEEN), RecordingRule("a", RATE))]
    for start, end in ((T, T + 899), (T + 900, END)):
        evaluate(api, groups, start, end)
    assert record_at(api, 'first_seen{release="v1"}', MINUTES) == [f"{float(T)}"] * 31
    assert all(values(api.query("a", at)) == values(api.query(RATE, at)) for at in MINUTES)


def test_steps_are_multiples_of_the_interval_whatever_the_span(api: PrometheusApi) -> None:
    done = evaluate(api, [group(RecordingRule("t", "time()"), interval=120)], T + 0.5, T + 599.9)
    (series,) = api.query_samples("t[1h]", END).series
    assert series.timestamps == series.values == (T + 120, T + 240, T + 360, T + 480)
    assert done.samples == 4


def test_rules_of_one_record_keep_their_own_intervals(api: PrometheusApi) -> None:
    fast = group(
        RecordingRule("t", "sum(t{of='fast'}) * 0 + time() or vector(0)", {"of": "fast"}), interval=30
    )
    slow = group(RecordingRule("t", "time()", {"of": "slow"}), interval=60)
    evaluate(api, [slow, fast], T, T + 120)
    times = {one.labels["of"]: one.timestamps for one in api.query_samples("t[1h]", END).series}
    assert times == {"fast": (T, T + 30, T + 60, T + 90, T + 120), "slow": (T, T + 60, T + 120)}


def test_a_span_longer_than_one_query_has_no_seam(api: PrometheusApi) -> None:
    days = T - T % 86_400, T - T % 86_400 + 5000 * 60
    evaluate(api, [group(RecordingRule("t", "time()"), RecordingRule("r", "runs_total"))], *days)
    (sample,) = api.query("count_over_time(t[10d])", days[1])
    assert sample.value == 5001
    assert values(api.query("r", END)) == values(api.query("runs_total", END))


def test_a_series_that_leaves_between_two_queries_gets_its_marker(
    api: PrometheusApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.live.evaluate._STEPS_PER_QUERY", 20)  # cuts exactly at minute 20
    evaluate(api, [group(RecordingRule("r", 'runs_total{release="v2"}'))], T, END)
    assert record_at(api, "r", [T + 1199, T + 1200]) == ["1080.0", "-"]


def test_not_a_number_is_recorded(api: PrometheusApi) -> None:
    evaluate(api, [group(RecordingRule("r", "vector(0) / 0"))], T, T + 60)
    assert math.isnan(api.query("r", T + 60)[0].value)


BUSY = AlertingRule("Busy", 'runs_total{release="v2"} > 300', 120, 180, {"severity": "warning"}, {})


@pytest.mark.parametrize("steps", [2_000, 3])
def test_an_alert_waits_and_is_kept_firing_as_its_rule_says(
    api: PrometheusApi, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr("generator.live.evaluate._STEPS_PER_QUERY", steps)
    evaluate(api, [group(BUSY)], T, END)
    # Above 300 from minute 13 to 19; it leaves with its series at minute 20, and is kept until 23.
    found = {
        state: record_at(api, f'ALERTS{{alertstate="{state}"}}', MINUTES) for state in ("pending", "firing")
    }
    assert found["pending"] == ["1.0" if 13 <= minute < 15 else "-" for minute in range(31)]
    assert found["firing"] == ["1.0" if 15 <= minute < 23 else "-" for minute in range(31)]
    since = record_at(api, "ALERTS_FOR_STATE", MINUTES)
    assert since == [f"{float(T + 13 * 60)}" if 13 <= minute < 23 else "-" for minute in range(31)]
    (alert,) = api.query("ALERTS", T + 960)
    assert alert.labels == {
        "__name__": "ALERTS",
        "alertname": "Busy",
        "alertstate": "firing",
        "severity": "warning",
        "release": "v2",
        "job": "agent",
    }


def test_records_of_alerts_follow_them_in_the_same_step(api: PrometheusApi) -> None:
    count = RecordingRule("n", 'count(ALERTS{alertstate="firing"}) or vector(0)')
    evaluate(api, [group(count), group(BUSY)], T, END)
    assert record_at(api, "n", MINUTES) == ["1.0" if 15 <= minute < 23 else "0.0" for minute in range(31)]


def test_two_alerts_that_become_one_are_refused(api: PrometheusApi) -> None:
    rule = AlertingRule("Any", "runs_total", 0, 0, {"release": ""}, {})
    with pytest.raises(LiveError, match=r"^rule Any: two series become one"):
        evaluate(api, [group(rule)], T, END)


def test_of_one_service_nothing_of_others_is_written(api: PrometheusApi) -> None:
    both = (
        "label_replace(vector(1), 'service', 'a', '', '') or label_replace(vector(1), 'service', 'b', '', '')"
    )
    rules = (
        RecordingRule("r", both),
        RecordingRule("all", "count(r)"),
        AlertingRule("A", both, 0, 0, {}, {}),
    )
    evaluate(api, [group(*rules)], T, END, service="a")
    assert {one.labels["service"] for one in api.query('{__name__=~"r|ALERTS"}', END)} == {"a"}
    assert api.query("all", END)[0].value == 1


def test_progress_names_each_record_once_it_is_done(api: PrometheusApi) -> None:
    seen: list[tuple[str, int, int]] = []
    groups = [group(RecordingRule("b", "a"), RecordingRule("a", "vector(1)"))]
    evaluate(api, groups, T, END, progress=lambda *done: seen.append(done))
    assert seen == [("a", 1, 2), ("b", 2, 2)]


def test_a_rule_that_cannot_be_evaluated_is_named(api: PrometheusApi) -> None:
    many_to_one = RecordingRule("bad", "runs_total * on (job) runs_total")
    with pytest.raises(LiveError, match=r"^rule bad: http://.*: execution: .*many-to-many"):
        evaluate(api, [group(many_to_one)], T + 600, END)


def test_two_rules_that_record_one_series_are_refused(api: PrometheusApi) -> None:
    with pytest.raises(LiveError, match=r"rule r: two rules record the series .*'a': 'b'"):
        evaluate(api, [group(RecordingRule("r", f"vector({value})", {"a": "b"})) for value in (1, 2)], T, END)


def test_one_constant_may_be_in_several_files(api: PrometheusApi) -> None:
    """Services that list the same model of a service tier each record its price."""
    arms = 'label_replace(vector(1), "k", "a", "", "")', 'label_replace(vector(2), "k", "b", "", "")'
    rules = (RecordingRule("r", arms[0]), RecordingRule("r", " or ".join(arms)))
    evaluate(api, [group(one) for one in rules], T, END)
    assert {one.labels["k"]: one.value for one in api.query("r", END)} == {"a": 1, "b": 2}


def test_a_record_that_cannot_be_written_is_named(api: PrometheusApi) -> None:
    write(api, [TimeSeries({"__name__": "r"}, [T * 1000], [5.0])])
    with pytest.raises(LiveError, match=r"^recording rule r: http://.* refuses to be written to: HTTP 400"):
        evaluate(api, [group(RecordingRule("r", "vector(1)"))], T, T)


def test_a_circle_is_refused_before_anything_is_written(api: PrometheusApi) -> None:
    rules = (RecordingRule("ok", "vector(1)"), RecordingRule("a", "b"), RecordingRule("b", "a"))
    with pytest.raises(LiveError, match="read each other"):
        evaluate(api, [group(*rules)], T, END)
    assert api.query("ok", END) == ()
