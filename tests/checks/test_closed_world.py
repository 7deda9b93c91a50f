"""Everything that a rule names must exist: each kind of wrong name is found, reported and placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.checks.closed_world import CODE, check
from generator.commands.compiling import checked
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.prometheus.rule_set import Compiled, compile_rules
from tests.checks.agent import agent, service_of
from tests.checks.models import SITE, facts_of, known, small
from tests.resolve.build import service
from tests.whole.writing import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.diagnostics import Diagnostic
    from generator.model.service import Service

OURS = 'service="demo-agent"'
RATE = "service:agent_success_rate:ratio"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return small(tmp_path_factory.mktemp("specs"), service(labels="{tool: [a, b], model: [m1]}"))


def _found(demo: Service, *rules: RecordingRule | AlertingRule) -> list[Diagnostic]:
    return _of_groups(demo, RuleGroup("own", 60, rules))


def _of_groups(demo: Service, *groups: RuleGroup) -> list[Diagnostic]:
    compiled = compile_rules(demo, SITE)
    recording = tuple(group for group in groups if isinstance(group.rules[0], RecordingRule))
    alerting = tuple(group for group in groups if group not in recording)
    more = Compiled(compiled.service, (*compiled.recording, *recording), (*compiled.alerting, *alerting))
    return list(check(facts_of(SITE, demo, more)))


def _record(expr: str, record: str = "service:own:ratio", **labels: str) -> RecordingRule:
    return RecordingRule(record, expr, {"service": "demo-agent", **labels})


def _alert(expr: str, name: str = "DemoOwn", labels: Mapping[str, str] | None = None) -> AlertingRule:
    return AlertingRule(name, expr, 0, 0, labels or {}, {})


def test_the_rules_of_our_own_specs_name_nothing_unknown(demo: Service, tmp_path: Path) -> None:
    assert list(check(known(SITE, demo))) == []
    assert list(check(known(SITE, service_of(tmp_path, agent())))) == []


@pytest.mark.parametrize(
    "selector", ["{service: demo-agent}", "{job: a, service: demo-agent}", "{service: other}"]
)
def test_targets_may_carry_the_name_of_the_service(selector: str, tmp_path: Path) -> None:
    """A ServiceMonitor labels them so; inferred results have a placeholder in place of the name."""
    bound = service("demo-agent", selector=selector, labels="{tool: [a, b], model: [m1]}")
    assert list(check(known(SITE, small(tmp_path, bound)))) == []


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("runs_total{", "does not parse"),
        (f"service:nothing:rate{{{OURS}}}", "service:nothing:rate"),
        (RATE, "without a matcher on its own service"),
        (f'{RATE}{{service="other-agent"}}', "without a matcher on its own service"),
        (f'tool:agent_tool_error_rate:ratio{{{OURS}, tool="c"}}', 'tool="c"", which it never has'),
        (f'tool:agent_tool_error_rate:ratio{{{OURS}, tool=~"c|d"}}', "which it never has"),
        ("sum(runs_total)", 'without the selector\'s "job"'),
        ('runs_total{job="demo-agent"}', "keeps the labels of instances"),
    ],
)
def test_what_an_expression_names_must_exist(demo: Service, expr: str, said: str) -> None:
    messages = [told.message for told in _found(demo, _record(expr))]
    assert any(said.replace('""', '"') in message for message in messages), messages
    assert all(message.startswith("the rule of record service:own:ratio in") for message in messages)


@pytest.mark.parametrize(
    "expr",
    [
        f'tool:agent_tool_error_rate:ratio{{{OURS}, tool="a"}}',
        f'tool:agent_tool_error_rate:ratio{{{OURS}, tool=~"a|c"}}',
        f'tool:agent_tool_error_rate:ratio{{{OURS}, tool!="c"}}',
        'sum(rate(runs_total{job="demo-agent"}[75s]))',
        'sum(rate(run_ms_bucket{job="demo-agent", le="100"}[75s]))',
        'sum(rate(run_ms_bucket{job="demo-agent", le="100.0"}[75s]))',
        'count(up{job="demo-agent"})',
    ],
)
def test_what_exists_may_be_named(demo: Service, expr: str) -> None:
    assert _found(demo, _record(expr)) == []


def test_buckets_are_matched_by_their_bounds_only(demo: Service) -> None:
    (told,) = _found(demo, _record('sum(rate(run_ms_bucket{job="demo-agent", le="150"}[75s]))'))
    assert 'matches run_ms_bucket by le="150", which it never has' in told.message


def test_an_alert_has_a_short_name(demo: Service) -> None:
    long = _found(demo, _alert(f"{RATE}{{{OURS}}} > 1", "D" * 41))
    assert ["has a name of more than 40 characters" in told.message for told in long] == [True]


def test_groups_have_names_of_their_own_and_are_not_too_large(demo: Service) -> None:
    rule = _record(f"{RATE}{{{OURS}}}")
    twice = _of_groups(
        demo, RuleGroup("own", 60, (rule,)), RuleGroup("own", 60, (replace(rule, record="b:c:d"),))
    )
    assert [told.message for told in twice] == ['demo-agent: 2 groups are called "own"']
    many = tuple(replace(rule, record=f"service:own{index}:ratio") for index in range(21))
    assert [told.message for told in _found(demo, *many)] == [
        'demo-agent: group "own" has 21 rules, more than 20'
    ]


def test_two_rules_may_write_one_record_only_with_different_labels(demo: Service) -> None:
    rule = _record(f"{RATE}{{{OURS}}}", kind="a")
    assert _found(demo, rule, replace(rule, labels={**rule.labels, "kind": "b"})) == []
    (told,) = _found(demo, rule, rule)
    assert told.message == "demo-agent: 2 rules record service:own:ratio with the same labels"


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ("service:agent_success_rate:own", "signals.success_rate"),
        ("service:runs:own", "metrics.runs_total"),
        ("plain", ""),
    ],
)
def test_a_defect_points_at_what_the_rule_is_about(demo: Service, record: str, place: str) -> None:
    (told,) = _found(demo, _record(f"service:nothing:rate{{{OURS}}}", record))
    assert told.span == demo.where(place)
    assert (told.code, told.help) == (
        "internal/closed-world",
        "this is a defect of the compiler: please report it together with the spec",
    )


def test_rules_that_read_each_other_in_a_circle_come_to_an_end(demo: Service) -> None:
    one = _record(f"service:b:x{{{OURS}}}", "service:a:x")
    other = _record(f"service:a:x{{{OURS}}}", "service:b:x")
    found = _found(demo, one, other)
    assert ["never gives anything" in told.message for told in found] == [True, True]


def test_a_service_may_bound_a_label_that_no_shared_stream_has(tmp_path: Path) -> None:
    profile: dict[str, object] = {"profile": "own", "extends": "agent", "labels": {"region": {}}}
    profile["metrics"] = {"own_total": {"type": "counter", "help": "Own.", "labels": ["region"]}}
    one = {"service": "demo-agent", "profile": "own", "owner": "a-team", "selector": {"job": "demo"}}
    labels = {"region": ["eu", "us"], "model": ["gpt-4o"], "tool": ["search"]}
    write({"profiles/own.yaml": profile, "services/demo-agent.yaml": {**one, "labels": labels}}, tmp_path)
    assert [found.code for found in checked(tmp_path).diagnostics if found.code == CODE] == []
