"""Raw series are read once an interval, whole: every other way of reading them is found, reported and placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.checks.all import check_service
from generator.checks.facts import service_facts
from generator.checks.raw_read import check
from generator.checks.world import of_service
from generator.diagnostics.pages import code_page
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.prometheus.rule_set import compile_rules
from tests.checks.agent import agent, service_of
from tests.checks.models import SITE, facts_of, known, shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.service import Service
    from generator.prometheus.rule_set import Compiled

    Rule = RecordingRule | AlertingRule

JOB = 'job="demo-agent"'
RUNS = "stream:agent_run:rate"
BUCKETS = "stream:agent_run_latency:rate"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service_of(tmp_path_factory.mktemp("specs"), agent())


def _checked(demo: Service, compiled: Compiled) -> list[str]:
    return [told.message for told in check(facts_of(SITE, demo, compiled))]


def _with(demo: Service, change: Callable[[Rule], Rule]) -> Compiled:
    """Compile the service and change its rules."""
    compiled = compile_rules(demo, SITE, shared(SITE).records)
    recording, alerting = (
        tuple(replace(group, rules=tuple(map(change, group.rules))) for group in groups)
        for groups in (compiled.recording, compiled.alerting)
    )
    return replace(compiled, recording=recording, alerting=alerting)


def _instead(demo: Service, name: str, expr: str) -> list[str]:
    """Change the expression of a record or an alert, and return the findings."""

    def changed(rule: Rule) -> Rule:
        called = rule.record if isinstance(rule, RecordingRule) else rule.alert
        return replace(rule, expr=expr) if called == name else rule

    return _checked(demo, _with(demo, changed))


def _beside(demo: Service, *rules: Rule) -> list[str]:
    """Add a group to the service, and return the findings."""
    compiled = compile_rules(demo, SITE, shared(SITE).records)
    group = RuleGroup("own", 60, rules)
    if isinstance(rules[0], RecordingRule):
        return _checked(demo, replace(compiled, recording=(*compiled.recording, group)))
    return _checked(demo, replace(compiled, alerting=(*compiled.alerting, group)))


def _record(expr: str) -> RecordingRule:
    return RecordingRule("service:own:ratio", expr, {"service": "demo-agent"})


def test_the_rules_of_the_profile_that_ships_read_each_metric_once(demo: Service) -> None:
    assert list(check(known(SITE, demo))) == []


@pytest.mark.parametrize(
    ("record", "expr", "said"),
    [
        (
            RUNS,
            f"sum by (release, status, stop_reason) (rate(agent_run_total{{{JOB}}}[5m]))",
            "reads agent_run_total by rate over 5m, and not by rate over 1m15s",
        ),
        (
            RUNS,
            f"sum by (release, status, stop_reason) (increase(agent_run_total{{{JOB}}}[75s]))",
            "reads agent_run_total by increase over 1m15s, and not by rate over 1m15s",
        ),
        (
            RUNS,
            f"sum by (release, status, stop_reason) (agent_run_total{{{JOB}}})",
            "reads agent_run_total at an instant, and not by rate over 1m15s",
        ),
        (
            RUNS,
            f'sum by (release, status, stop_reason) (rate(agent_run_total{{{JOB},status="ok"}}[75s]))',
            "reads only a part of agent_run_total, by status",
        ),
        (
            BUCKETS,
            f"sum by (le, release) (rate(agent_run_latency_ms_bucket{{{JOB}}}[1m]))",
            "reads agent_run_latency_ms_bucket by rate over 1m, and not by rate over 1m15s",
        ),
    ],
)
def test_the_raw_pass_is_a_rate_that_tiles_time(demo: Service, record: str, expr: str, said: str) -> None:
    where = f'the rule of record {record} in group "agent-service-demo-agent"'
    assert _instead(demo, record, expr) == [f"{where} {said}"]


def test_a_metric_is_read_once_even_by_parts(demo: Service) -> None:
    part = _record(f'sum(rate(agent_run_total{{{JOB},status="error"}}[75s]))')
    assert _beside(demo, part) == [
        'the rule of record service:own:ratio in group "own" reads only a part of agent_run_total, by status',
        "demo-agent: agent_run_total is read 2 times an interval, not once",
    ]


def test_two_readings_in_one_rule_are_two(demo: Service) -> None:
    rate = f"sum(rate(agent_run_total{{{JOB}}}[75s]))"
    beside = "reads agent_run_total beside other series, which only a raw pass may"
    assert _beside(demo, _record(f"{rate} / {rate}")) == [
        f'the rule of record service:own:ratio in group "own" {beside}',
        "demo-agent: agent_run_total is read 3 times an interval, not once",
    ]


def test_the_sums_of_a_histogram_are_raw_too(demo: Service) -> None:
    found = _beside(
        demo,
        _record(
            f"sum(rate(agent_run_latency_ms_sum{{{JOB}}}[75s])) / sum(rate(agent_run_latency_ms_count{{{JOB}}}[75s]))"
        ),
    )
    where = 'the rule of record service:own:ratio in group "own" reads'
    beside = "beside other series, which only a raw pass may"
    assert found == [
        f"{where} agent_run_latency_ms_sum {beside}",
        f"{where} agent_run_latency_ms_count {beside}",
    ]


def test_every_metric_is_read(demo: Service) -> None:
    assert _instead(demo, RUNS, "vector(1)") == ["demo-agent: no rule reads agent_run_total"]


def test_a_raw_pass_is_as_often_as_its_window_says(demo: Service) -> None:
    compiled = compile_rules(demo, SITE, shared(SITE).records)
    quick = tuple(replace(group, interval=30) for group in compiled.recording)
    found = _checked(demo, replace(compiled, recording=quick))
    assert (
        'the rule of record stream:agent_tool_latency:rate in group "agent-service-demo-agent" reads '
        "agent_tool_latency_ms_bucket every 30s, which a window of 1m15s does not tile"
    ) in found


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(rate(agent_run_total{{{JOB}}}[75s])) > 1",
        f"absent(agent_run_total{{{JOB}}})",
        f"sum(scrape_samples_post_metric_relabeling{{{JOB}}}) > 1",
    ],
)
def test_an_alert_reads_nothing_raw(demo: Service, expr: str) -> None:
    name = expr.partition("{")[0].rpartition("(")[2]
    said = f"reads {name}, which only a raw pass may"
    assert _beside(demo, AlertingRule("DemoOwn", expr, 0, 0, {}, {})) == [
        f'alert DemoOwn in group "own" {said}'
    ]


def test_only_the_count_of_series_looks_at_targets(demo: Service) -> None:
    scraped = f"sum(scrape_samples_post_metric_relabeling{{{JOB}}})"
    assert _instead(demo, "service:agent_scraped:series", scraped) == []
    found = _instead(demo, "service:agent_info", scraped)
    assert 'agent_info in group "agent-service-demo-agent" reads scrape_samples_post' in found[0]
    assert len(_instead(demo, "service:agent_scraped:series", f"count(up{{{JOB}}})")) > 0


def test_a_finding_is_placed_and_explained(demo: Service) -> None:
    compiled = _with(
        demo,
        lambda rule: (
            replace(rule, expr=rule.expr.replace("[1m15s]", "[5m]"))
            if isinstance(rule, RecordingRule) and rule.record == RUNS
            else rule
        ),
    )
    (told,) = check(facts_of(SITE, demo, compiled))
    assert told.span == demo.where("metrics.agent_run_total")
    assert (told.code, told.help) == (
        "internal/raw-read",
        "this is a defect of the compiler: please report it together with the spec",
    )
    assert code_page(told.code)
    everyone = of_service(shared(SITE), demo)
    assert told in check_service(service_facts(demo, SITE, compiled, shared(SITE), everyone))
