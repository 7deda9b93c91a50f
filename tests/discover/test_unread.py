"""Metrics like those by which profiles count runs, and values of labels, that the chosen profile does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.discover.service_draft import bounds
from generator.errors import CommandError
from tests.discover.recognising import recognised
from tests.models import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.discover.recognise import Match, Unread
    from tests.commands.calls import CallResult

TOKENS = 'gen_ai_client_token_usage_count{gen_ai_token_type="input",gen_ai_request_model="m"} 1\n'
RUNS = "gen_ai_client_operation_duration"
#: A profile that counts runs by a counter.
OWN = {"profiles/own.yaml": "profile: own\nemitted: elsewhere\nstreams: {run: {of: bot_runs_total}}\n"}


@pytest.mark.parametrize("unit", ["_milliseconds", "_ms"])
def test_runs_in_another_unit_are_named(tmp_path: Path, unit: str) -> None:
    (unread,) = _unread(tmp_path, f"{RUNS}{unit}_count 1\n{RUNS}{unit}_sum 1\n")
    assert (unread.metric, unread.read) == (f"{RUNS}{unit}", f"{RUNS}_seconds")
    assert "otel-genai-client" in unread.profiles


def test_a_time_of_creation_is_no_metric_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, OWN)
    exposed = "# TYPE bot_runs counter\nbot_runs_total 9\nbot_runs_created 1.7e9\n"
    assert _unread(tmp_path, exposed, "own") == ()
    assert _unread(tmp_path, exposed + "# EOF\n", "own") == ()


AGENT = """\
agent_invocation_duration_milliseconds_bucket{le="+Inf"} 9
agent_invocation_duration_milliseconds_sum 90
agent_invocation_duration_milliseconds_count 9
agent_tool_calls_total 3
process_cpu_seconds_total 1
http_requests_total 7
"""


def test_a_profile_that_fits_in_part_names_what_it_does_not_read(tmp_path: Path) -> None:
    match = _match(tmp_path, TOKENS + AGENT)
    assert match.strangers == ("agent_invocation_duration_milliseconds", "agent_tool_calls_total")
    whole = f'{RUNS}_seconds_count 1\n{RUNS}_seconds_sum 1\n{RUNS}_seconds_bucket{{le="+Inf"}} 1\n'
    assert _match(tmp_path, TOKENS.replace("_count", "_sum") + TOKENS + whole + AGENT).strangers == ()


def test_what_is_not_read_is_printed_with_a_way_out(
    tmp_path: Path, untried: Callable[..., CallResult]
) -> None:
    exposition = tmp_path / "exposed.prom"
    exposition.write_text(TOKENS + AGENT, encoding="utf-8")
    answer = untried("init", str(tmp_path / "specs"), "--from-exposition", str(exposition))
    assert answer.code == 0, answer.err
    names = "agent_invocation_duration_milliseconds, agent_tool_calls_total"
    assert f"  not read: {names}. pydantic-ai fits in part only: --draft-profile NAME" in answer.out


def test_names_with_dots_have_a_way_to_the_profile_that_reads_them_with_underscores(tmp_path: Path) -> None:
    exposed = (
        '# TYPE "gen_ai.client.operation.duration" histogram\n{"gen_ai.client.operation.duration_count"} 9\n'
    )
    with pytest.raises(CommandError) as problem:
        _match(tmp_path, exposed)
    assert problem.value.help.startswith(
        "it has gen_ai.client.operation.duration, which agento11y, otel-genai-client would read as "
        "gen_ai_client_operation_duration_seconds: let Prometheus store names with underscores"
    )


def test_what_the_chosen_profile_reads_under_another_name_is_printed(
    tmp_path: Path, untried: Callable[..., CallResult]
) -> None:
    exposition = tmp_path / "exposed.prom"
    exposition.write_text("claude_code_session_count_total 9\nclaude_code_cost_usage_usd_total 1\n", "utf-8")
    answer = untried("init", str(tmp_path / "specs"), "--from-exposition", str(exposition))
    assert answer.code == 0, answer.err
    assert (
        "  unread: claude_code_cost_usage_usd_total. claude-code reads claude_code_cost_usage_USD_total: if it is "
        "the same, name it in a profile that extends this one\n"
    ) in answer.out


@pytest.mark.parametrize(
    ("exposed", "hint"),
    [
        ("bot_run_total 9\n", 'and "bot_run_total" is there: is it that?'),
        ("other 9\n", "which is not there"),
    ],
)
def test_the_runs_that_an_own_profile_looks_for_are_named(tmp_path: Path, exposed: str, hint: str) -> None:
    written(tmp_path, OWN)
    with pytest.raises(CommandError) as problem:
        _match(tmp_path, exposed)
    assert problem.value.help.startswith(f"your profile own counts runs by bot_runs_total, {hint}; ")


def test_other_metrics_are_not_named(tmp_path: Path) -> None:
    assert _unread(tmp_path, "gen_ai_client_operation_time_count 1\nprocess_cpu_seconds_total 1\n") == ()


def test_the_bound_lists_the_values_that_are_read(tmp_path: Path) -> None:
    exposed = f"""\
{RUNS}_seconds_count{{gen_ai_request_model="asked",gen_ai_response_model="asked-2026-03-21"}} 3
{RUNS}_seconds_count{{gen_ai_response_model="answered"}} 2
{RUNS}_seconds_count{{error_type="timeout"}} 1
"""
    (match,) = recognised(tmp_path, exposed, "otel-genai-client")
    (proposed,) = bounds(match, ["model"], 60)
    assert proposed.text == "[answered, asked]"


def _unread(folder: Path, more: str, profile: str = "pydantic-ai") -> tuple[Unread, ...]:
    """Recognise the tokens of pydantic-ai beside other metrics, or what a profile of its own reads."""
    match = _match(folder, more if profile == "own" else TOKENS + more)
    assert match.service.profile == profile
    return match.unread


def _match(folder: Path, exposed: str) -> Match:
    (match,) = recognised(folder, exposed)
    return match
