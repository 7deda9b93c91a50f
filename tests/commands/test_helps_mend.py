"""Following a help fixes the mistake."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

SPEC = """service: demo-agent
profile: agent
owner: team-demo
selector: {job: demo-agent}
labels: {model: [gpt-4o], tool: [search], release: {max_live: 3}}
"""
LINKS = 'links: {logs: "https://logs.example.com/?service={service}"}'
#: A mistake, its code, and the text that the help proposes in its place.
MENDED = (
    ("budget: $200", "schema/type", "write budget: {per_day: $200}", "budget: {per_day: $200}"),
    ("traffic: 120", "schema/type", "write traffic: {min_runs_per_hour: 120}", ""),
    ("traffic: 120/h", "schema/type", "write traffic: {min_runs_per_hour: 120}", ""),
    ("traffic:", "schema/type", "write traffic: {min_runs_per_hour: 120}", ""),
    ("alerts: [AgentNoRuns]", "schema/type", "as in alerts: {AgentToolCallsPerRunHigh: {warning: 40}}", ""),
    ("objectives: 97%", "schema/type", "as in objectives: {success_rate: {min: 97%}}", ""),
    (
        "objectives: {success_rate: 97%}",
        "schema/type",
        "write {min: 97%}",
        "objectives: {success_rate: {min: 97%}}",
    ),
    ("links: https://x", "schema/type", f"write {LINKS}", LINKS),
    ("budget: {per_day: $1,500}", "yaml/key-type", "write $1500", "budget: {per_day: $1500}"),
    ("budget: {per_day: $1,500,000}", "yaml/key-type", "write $1500000", "budget: {per_day: $1500000}"),
    (
        "objectives: {latency_p95: {max: 1,500ms}}",
        "yaml/flow-comma",
        "write 1500ms",
        "objectives: {latency_p95: {max: 1500ms}}",
    ),
    (
        "slo: {success_rate: 97%}",
        "schema/unknown-key",
        "as in objectives: {success_rate: {min: 97%, window: 30d}}",
        "objectives: {success_rate: {min: 97%, window: 30d}}",
    ),
    (
        "tenants: [acme]",
        "schema/unknown-key",
        "as in segments: {tenant: [acme, globex]}",
        "segments: {tenant: [acme, globex]}",
    ),
    (
        "envs: {prod: {}}",
        "schema/unknown-key",
        "as in environments: {prod: {selector: {env: prod}}}",
        "environments: {prod: {selector: {env: prod}}}",
    ),
    (
        "alerts: {Slow: {threshold: {signal: latency_p95, value: 5s}}}",
        "schema/unknown-key",
        "as in {threshold: {signal: latency_p95}, warning: 5s}",
        "alerts: {Slow: {threshold: {signal: latency_p95}, warning: 5s}}",
    ),
    (
        "budget: {per_month: $200}",
        "schema/unknown-key",
        "the only key here is per_day: The most that a day may cost, in USD; for example $200",
        "budget: {per_day: $200}",
    ),
)
#: The same for mistakes in existing parts of the spec.
CHANGED = (
    ("owner: team-demo", "owner: My Team", "write My-Team; ", "owner: My-Team"),
    ("service: demo-agent", "service: Demo Agent", "write demo-agent; ", "service: demo-agent"),
    ("{max_live: 3}", "{max_live: three}", "write a whole number, as in {max_live: 4}", "{max_live: 4}"),
    (
        "[search], release: {max_live: 3}",
        "[search], release: 3",
        "{max_live: 4}",
        "[search], release: {max_live: 4}",
    ),
    (
        "labels: {model: [gpt-4o], tool: [search], release: {max_live: 3}}",
        "labels: [model, tool]",
        "as in labels: {tool: [search_docs, create_ticket]}",
        "labels: {tool: [search_docs, create_ticket], model: [gpt-4o]}",
    ),
)


def _checked(call: CommandCalls, specs: Path, text: str) -> tuple[int, str]:
    (specs / "services").mkdir(parents=True, exist_ok=True)
    (specs / "services/demo-agent.yaml").write_text(text, "utf-8")
    answer = call("check", str(specs))
    return answer.code, answer.out


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case[0])
def test_a_section_written_as_its_help_says_is_right(
    case: tuple[str, str, str, str], call: CommandCalls, tmp_path: Path
) -> None:
    written, code, form, mended = case
    status, told = _checked(call, tmp_path, f"{SPEC}{written}\n")
    assert status == 1
    assert f"error[{code}]" in told
    assert f"{form}\n" in told or f"{form} or " in told
    assert {
        line.partition("error[")[2].partition("]")[0] for line in told.splitlines() if "error[" in line
    } == {code}
    instead = mended or form.removeprefix("as in ").removeprefix("write ")
    assert _checked(call, tmp_path, f"{SPEC}{instead}\n")[0] == 0


@pytest.mark.parametrize("case", CHANGED, ids=lambda case: case[1])
def test_a_value_written_as_its_help_says_is_right(
    case: tuple[str, str, str, str], call: CommandCalls, tmp_path: Path
) -> None:
    right, wrong, form, mended = case
    status, told = _checked(call, tmp_path, SPEC.replace(right, wrong))
    assert status == 1
    assert told.count("error[") == 1
    assert form in told
    assert _checked(call, tmp_path, SPEC.replace(right, mended))[0] == 0


def test_an_alert_that_no_profile_has_is_made_one_as_its_help_says(
    call: CommandCalls, tmp_path: Path
) -> None:
    status, told = _checked(call, tmp_path, f"{SPEC}alerts: {{AgentX: {{warning: 5%}}}}\n")
    assert status == 1
    form = "AgentX: {threshold: {signal: success_rate}, warning: 90%}"
    assert f"help: a new alert needs a kind, as in {form}; the others are: Agent" in told
    assert _checked(call, tmp_path, f"{SPEC}alerts: {{{form}}}\n")[0] == 0


def test_a_label_that_no_profile_has_is_declared_as_the_help_says(call: CommandCalls, tmp_path: Path) -> None:
    specs = tmp_path / "my specs"
    bound = SPEC.replace("tool: [search]", "tool: [search], verdict: [good, bad]")
    own = (
        "metrics: {verdict_total: {type: counter, help: Verdicts., labels: [verdict]}}\n"
        "signals: {bad_verdicts: {title: T, description: D, "
        "share: {of: verdict_total, where: {verdict: bad}}, by: [verdict]}}\n"
    )
    status, told = _checked(call, specs, bound + own)
    assert (status, told.count("error[")) == (1, 2)  # where it is bounded and where the metric has it
    assert "did you mean" not in told
    command = told.partition("only a profile declares labels: run ")[2].partition(" for one to change")[0]
    copied = call(*shlex.split(command))
    assert copied.code == 0
    assert copied.out.startswith(f"wrote {specs}/profiles/agent.yaml\nnext: ")
    profile = specs / "profiles/agent.yaml"
    assert f"declare it under labels of {profile}" in _checked(call, specs, bound + own)[1]
    profile.write_text(
        profile.read_text("utf-8").replace("\nlabels:\n", "\nlabels:\n  verdict: {}\n"), "utf-8"
    )
    assert _checked(call, specs, bound + own)[0] == 0


@pytest.mark.parametrize("name", ["{{ $labels.x }}", "Ünit", "x\\ny", "!!!", "-", "x" * 300])
def test_no_name_is_proposed_where_none_can_be_guessed(name: str, call: CommandCalls, tmp_path: Path) -> None:
    status, told = _checked(call, tmp_path, SPEC.replace("team-demo", f'"{name}"'))
    assert status == 1
    assert "help: write " not in told


def test_the_objective_proposed_for_an_alert_without_one_is_right(call: CommandCalls, tmp_path: Path) -> None:
    signals = "latency_p50 latency_p95 step_count_p50 tool_latency_p95 token_usage_per_run llm_errors_per_run"
    alerts = "".join(
        f"  Own{number}: {{threshold: {{signal: {signal}}}, warning: objective, summary: It is much.}}\n"
        for number, signal in enumerate(signals.split())
    )
    status, told = _checked(call, tmp_path, f"{SPEC}alerts:\n{alerts}")
    assert status == 1
    proposed = re.findall(r"what it promises, such as objectives: \{(.*)\}$", told, re.MULTILINE)
    assert {one.partition(":")[0] for one in proposed} == set(signals.split()) - {"latency_p95"}
    assert _checked(call, tmp_path, f"{SPEC}objectives: {{{', '.join(proposed)}}}\nalerts:\n{alerts}")[0] == 0
