"""The inputs of alerts on a server: records, raw series, and the reach into the past."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.artifact import Artifact
from generator.compiler import generate
from generator.model.names import is_shared_record
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.promql.syntax import LOOKBACK, reach
from generator.replay.subject import Needs, RawSelector, needs, record_reaches, replay_subject
from generator.spec.sources import read_sources

RECORDING = RuleGroup(
    "recording",
    60,
    (
        RecordingRule("a:rate", 'rate(a_total{job="x"}[75s])'),
        RecordingRule("a:ratio", "sum_over_time(a:rate[1h]) / sum_over_time(b:rate[30m] offset 2h)"),
        RecordingRule("b:rate", "rate(b_total[75s])"),
        RecordingRule("seen", "last_over_time(seen[1d]) or a:rate"),
        RecordingRule("unread", "c_total"),
    ),
)


def needed(expr: str) -> Needs:
    """The inputs of an alert on ``expr``."""
    rule = AlertingRule("A", expr, 0, 0, {}, {})
    about = replay_subject({"s": [RuleGroup("alerts", 60, (rule,))]}, [RECORDING])
    return needs(about.rules, about.recording)


@pytest.mark.parametrize(
    ("expr", "seconds"),
    [
        ("up", LOOKBACK),
        ("up[10m]", 600),
        ("up[10m] offset 5m", 900),
        ("up offset 1h", LOOKBACK + 3600),
        ("max_over_time(rate(up[5m] offset 1m)[1h:1m] offset 2m)", 3600 + 120 + 300 + 60),
        ("rate(a[5m]) / rate(b[1h])", 3600),
        ("a:rate", LOOKBACK + 75),
        ("sum_over_time(a:ratio[1d])", 86400 + 2 * 3600 + 1800 + 75),
        ("seen", LOOKBACK + 86400),
        ("vector(1)", 0),
    ],
)
def test_the_reach_of_an_expression_goes_through_ranges_offsets_and_records(
    expr: str, seconds: float
) -> None:
    assert reach(expr, record_reaches([RECORDING])) == seconds


def test_only_the_records_behind_an_alert_are_needed_in_their_order() -> None:
    (group,) = needed("a:ratio > 1").groups
    assert [rule.record for rule in group.rules if isinstance(rule, RecordingRule)] == [
        "a:rate",
        "a:ratio",
        "b:rate",
    ]


def test_raw_series_stand_behind_records_and_in_the_alert_itself() -> None:
    found = needed("a:rate > 0 and scrapes > rate(c_total[5m])").raw
    assert set(found) == {
        RawSelector('a_total{job="x"}', "a_total", instant=False),
        RawSelector("scrapes", "scrapes", instant=True),
        RawSelector("c_total", "c_total", instant=False),
    }


def test_a_selector_that_is_read_both_ways_counts_as_read_without_a_range() -> None:
    assert needed("c_total > rate(c_total[5m])").raw == (RawSelector("c_total", "c_total", instant=True),)


def test_a_record_that_reads_itself_is_no_raw_series() -> None:
    assert [one.name for one in needed("seen").raw] == ["a_total"]


def test_what_earlier_specs_recorded_on_the_server_is_no_raw_series() -> None:
    """A service whose changed bound was removed from the specs has none, whatever the server still records."""
    override = 'service:agent_alert:override{alert="A",service!=""}'
    found = needed(f"service:agent_known:info unless {override} and foreign:runs:total > 0")
    assert [one.name for one in found.raw] == ["foreign:runs:total"]
    assert needed(f"a:rate > on () group_left () {override}").measured == {"a:rate"}


@pytest.mark.parametrize("specs", ["specs", "specs/examples/coding-agent"])
def test_every_shared_record_is_known_by_the_form_of_its_name(specs: str) -> None:
    found = generate(read_sources(Path(__file__).parents[2] / specs))
    shared = {one.path: one.text for one in found.files if isinstance(one, Artifact)}
    texts = [text for path, text in shared.items() if path.startswith("prometheus/rules/agent-")]
    records = {name for text in texts for name in re.findall(r"record: (\S+)", text)}
    assert len(records) > 100
    assert {name for name in records if not is_shared_record(name)} == set()


def test_evaluations_before_the_span_tell_the_state_at_its_start() -> None:
    rule = AlertingRule("A", "up", 150, 60, {}, {})
    (one,) = replay_subject({"s": [RuleGroup("g", 60, (rule,))]}, []).rules
    # Four intervals for 210 seconds, and one more whose state does not matter.
    assert one.steps(6000, 6100).instants == range(6000 - 5 * 60, 6061, 60)


def test_a_step_replaces_every_interval() -> None:
    rule = AlertingRule("A", "up", 0, 0, {}, {})
    (one,) = replay_subject({"s": [RuleGroup("g", 60, (rule,))]}, [], step=300).rules
    assert one.steps(6000, 6600).instants == range(5700, 6601, 300)


def test_alerts_are_chosen_by_name() -> None:
    rules = tuple(AlertingRule(name, "up", 0, 0, {}, {}) for name in ("A", "B", "A"))
    chosen = replay_subject({"s": [RuleGroup("g", 60, rules)]}, []).only(["A"])
    assert [one.rule.alert for one in chosen.rules] == ["A", "A"]


def test_records_are_measured_where_raw_series_stand_behind_them() -> None:
    rules = (
        RecordingRule("known", "group by (service) (info)"),
        RecordingRule("info", "vector(1)"),
        RecordingRule("bound", "2 * known or label_replace(vector(1), 'a', 'b', '', '')"),
        RecordingRule("bad", "a:rate > on () bound"),
        RecordingRule("worse", "bad or known"),
    )
    groups = [RuleGroup("constants", 60, rules), RECORDING]
    alert = AlertingRule("A", "worse > bound", 0, 0, {}, {})
    about = replay_subject({"s": [RuleGroup("alerts", 60, (alert,))]}, groups)
    found = needs(about.rules, about.recording)
    assert found.records == {"worse", "bad", "bound", "known", "info", "a:rate"}
    assert found.measured == {"worse", "bad", "a:rate"}
