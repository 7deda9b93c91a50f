"""The rules about all services are checked once: their inputs, the way of reading them, and their existence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.checks.all import check_service
from generator.checks.closed_world import check_shared
from generator.checks.facts import service_facts
from generator.checks.world import of_service
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from tests.checks.agent import agent, model_of, without
from tests.checks.models import SITE, library, shared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.model.rules import SharedRules

KNOWN = "service:agent_known:info"
RUNS = 'sum by (service) (stream:agent_run:rate{service!=""})'


def _found(rule: RecordingRule | AlertingRule) -> list[str]:
    """Add a rule to the shared ones, and return the findings."""
    return [told.message for told in check_shared(_with(rule), {})]


def _with(rule: RecordingRule | AlertingRule) -> SharedRules:
    rules = shared(SITE)
    group = RuleGroup("more", 60, (rule,))
    if isinstance(rule, RecordingRule):
        return replace(rules, recording={**rules.recording, "more": (group,)})
    return replace(rules, alerting={**rules.alerting, "more": (group,)})


def _record(expr: str) -> RecordingRule:
    return RecordingRule("service:more:ratio", expr)


def test_the_shared_rules_that_ship_are_proven() -> None:
    assert check_shared(shared(SITE), {}) == ()


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ('stream:agent_run:rate{service!=""} > 1', "reads stream:agent_run:rate outside an aggregation"),
        (
            f'{RUNS} * on (service) group_left () service:agent_info{{service!=""}}',
            "agent_info outside an agg",
        ),
        ('sum(stream:agent_run:rate{service!=""})', "reads stream:agent_run:rate outside an aggregation"),
        ('topk by (service) (1, stream:agent_run:rate{service!=""})', "outside an aggregation"),
        (f'service:agent_info{{service!=""}} and on (service) {KNOWN}', "agent_info outside an aggregation"),
        (
            f'sum by (service) (stream:agent_run:rate{{service!=""}} * on (service) group_left () {KNOWN})',
            "stream:agent_run:rate outside an aggregation",
        ),
        (
            f'{KNOWN} unless on (service) (stream:agent_run:rate{{service!=""}} * on (service) {KNOWN})',
            "stream:agent_run:rate outside an aggregation",
        ),
        (f'{KNOWN}{{service="demo-agent"}}', f"reads {KNOWN} of one service by its name"),
        (f'{KNOWN}{{service=~"demo-.*"}}', f"reads {KNOWN} of one service by its name"),
        (
            "release:agent_run:increase15m and on (release) release:agent_newest:seconds",
            'joins series of services without matching on "service"',
        ),
        ("service:agent_nothing:ratio", "reads service:agent_nothing:ratio, which nothing records"),
        ('service:agent_run:increase15m{tool="a"}', 'matches service:agent_run:increase15m by "tool"'),
        (
            'max by (service) (service:agent_alert:bound{alert="AgentNoSuch"})',
            'reads service:agent_alert:bound by alert="AgentNoSuch", which no rule writes',
        ),
        (
            'max by (service) (service:agent_alert:bound{alert="AgentLatencyOverflow",severity="critical"})',
            'by alert="AgentLatencyOverflow", severity="critical", which no rule writes',
        ),
    ],
)
def test_what_could_break_with_one_service_s_file_is_found(expr: str, said: str) -> None:
    messages = _found(_record(expr))
    assert any(said in message for message in messages), messages
    assert all(message.startswith("the rule of record service:more:ratio in group") for message in messages)


@pytest.mark.parametrize(
    "expr",
    [
        RUNS,
        f'{KNOWN} unless on (service) service:agent_alert:variant{{service!=""}}',
        f'{KNOWN} and on (service) last_over_time(stream:agent_run:rate{{service!=""}}[10m])',
        'sum by (service) (rate(stream:agent_run:rate{service!=""}[5m]) * 60 > 0)',
        'max by (service) (stream:agent_run:rate{service!=""} or stream:agent_tool_call:rate{service!=""})',
        'group by (service, release) (stream:agent_run:rate{release!="",service!=""})',
        "service:agent_run:increase15m / (service:agent_run:increase15m > 0)",
    ],
)
def test_what_no_file_can_break_is_fine(expr: str) -> None:
    assert _found(_record(expr)) == []


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (
            '{{ with printf "service:agent_no:info{service=%q}" $labels.service | query }}',
            "asks for service:agent_no",
        ),
        (
            '{{ with printf "service:agent_alert:bound{alert=\\"No\\",service=%q}" $labels.service | query }}',
            'reads service:agent_alert:bound by alert="No", which no rule writes',
        ),
    ],
)
def test_templates_are_held_to_the_same(annotation: str, said: str) -> None:
    rule = AlertingRule("DemoMore", f"{KNOWN} > 0", 0, 0, {}, {"description": annotation})
    (message,) = _found(rule)
    assert said in message


def test_a_defect_points_into_the_library() -> None:
    (told,) = check_shared(
        _with(RecordingRule("service:agent_success_rate:more", "service:agent_no:ratio")), library().origins
    )
    assert told.span == library().origins["signals.success_rate"]


def _clean(directory: Path, profile: Mapping[str, object], **keys: object) -> bool:
    model = model_of(directory, dict(profile), **keys)
    rules = shared_rules(model.library, model.site)
    (service,) = model.services
    own = compile_rules(service, model.site, rules.records)
    facts = service_facts(service, model.site, own, rules, of_service(rules, service))
    found = (*check_shared(rules, model.library.origins), *check_service(facts))
    return not [told for told in found if told.code.startswith("internal/")]


def test_a_library_without_a_signal_is_as_whole_as_with_it(tmp_path: Path) -> None:
    for name in ("llm_errors_per_run", "token_usage_per_run", "tool_latency_p95", "cost_per_run"):
        assert _clean(tmp_path / name, without(agent(), name)), name


@pytest.mark.parametrize(
    "stream",
    ["run_latency", "run_steps", "tool_call", "tool_error", "llm_error", "token_usage", "tool_latency"],
)
def test_a_profile_without_a_stream_is_whole_too(stream: str, tmp_path: Path) -> None:
    profile = agent()
    del profile["feeds"][stream]
    profile["objectives"] = {}
    assert _clean(tmp_path, profile)


@pytest.mark.parametrize("label", ["release", "stop_reason", "tool", "model", "error_class"])
def test_streams_may_lack_a_label(label: str, tmp_path: Path) -> None:
    profile = agent()
    for metric in profile["metrics"].values():
        metric["labels"] = [one for one in metric["labels"] if one != label]
    profile["labels"].pop(label)
    bounds = {name: values for name, values in {"model": ["gpt-4o"], "tool": ["a"]}.items() if name != label}
    assert _clean(tmp_path, profile, labels=bounds)
