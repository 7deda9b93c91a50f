"""Shipped profiles against real expositions: every signal has the number counted by hand from the traffic behind them.

Counters are made to grow evenly, so that a window of 15 minutes has exactly the exposition's counts.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import DAY
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from generator.spec.sources import SHIPPED
from tests.models import model_with, written
from tests.prometheus.trials import needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

pytestmark = pytest.mark.long

_EXPOSITIONS = Path(__file__).parent / "expositions"
_START = 1_700_000_000
_STEP, _WINDOW, _SPAN = 15, 900, 1800
#: Shared rules read all services of a server: each test has a day of its own.
_DAYS = count()

#: A service's bounds of labels for each profile, and the exposition of its source.
SERVICES = {
    "litellm": ("labels: {model: [gpt-4o, gpt-4o-mini, claude-sonnet-4-5]}", "litellm"),
    "otel-genai": ("labels: {model: [gpt-4o], tool: [search_docs, broken]}", "otel-genai-openai-agents"),
    "otel-genai-client": ("labels: {model: [gpt-4o, gpt-4o-mini]}", "otel-genai-openai"),
    "agento11y": ("labels: {model: [gpt-4o, claude-sonnet-4-5], tool: [search_docs]}", "agento11y"),
    "pydantic-ai": ("labels: {model: [gpt-4o]}", "pydantic-ai"),
    "claude-code": ("labels: {model: [claude-sonnet-4-5-20250929], tool: [Edit, Write]}", "claude"),
    "codex": ("labels: {model: [gpt-5-codex], tool: [shell]}", "codex"),
    "gemini-cli": ("labels: {model: [gemini-2.5-pro], tool: [read_file]}", "gemini"),
    "vllm": ("labels: {model: [llama-3.1-8b]}", "vllm"),
    "sglang": ("labels: {model: [llama-3.1-8b]}", "sglang"),
    "envoy-ai-gateway": ("labels: {model: [gpt-4o, claude-sonnet-4-5], tool: [github]}", "envoy-ai-gateway"),
    "google-adk": ("labels: {model: [gemini-2.5-flash], tool: [maps]}", "google-adk"),
    "langgraph": ("description: Runs.", "langgraph"),
}

RUNS = "service:agent_run:increase15m"
SUCCESS = "service:agent_success_rate:ratio"
CALLS = "service:agent_tool_calls_per_run:count"
TOOLS = "tool:agent_tool_error_rate:ratio"
TOKENS = "service:agent_token_usage_per_run:count"
BY_TYPE = "token_type:agent_token_usage_per_run:count"
COST = "service:agent_cost_per_run:usd"
ERRORS = "service:agent_llm_errors_per_run:count"
STOPS = "stop_reason:agent_stop_reason_distribution:ratio"
OVERFLOW = "service:agent_latency_p95:overflow"

#: By profile, for each record the value of each series, by its other labels, counted by hand from the exposition.
EXPECTED: dict[str, dict[str, Mapping[str, float]]] = {
    "litellm": {
        # 13 requests: 6 ok; refused by a dead deployment, 429, 500, 400, an unknown model, a wrong key.
        RUNS: {"": 13},
        SUCCESS: {"": 6 / 13},
        # 730 in and 180 out, including cached, written and reasoning tokens.
        TOKENS: {"": 910 / 13},
        BY_TYPE: {
            "prompt": 480 / 13,
            "completion": 130 / 13,
            "cached": 240 / 13,
            "cache_write": 10 / 13,
            "reasoning": 50 / 13,
        },
        # As the proxy itself reports; the call of a Claude model alone is $0.0007395.
        COST: {"": 0.0029725 / 13},
        "model:agent_cost_per_run:usd": {
            "gpt-4o": 0.0022 / 13,
            "gpt-4o-mini": 0.000033 / 13,
            "claude-sonnet-4-5": 0.0007395 / 13,
        },
        ERRORS: {"": 7 / 13},
    },
    "otel-genai": {
        # 7 runs: 4 ok (one with a failing tool), 429, 500, too many turns.
        RUNS: {"": 7},
        SUCCESS: {"": 4 / 7},
        CALLS: {"": 5 / 7},
        TOOLS: {"search_docs": 0, "broken": 1},
        TOKENS: {"": 1350 / 7},
        ERRORS: {"": 2 / 7},
        "release:agent_run:increase15m": {"2026-03-21": 7},
    },
    "otel-genai-client": {
        # 8 chat calls ok (one streamed), 429, 500, 400, a refused connection.
        RUNS: {"": 12},
        SUCCESS: {"": 8 / 12},
        TOKENS: {"": 1200 / 12},
        ERRORS: {"": 4 / 12},
        COST: {"": (840 * 2.5 + 210 * 10 + 120 * 0.15 + 30 * 0.6) / 1e6 / 12},
    },
    "agento11y": {
        # 4 successful generations, 1 failed; 3 calls of a tool, 1 of which failed.
        RUNS: {"": 5},
        SUCCESS: {"": 4 / 5},
        CALLS: {"": 3 / 5},
        TOOLS: {"search_docs": 1 / 3},
        ERRORS: {"": 1 / 5},
        "release:agent_run:increase15m": {"2026-03-21": 5},
    },
    "pydantic-ai": {
        RUNS: {"": 8},
        TOKENS: {"": 1200 / 8},
        COST: {"": 0.0044 / 8},
    },
    "claude-code": {
        RUNS: {"": 1},
        TOKENS: {"": 105_100},
        BY_TYPE: {"prompt": 800, "completion": 2300, "cached": 90_000, "cache_write": 12_000},
        COST: {"": 0.42},
        TOOLS: {"Edit": 0, "Write": 1},
    },
    "codex": {
        RUNS: {"": 1},
        CALLS: {"": 4},
        # 4,500 in, 3,000 of them cached, and 500 out, 100 of them reasoning: the total of 5,000 is not a type of its
        # own.
        TOKENS: {"": 5000},
        BY_TYPE: {"prompt": 1500, "cached": 3000, "completion": 400, "reasoning": 100},
        COST: {"": 0.125},
        # The turn took 42 s, and the last bucket ends at 10.
        OVERFLOW: {"": 1},
    },
    "gemini-cli": {
        # 3 reached their goal, 1 had too many turns, 1 failed, and 1 was stopped by a person, which is no failure.
        RUNS: {"": 6},
        SUCCESS: {"": 4 / 6},
        STOPS: {"completed": 3 / 6, "max_steps": 1 / 6, "step_error": 1 / 6, "cancelled": 1 / 6},
        CALLS: {"": 6 / 6},
        TOOLS: {"read_file": 1 / 6},
        # 9,000 in, 4,000 of them cached, 700 out, and 300 reasoning and 50 of tools beside them.
        BY_TYPE: {
            "prompt": 5000 / 6,
            "cached": 4000 / 6,
            "completion": 700 / 6,
            "reasoning": 300 / 6,
            "tool_use": 50 / 6,
        },
        ERRORS: {"": 1 / 6},
    },
    "vllm": {
        # 10 requests: 6 stopped by themselves, 2 at the length, 1 aborted, 1 failed.
        RUNS: {"": 10},
        SUCCESS: {"": 0.8},
        STOPS: {"completed": 0.6, "max_tokens": 0.2, "cancelled": 0.1, "step_error": 0.1},
        BY_TYPE: {"prompt": 300, "cached": 100, "completion": 90},
        "service:agent_latency_p50:seconds": {"": 1},
        "service:agent_requests_running:count": {"": 3},
        "service:agent_requests_waiting:count": {"": 2},
    },
    "sglang": {
        # 20 requests for answers: 17 answered, two of them refused as wrong, one since the queue was full.
        RUNS: {"": 20},
        SUCCESS: {"": 17 / 20},
        # 8,000 in, 2,000 of them cached, and 1,800 out.
        BY_TYPE: {"prompt": 300, "cached": 100, "completion": 90},
        "service:agent_latency_p50:seconds": {"": 3},
        "service:agent_requests_running:count": {"": 3},
        "service:agent_requests_waiting:count": {"": 2},
        "service:agent_aborts_per_request:count": {"": 2 / 20},
    },
    "envoy-ai-gateway": {
        RUNS: {"": 12},
        SUCCESS: {"": 10 / 12},
        CALLS: {"": 8 / 12},
        TOOLS: {"github": 2 / 8},
        # 7,000 in, 3,000 of them cached and 500 written, and 1,200 out, 200 of them reasoning.
        TOKENS: {"": 8200 / 12},
        BY_TYPE: {
            "prompt": 3500 / 12,
            "cached": 3000 / 12,
            "cache_write": 500 / 12,
            "completion": 1000 / 12,
            "reasoning": 200 / 12,
        },
        ERRORS: {"": 2 / 12},
        COST: {
            "": (3000 * 2.5 + 1000 * 1.25 + 800 * 10 + 500 * 3 + 2000 * 0.3 + 500 * 3.75 + 400 * 15)
            / 1e6
            / 12
        },
        "release:agent_run:increase15m": {"v1.1.0": 12},
    },
    "google-adk": {
        RUNS: {"": 5},
        SUCCESS: {"": 0.8},
        CALLS: {"": 2},
        TOOLS: {"maps": 0.2},
        TOKENS: {"": 2000},
        "service:agent_step_count:count": {"": 2.95},
        "release:agent_run:increase15m": {"v7": 5},
    },
    "langgraph": {
        # Repeated attempts are not runs, and a cancelled run is no failure.
        RUNS: {"": 20},
        SUCCESS: {"": 18 / 20},
        STOPS: {"completed": 17 / 20, "step_error": 2 / 20, "cancelled": 1 / 20},
    },
}


@pytest.mark.parametrize("profile", SERVICES)
def test_signals_are_what_was_counted_by_hand(
    profile: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    assert _wrong(prometheus, profile, _model(tmp_path, profile, unique)) == {}


#: By profile, a text of its file and a mutant of it: the raw pass then reads something else.
MUTANTS = {
    "a pattern too wide": (
        "litellm",
        '{ok: ["2.."], error: ["4..", "5.."]}',
        '{ok: ["2..", "4.."], error: ["5.."]}',
    ),
    "an arm missing": ("vllm", "cancelled: [abort], ", ""),
    "a part missing": (
        "litellm",
        "      - {of: litellm_input_cached_tokens_metric_total, set: {token_type: cached}}\n",
        "",
    ),
    "the total not ignored": ("codex", "    ignore: [total]\n", ""),
    "the count for the sum": ("otel-genai-client", "value: sum", "value: count"),
    "an operation too many": (
        "agento11y",
        "where: {gen_ai_operation_name: execute_tool",
        'where: {gen_ai_operation_name: ".*"',
    ),
    "a scale forgotten": ("codex", "scale: 0.000001", "scale: 1"),
    "an endpoint forgotten": ("sglang", "[/generate, ", "["),
    "every method of a protocol": (
        "envoy-ai-gateway",
        "mcp_method_name: tools/call, status: success",
        "status: success",
    ),
    "nothing taken off": ("claude-code", "status: decision", "status: language"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_of_a_profile_is_seen(
    mutant: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    profile, part, instead = MUTANTS[mutant]
    text = (SHIPPED / "profiles" / f"{profile}.yaml").read_text("utf-8")
    assert part in text
    written(tmp_path, {f"profiles/{profile}.yaml": text.replace(part, instead)})
    assert _wrong(prometheus, profile, _model(tmp_path, profile, unique)) != {}


#: The endings that an exporter adds to names of OpenTelemetry, and that another one does not.
SPELLINGS = {
    "no units": "(_milliseconds|_seconds|_tokens|_USD)(?=(_total|_bucket|_sum|_count)?$)",
    "no suffixes": "(_milliseconds|_seconds|_tokens|_USD)?(_total)?(?=(_bucket|_sum|_count)?$)",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "profile",
    [
        "otel-genai",
        "otel-genai-client",
        "agento11y",
        "claude-code",
        "codex",
        "gemini-cli",
        "google-adk",
        "envoy-ai-gateway",
    ],
)
def test_exporters_that_spell_names_otherwise_are_read_as_well(
    profile: str, spelling: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    assert _wrong(prometheus, profile, _model(tmp_path, profile, unique), SPELLINGS[spelling]) == {}


def _model(directory: Path, profile: str, name: str) -> Model:
    return model_with(directory, profile, SERVICES[profile][0], name)


def _wrong(
    prometheus: PrometheusApi, profile: str, model: Model, left_out: str = "(?!)"
) -> dict[str, dict[str, float]]:
    """Compute a profile's signals from its exposition, and return those that differ from the counts by hand.

    ``left_out`` is what the names lack.
    """
    (service,) = model.services
    start = _START + DAY * next(_DAYS)
    write(
        prometheus,
        _grown(
            _EXPOSITIONS / f"{SERVICES[profile][1]}.prom",
            {"job": service.name, "instance": "a"},
            start,
            left_out,
        ),
    )
    shared = shared_rules(model.library, model.site)
    own = compile_rules(service, model.site, shared.records)
    read = needed((*own.recording, *shared.groups), EXPECTED[profile])
    evaluate(prometheus, read, start, start + _SPAN)
    wrong = {}
    for record, expected in EXPECTED[profile].items():
        found = _values(prometheus, record, service.name, start + _SPAN)
        if found != pytest.approx(expected, rel=1e-3):
            wrong[record] = found
    return wrong


def _grown(path: Path, target: Mapping[str, str], start: int, left_out: str) -> Iterator[TimeSeries]:
    """Increase every sample from 0, so that any 15 minutes add its value; gauges stay."""
    times = list(range(start, start + _SPAN + _STEP, _STEP))
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        for sample in family.samples:
            name = re.sub(left_out, "", sample.name)
            labels = {"__name__": name, **{k: v for k, v in sample.labels.items() if v}, **target}
            grows = family.type != "gauge" and sample.name != "target_info"
            values = [sample.value * (t - start) / _WINDOW if grows else sample.value for t in times]
            yield TimeSeries(labels, [t * 1000 for t in times], values)


def _values(api: PrometheusApi, record: str, service: str, at: int) -> dict[str, float]:
    found = api.query_range(f'{record}{{service="{service}"}}', at, at, 60)
    values = {}
    for series in found.series:
        rest = {k: v for k, v in series.labels.items() if k not in {"__name__", "service"}}
        values[",".join(rest[k] for k in sorted(rest))] = series.values[-1]
    return values
