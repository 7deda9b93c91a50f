"""Names and values that a first reading gets wrong: what the drafted profile says, and the numbers that it gives.

Every exposition here once gave numbers that nobody doubted, and that were wrong.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from generator.commands.init import site_text
from generator.discover.proof import GROWING, Remembered, _grown
from generator.discover.recognise import Candidates, candidates
from generator.live.remote_write import write
from generator.prometheus.rule_set import rule_set
from generator.streams.raw import as_classic
from tests.discover.recognising import draft_of, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.discover.places import InExposition
    from generator.discover.profile_draft import ProfileDraft
    from generator.live.server import PrometheusServer
    from generator.model.service import Service


class Case(NamedTuple):
    """An exposition, lines of its drafted profile, and the number of each record.

    What follows ``!`` is not in the profile: a key, or a text.
    """

    exposed: str
    lines: str
    numbers: Mapping[str, float] = {}


def histogram(name: str, count: int, labels: str = "") -> str:
    """Write a histogram whose observations are all in the first bucket."""
    comma = "," if labels else ""
    buckets = [f'{name}_bucket{{{labels}{comma}le="{edge}"}} {count}' for edge in ("1", "10", "+Inf")]
    return "\n".join((*buckets, f"{name}_sum{{{labels}}} {count / 2}", f"{name}_count{{{labels}}} {count}"))


RUNS = 'bot_runs_total{status="ok"} 90\nbot_runs_total{status="error"} 10\n'
SUCCESS, TOOLS = "service:agent_success_rate:ratio", "service:agent_tool_error_rate:ratio"
COST, RATE, CALLS = "stream:agent_cost:rate", "stream:agent_run:rate", "stream:agent_tool_call:rate"
TOKENS, BILLED = "stream:agent_token_usage:rate", "service:agent_token_usage_billed:increase15m"
CASES = {
    "opposite booleans": Case(
        """bot_runs_total{success="true"} 90
bot_runs_total{success="false"} 10
bot_tool_calls_total{tool="search",error="false"} 95
bot_tool_calls_total{tool="search",error="true"} 5""",
        """values: {ok: ["true"], error: ["false"]}
labels: {status: success}
- {of: bot_tool_calls_total, where: {error: "false"}, set: {status: ok}}
- {of: bot_tool_calls_total, where: {error: "true"}, set: {status: error}}
labels: {tool: tool}
# bot_tool_calls_total: error does not mean what success means elsewhere, so where and set tell its values apart""",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "failures beside successes": Case(
        """bot_runs_total{failed="false"} 90
bot_runs_total{failed="true"} 10
bot_tool_calls_total{tool="search",success="true"} 95
bot_tool_calls_total{tool="search",success="false"} 5""",
        """values: {ok: ["false"], error: ["true"]}
- {of: bot_tool_calls_total, where: {success: "true"}, set: {status: ok}}
- {of: bot_tool_calls_total, where: {success: "false"}, set: {status: error}}""",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "opposite booleans before the first failure": Case(
        """bot_runs_total{success="True"} 90
bot_tool_calls_total{tool="search",error="False"} 95""",
        """values: {ok: ["True"], error: ["False"]}
- {of: bot_tool_calls_total, where: {error: "False"}, set: {status: ok}}
- {of: bot_tool_calls_total, where: {error: "True"}, set: {status: error}}""",
    ),
    "names of errors beside words": Case(
        """bot_runs_total{status="ok"} 90
bot_runs_total{status="failed"} 10
bot_tool_calls_total{tool="search"} 95
bot_tool_calls_total{tool="search",error_type="timeout"} 5""",
        """values: {ok: [ok], error: [failed]}
- {of: bot_tool_calls_total, where: {error_type: ""}, set: {status: ok}}
- {of: bot_tool_calls_total, where: {error_type: ".+"}, set: {status: error}}""",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "words and codes together": Case(
        """bot_runs_total{status="completed"} 90
bot_runs_total{status="failed"} 10
bot_tool_calls_total{tool="search",code="200"} 95
bot_tool_calls_total{tool="search",code="500"} 5""",
        """values: {ok: [completed, "2..", "3.."], error: [failed, "4..", "5.."]}
labels: {status: status}
labels: {tool: tool, status: code}""",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "no and yes of failures": Case(
        """bot_runs_total{failed="no"} 90
bot_runs_total{failed="yes"} 10
bot_tool_calls_total{tool="search",status="ok"} 95
bot_tool_calls_total{tool="search",status="error"} 5""",
        """values: {ok: ["no", ok], error: ["yes", error]}""",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "ones and zeros": Case(
        """bot_runs_total{is_error="0"} 90
bot_runs_total{is_error="1"} 10
bot_tool_calls_total{tool="search",ok="1"} 95
bot_tool_calls_total{tool="search",ok="0"} 5""",
        """values: {ok: ["0"], error: ["1"]}
- {of: bot_tool_calls_total, where: {ok: "1"}, set: {status: ok}}
- {of: bot_tool_calls_total, where: {ok: "0"}, set: {status: error}}""",
    ),
    "a code of HTTP beside an outcome": Case(
        """bot_agent_requests_total{code="200",status="completed"} 80
bot_agent_requests_total{code="200",status="failed"} 15
bot_agent_requests_total{code="500",status="failed"} 5""",
        """labels: {status: status}
values: {ok: [completed], error: [failed]}
# bot_agent_requests_total: status is its status; its code says otherwise of some series""",
        {SUCCESS: 0.8},
    ),
    "a code of HTTP that agrees": Case(
        """bot_runs_total{http_code="200",outcome="success"} 90
bot_runs_total{http_code="500",outcome="failed"} 10""",
        """labels: {status: outcome}
! says otherwise""",
    ),
    "classes of codes": Case(
        """bot_runs_total{code="2xx"} 90
bot_runs_total{code="4xx"} 6
bot_runs_total{code="5xx"} 4""",
        """labels: {status: code}
values: {ok: ["2..", "3.."], error: ["4..", "5.."]}
! unclear""",
        {SUCCESS: 0.9},
    ),
    "a code of errors that is SUCCESS": Case(
        """bot_runs_total{error_code="SUCCESS"} 90
bot_runs_total{error_code="Throttled"} 10""",
        """values: {ok: [SUCCESS], error: [Throttled]}
# bot_runs_total: a new error_code is no success, and is counted as an error once status lists it""",
        {SUCCESS: 0.9},
    ),
    "a success that is called like an error": Case(
        """bot_runs_total{error="NoError"} 90
bot_runs_total{error="IOError"} 10""",
        "values: {ok: [NoError], error: [IOError]}",
    ),
    "errors alone": Case(
        """bot_runs_total{error_type="timeout"} 8
bot_runs_total{error_type="rate_limit"} 2""",
        """values: {ok: [""], error: [".+"]}
# bot_runs_total: every error_type seen is an error; a series without it is taken as a success""",
    ),
    "a prefix inside another word": Case(
        f"""{RUNS}microservice_llm_cost_usd_total{{model="m"}} 4
microsoft_tokens_total{{model="m",type="input"}} 4""",
        """of: microservice_llm_cost_usd_total
! scale""",
        {COST: 4 / 60},
    ),
    "a prefix far from the amount": Case(
        f"""{RUNS}micro_agent_cost_usd_total{{model="m"}} 4""",
        "! scale",
    ),
    "millionths": Case(
        f"""{RUNS}bot_cost_micro_usd_total{{model="m"}} 4000000""",
        "scale: 0.000001",
        {COST: 4 / 60},
    ),
    "billionths": Case(
        f"""{RUNS}bot_cost_nanodollars_total{{model="m"}} 4000000000""",
        "scale: 0.000000001",
        {COST: 4 / 60},
    ),
    "cents": Case(f"""{RUNS}bot_cost_cents_total{{model="m"}} 400""", "scale: 0.01", {COST: 4 / 60}),
    "a unit that is said twice": Case(
        f"""{RUNS}bot_cents_of_cost_in_cents_total{{model="m"}} 400""",
        "scale: 0.01",
        {COST: 4 / 60},
    ),
    "another currency": Case(
        f"""{RUNS}bot_cost_eur_total{{model="m"}} 4""",
        """# not used: bot_cost_eur_total: it is in EUR; let it feed cost with a scale, the USD for one
! cost:""",
    ),
    "a currency beside dollars": Case(
        f"""{RUNS}bot_cost_total{{model="m",currency="EUR"}} 4
bot_cost_total{{model="m",currency="USD"}} 6""",
        """where: {currency: USD}
# bot_cost_total: its series in dollars are read, and no others""",
        {COST: 0.1},
    ),
    "another currency in a label": Case(
        f"""{RUNS}bot_cost_total{{model="m",currency="EUR"}} 4""",
        """! cost:
# not used: bot_cost_total: it is in another currency; let it feed cost with a scale, the USD for one""",
    ),
    "a cost without a currency": Case(
        f"""{RUNS}bot_cost_total{{model="m"}} 4""",
        "# bot_cost_total: nothing says its currency, so it is taken as USD",
    ),
    "thousands of tokens": Case(
        f"""{RUNS}bot_tokens_thousands_total{{model="m",type="input"}} 4
bot_tokens_thousands_total{{model="m",type="output"}} 2""",
        "scale: 1000",
        {TOKENS: 100},
    ),
    "thousands of one type": Case(
        f"""{RUNS}bot_input_tokens_thousands_total{{model="m"}} 4
bot_output_tokens_total{{model="m"}} 2000""",
        """- {of: bot_input_tokens_thousands_total, scale: 1000, set: {token_type: prompt}}
- {of: bot_output_tokens_total, set: {token_type: completion}}""",
    ),
    "microseconds": Case(
        RUNS + histogram("bot_run_duration_microseconds", 100),
        """! run_latency:
# not used: bot_run_duration_microseconds: it is in microseconds, and a histogram is read in s or ms: expose seconds""",
    ),
    "minutes beside seconds": Case(
        "\n".join((RUNS, histogram("bot_run_minutes", 100), histogram("bot_run_duration_seconds", 100))),
        """of: bot_run_duration_seconds
unit: s
# not used: bot_run_minutes: it is in minutes, and a histogram is read in s or ms: expose seconds""",
    ),
    "times without a unit": Case(
        RUNS + histogram("bot_run_latency", 100),
        """unit: s                            # a guess
# bot_run_latency: nothing says its unit, so it is taken as seconds""",
    ),
    "times in microseconds whose events are runs": Case(
        histogram("bot_run_duration_us", 100),
        """value: count
! run_latency:
# only counted: bot_run_duration_us: it is in microseconds, and a histogram is read in s or ms: expose seconds""",
    ),
    "a summary": Case(
        "bot_run_seconds_sum 50\nbot_run_seconds_count 100",
        "# only counted: bot_run_seconds: a summary has no buckets, so it gives no latency",
    ),
    "operations of one metric": Case(
        "\n".join(
            histogram("acme_agent_operation_duration_seconds", count, f'operation="{operation}"{error}')
            for operation, count, error in (
                ("invoke_agent", 8, ""),
                ("invoke_agent", 2, ',error_type="timeout"'),
                ("execute_tool", 30, ""),
                ("chat", 20, ""),
                ("create_agent", 5, ""),
            )
        ),
        """where: {operation: invoke_agent}
where: {operation: execute_tool}
where: {operation: chat}
labels: {status: error_type}
tool_latency:
llm_call:
# acme_agent_operation_duration_seconds: no stream reads the operation create_agent""",
        {SUCCESS: 0.8, RATE: 10 / 60, CALLS: 30 / 60, "stream:agent_llm_call:rate": 20 / 60},
    ),
    "a protocol whose requests do not all call tools": Case(
        RUNS
        + "".join(
            f'proxy_mcp_method_count_total{{mcp_method_name="{method}",status="{status}"}} {count}\n'
            for method, status, count in (
                ("tools/call", "ok", 27),
                ("tools/call", "error", 3),
                ("tools/list", "ok", 300),
                ("initialize", "ok", 100),
            )
        ),
        """where: {mcp_method_name: tools/call}
# proxy_mcp_method_count_total: no stream reads the mcp_method_name initialize, tools/list""",
        {CALLS: 30 / 60},
    ),
    "failures of models that are the failures of runs": Case(
        """ollama_requests_total{model="m"} 100
ollama_errors_total{model="m"} 10""",
        """- {of: ollama_requests_total, minus: ollama_errors_total, set: {status: ok}}
- {of: ollama_errors_total, set: {status: error}}
! llm_error:""",
        {SUCCESS: 0.9},
    ),
    "some of the calls, by their name": Case(
        "\n".join(
            (
                RUNS,
                histogram("kernel_function_streaming_duration_seconds", 5, 'function_name="f"'),
                histogram("kernel_function_invocation_duration_seconds", 95, 'function_name="f"'),
                histogram(
                    "kernel_function_invocation_duration_seconds", 5, 'function_name="f",error_type="E"'
                ),
            )
        ),
        """of: kernel_function_invocation_duration_seconds
! of: kernel_function_streaming_duration_seconds
# not used: kernel_function_streaming_duration_seconds""",
        {CALLS: 100 / 60},
    ),
    "spans of a library for the web": Case(
        """traces_span_metrics_calls_total{span_name="ai.generateText",status_code="STATUS_CODE_UNSET"} 90
traces_span_metrics_calls_total{span_name="ai.generateText",status_code="STATUS_CODE_ERROR"} 10
traces_span_metrics_calls_total{span_name="ai.generateText.doGenerate",status_code="STATUS_CODE_UNSET"} 200
traces_span_metrics_calls_total{span_name="ai.toolCall",status_code="STATUS_CODE_UNSET"} 60
traces_span_metrics_calls_total{span_name="GET /chat",status_code="STATUS_CODE_UNSET"} 500""",
        "# traces_span_metrics_calls_total: no stream reads the span_name GET /chat",
        {SUCCESS: 0.9, RATE: 100 / 60, CALLS: 1},
    ),
    "tokens of a workflow and of its steps": Case(
        f"""{RUNS}bot_tokens_input_total{{level="workflow",model="",node=""}} 600
bot_tokens_input_total{{level="step",model="m",node="llm"}} 600
bot_tokens_input_total{{level="chat",model="m"}} 300
bot_tokens_output_total{{level="workflow"}} 60
bot_tokens_output_total{{level="step",model="m"}} 60""",
        """- {of: bot_tokens_input_total, where: {model: ".+"}, set: {token_type: prompt}}
- {of: bot_tokens_output_total, where: {model: ".+"}, set: {token_type: completion}}
# bot_tokens_input_total: series without model are taken to be sums of those with one, and left out""",
        {f'{TOKENS}{{token_type="prompt"}}': 15, f'{TOKENS}{{token_type="completion"}}': 1},
    ),
    "tokens without a model that may be sums": Case(
        f"""{RUNS}bot_tokens_total{{type="input",level="workflow"}} 500
bot_tokens_total{{type="input",level="step",model="m"}} 600
bot_tokens_total{{type="output",level="step",model="m"}} 60""",
        """! where:
# bot_tokens_total: if series without model are sums of others, leave them out by where: {model: ".+"}, or they count \
twice""",
    ),
    "tokens of a model that nobody names": Case(
        f"""{RUNS}bot_tokens_total{{type="input"}} 500
bot_tokens_total{{type="input",model="m"}} 500
bot_tokens_total{{type="output",model="m"}} 60""",
        """! where:
! sums of others""",
    ),
    "the time to the first token of a turn": Case(
        RUNS + histogram("bot_turn_ttft", 100),
        """time_to_first_token:
! run_steps:""",
    ),
    "a part of the time of a call": Case(
        "\n".join(
            (
                RUNS,
                histogram("llm_last_byte_diff_duration_seconds", 100),
                histogram("llm_request_duration_seconds", 100),
            )
        ),
        """of: llm_request_duration_seconds
! of: llm_last_byte_diff_duration_seconds
# not used: llm_last_byte_diff_duration_seconds""",
    ),
    "a run that is shorter than the call of a model in it": Case(
        "\n".join(
            (
                RUNS,
                histogram("bot_run_duration_milliseconds", 100),
                histogram("llm_request_duration_seconds", 100),
            )
        ),
        "# bot_run_duration_milliseconds: it is shorter on average than llm_request_duration_seconds, so it may not be "
        "the time of the whole",
    ),
    "the version of a served model": Case(
        """inference_request_success_total{model="m",version="1"} 90
inference_request_failure_total{model="m",version="2"} 10""",
        "! release:",
    ),
    "a version beside a model": Case(
        """bot_runs_total{model="m",version="1.4"} 90""",
        "labels: {release: version}",
    ),
    "a workflow around agents": Case(
        """acme_operations_total{gen_ai_operation_name="invoke_workflow"} 10
acme_operations_total{gen_ai_operation_name="invoke_agent"} 40
acme_operations_total{gen_ai_operation_name="chat"} 80
acme_tokens_total{gen_ai_operation_name="invoke_agent",type="input"} 100
acme_tokens_total{gen_ai_operation_name="chat",type="input"} 100
acme_tokens_total{gen_ai_operation_name="chat",type="output"} 20""",
        """where: {gen_ai_operation_name: invoke_workflow}
# acme_operations_total: no stream reads the gen_ai_operation_name invoke_agent""",
        {RATE: 10 / 60, TOKENS: 2},
    ),
    "one kind of operation": Case(
        """acme_runs_total{operation="chat"} 10
acme_runs_total{operation="embeddings"} 10""",
        "! where: {operation",
    ),
    "finished counts failures too": Case(
        """worker_jobs_started_total 100
worker_jobs_finished_total 100
worker_jobs_failed_total 20
worker_tool_calls_started_total{tool="t"} 60
worker_tool_calls_finished_total{tool="t"} 60
worker_tool_calls_failed_total{tool="t"} 6""",
        """- {of: worker_jobs_finished_total, minus: worker_jobs_failed_total, set: {status: ok}}
- {of: worker_jobs_failed_total, set: {status: error}}
- {of: worker_tool_calls_finished_total, minus: worker_tool_calls_failed_total, set: {status: ok}}
! taken to be""",
        {SUCCESS: 0.8, RATE: 100 / 60, TOOLS: 0.1},
    ),
    "more are finished or failed than started": Case(
        """worker_jobs_started_total 110
worker_jobs_finished_total 100
worker_jobs_failed_total 20""",
        """- {of: worker_jobs_finished_total, minus: worker_jobs_failed_total, set: {status: ok}}
! taken to be""",
    ),
    "the times count both": Case(
        "\n".join(
            (
                "worker_jobs_completed_total 80",
                "worker_jobs_failed_total 20",
                histogram("worker_job_duration_seconds", 100),
            )
        ),
        """- {of: worker_jobs_completed_total, set: {status: ok}}
! taken to be""",
        {SUCCESS: 0.8, RATE: 100 / 60},
    ),
    "nothing shows what finished counts": Case(
        """worker_jobs_started_total 300
worker_jobs_finished_total 100
worker_jobs_failed_total 20""",
        """- {of: worker_jobs_finished_total, minus: worker_jobs_failed_total, set: {status: ok}}
# worker_jobs_finished_total: worker_jobs_failed_total is taken to be a part of it; if it counts successes alone, \
leave out minus""",
    ),
    "more failures than ends": Case(
        """worker_jobs_finished_total 10
worker_jobs_failed_total 20""",
        """- {of: worker_jobs_finished_total, set: {status: ok}}
# worker_jobs_finished_total: worker_jobs_failed_total is larger, so failures are taken to be none of them""",
    ),
    "succeeded counts successes": Case(
        """worker_jobs_succeeded_total 80
worker_jobs_finished_total 100
worker_jobs_failed_total 20""",
        """- {of: worker_jobs_succeeded_total, set: {status: ok}}
! taken to be""",
        {SUCCESS: 0.8},
    ),
    "succeeded and failed beside all that began or ended": Case(
        """worker_jobs_total 130
worker_jobs_succeeded_total 80
worker_jobs_failed_total 20""",
        """- {of: worker_jobs_succeeded_total, set: {status: ok}}
- {of: worker_jobs_failed_total, set: {status: error}}
# not used: worker_jobs_total""",
        {SUCCESS: 0.8},
    ),
    "times within a run": Case(
        "\n".join((RUNS, histogram("bot_run_llm_seconds", 100), histogram("bot_run_duration_seconds", 100))),
        """of: bot_run_duration_seconds
! of: bot_run_llm_seconds
# not used: bot_run_llm_seconds""",
    ),
    "times within a run alone": Case(
        RUNS + histogram("bot_run_llm_seconds", 100),
        """! run_latency:
# not used: bot_run_llm_seconds""",
    ),
    "the function that runs it": Case(
        f"""{RUNS}bot_tool_calls_total{{function_name="prod-lambda",tool="search"}} 9""",
        "labels: {tool: tool}",
    ),
    "a kind of call that is called completion": Case(
        f"""{RUNS}bot_tokens_total{{model="m",request_type="completion",direction="input"}} 40
bot_tokens_total{{model="m",request_type="completion",direction="output"}} 20
bot_tokens_total{{model="m",request_type="embedding",direction="input"}} 60""",
        """labels: {model: model, token_type: direction}
values: {prompt: [input], completion: [output]}""",
        {f'{TOKENS}{{token_type="prompt"}}': 100 / 60, f'{TOKENS}{{token_type="completion"}}': 20 / 60},
    ),
    "a kind of call alone": Case(
        f"""{RUNS}bot_tokens_total{{call_type="completion"}} 40""",
        """! token_usage:
# not used: bot_tokens_total""",
    ),
    "types in names after a kind of call": Case(
        f"""{RUNS}chat_completion_input_tokens_total{{model="m"}} 40
chat_completion_output_tokens_total{{model="m"}} 20""",
        """- {of: chat_completion_input_tokens_total, set: {token_type: prompt}}
- {of: chat_completion_output_tokens_total, set: {token_type: completion}}""",
    ),
    "tokens that were never sent": Case(
        f"""{RUNS}bot_prompt_tokens_total 40
bot_cache_saved_tokens_total 20
bot_prompt_cache_miss_tokens_total 30""",
        """values: [prompt]
# not used: bot_cache_saved_tokens_total: what was saved was not spent
# not used: bot_prompt_cache_miss_tokens_total""",
    ),
    "cached tokens inside the prompt": Case(
        f"""{RUNS}bot_prompt_tokens_total{{model="gpt-4o"}} 50000
bot_completion_tokens_total{{model="gpt-4o"}} 5000
bot_cached_tokens_total{{model="gpt-4o"}} 20000
bot_total_tokens_total{{model="gpt-4o"}} 55000""",
        """includes: {prompt: [cached]}
! prices.yaml""",
        {BILLED: 55_000 * 15},
    ),
    "cached tokens beside the prompt": Case(
        f"""{RUNS}bot_tokens_total{{model="gpt-4o",type="input"}} 50000
bot_tokens_total{{model="gpt-4o",type="output"}} 5000
bot_tokens_total{{model="gpt-4o",type="cache_read"}} 20000
bot_tokens_total{{model="gpt-4o",type="total"}} 75000""",
        """includes: {prompt: []}
! prices.yaml""",
        {BILLED: 75_000 * 15},
    ),
    "more cached tokens than the prompt has": Case(
        f"""{RUNS}bot_tokens_total{{model="gpt-4o",type="input"}} 500
bot_tokens_total{{model="gpt-4o",type="cache_read"}} 20000""",
        "includes: {prompt: []}",
    ),
    "cached and reasoning tokens without a total": Case(
        f"""{RUNS}bot_tokens_total{{model="m",type="input"}} 50
bot_tokens_total{{model="m",type="output"}} 50
bot_tokens_total{{model="m",type="reasoning"}} 20
bot_tokens_total{{model="m",type="cached"}} 20""",
        """! includes:
# cached, reasoning tokens are inside others or beside them as prices.yaml says of each provider: write includes: \
{prompt: [cached], completion: [reasoning]} or {prompt: [], completion: []} to say how this source counts""",
    ),
    "a total that both would explain": Case(
        f"""{RUNS}bot_tokens_total{{model="m",type="input"}} 50
bot_tokens_total{{model="m",type="output"}} 50
bot_tokens_total{{model="m",type="reasoning"}} 20
bot_tokens_total{{model="m",type="cached"}} 20
bot_tokens_total{{model="m",type="total"}} 120""",
        """! includes:
ignore: [total]""",
    ),
    "costs without tokens": Case(
        f"""{RUNS}bot_cost_usd_total{{model="m"}} 4""",
        """cost:
! signals:""",
        {COST: 4 / 60, "service:agent_cost_per_run:usd": 0.04},
    ),
    "metrics without a place": Case(
        """crew_tasks_total{status="ok"} 90
crew_kickoffs_total{status="ok"} 20
crew_tool_usage_total{tool="t",mode="fast"} 9
other_things_total 3""",
        """of: crew_tasks_total
# not used: crew_kickoffs_total
# no label of crew_tool_usage_total says whether it failed, so there is no error rate of tools
! other_things_total""",
    ),
    "requests to a server": Case(
        "\n".join(
            (
                'http_requests_total{code="200",route="/chat"} 90',
                'http_requests_total{code="500",route="/chat"} 10',
                histogram("http_request_duration_seconds", 100, 'route="/chat"'),
                'http_client_requests_total{code="200"} 900',
                'tokens_total{model="m",direction="in"} 60',
            )
        ),
        """run: request
of: http_requests_total
of: http_request_duration_seconds
# http_requests_total: all requests are taken as runs; choose the agent's by where: {route: <its path>}""",
        {SUCCESS: 0.9, RATE: 100 / 60},
    ),
    "requests to a server beside runs": Case(
        f"""{RUNS}http_requests_total{{code="200",handler="/chat"}} 1234""",
        """of: bot_runs_total
# not used: http_requests_total""",
    ),
    "euros by the description": Case(
        f"""{RUNS}# HELP bot_cost_total Money spent on models, in EUR.
# TYPE bot_cost_total counter
bot_cost_total{{model="m"}} 4""",
        """# not used: bot_cost_total: it is in EUR; let it feed cost with a scale, the USD for one
! cost:""",
    ),
    "cents by the description": Case(
        f"""{RUNS}# HELP bot_cost_total Cost of a million calls or fewer, in US cents.
# TYPE bot_cost_total counter
bot_cost_total{{model="m"}} 400""",
        """scale: 0.01
# bot_cost_total: its description says the unit, and scale makes it USD""",
        {COST: 4 / 60},
    ),
    "credits in a description": Case(
        f"""{RUNS}# HELP bot_cost_total What the models cost before credits are taken off.
# TYPE bot_cost_total counter
bot_cost_total{{model="m"}} 4""",
        "# bot_cost_total: nothing says its currency, so it is taken as USD",
        {COST: 4 / 60},
    ),
    "dollars by the description": Case(
        f"""{RUNS}# HELP bot_cost_total What the models cost, in $.
# TYPE bot_cost_total counter
bot_cost_total{{model="m"}} 4""",
        """of: bot_cost_total
! currency""",
        {COST: 4 / 60},
    ),
    "times of single tokens": Case(
        f"""gate_llm_requests_total{{model="m"}} 100
{histogram("gate_llm_tpot_latency_ms", 100)}
{histogram("gate_llm_provider_latency_ms", 100)}""",
        """of: gate_llm_provider_latency_ms
# not used: gate_llm_tpot_latency_ms""",
    ),
    "requests to all routes of a gateway": Case(
        f"""gate_llm_requests_total{{model="m"}} 100
{histogram("gate_request_latency_ms", 105, 'route="/chat"')}""",
        """of: gate_request_latency_ms
# gate_request_latency_ms: all requests are taken as runs; choose the agent's by where: {route: <its path>}""",
    ),
    "codes of spans": Case(
        """calls_total{gen_ai_operation_name="invoke_agent",status_code="STATUS_CODE_UNSET"} 90
calls_total{gen_ai_operation_name="invoke_agent",status_code="STATUS_CODE_ERROR"} 10
calls_total{gen_ai_operation_name="execute_tool",gen_ai_tool_name="t",status_code="STATUS_CODE_UNSET"} 95
calls_total{gen_ai_operation_name="execute_tool",gen_ai_tool_name="t",status_code="STATUS_CODE_ERROR"} 5""",
        "values: {ok: [STATUS_CODE_UNSET, STATUS_CODE_OK], error: [STATUS_CODE_ERROR]}",
        {SUCCESS: 0.9, TOOLS: 0.05},
    ),
    "observations of tokens and no calls": Case(
        f"""{histogram("fn_token_usage_prompt", 90, 'fn_model_id="m"')}
{histogram("fn_token_usage_completion", 90, 'fn_model_id="m"')}
connector_tokens_prompt_total 45
connector_tokens_completion_total 45""",
        """run: request
of: fn_token_usage_prompt
value: count
# fn_token_usage_prompt: each observation of input tokens is taken as a request that a model answered
- {of: fn_token_usage_prompt, value: sum, set: {token_type: prompt}}
labels: {model: fn_model_id}""",
        {RATE: 90 / 60, TOKENS: 90 / 60},
    ),
    "input tokens of several types and no calls": Case(
        f"""{histogram("gate_token_usage", 90, 'type="input"')}
{histogram("gate_token_usage", 80, 'type="output"')}""",
        """where: {type: input}
value: count""",
        {RATE: 90 / 60},
    ),
    "half of the tokens": Case(
        f"""{RUNS}bot_generated_tokens_total 50""",
        "# bot_generated_tokens_total: nothing counts prompt tokens, so tokens and their cost are too low",
    ),
    "services of a framework": Case(
        f"""lc_aiservices_counted_total{{result="success"}} 90
lc_aiservices_counted_total{{result="failure"}} 10
{histogram("gen_ai_client_operation_duration_seconds", 300)}""",
        """of: lc_aiservices_counted_total
labels: {status: result}""",
        {SUCCESS: 0.9, RATE: 100 / 60},
    ),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Candidates:
    """Read the shipped profiles, once for all cases."""
    return candidates(tmp_path_factory.mktemp("none"), site_text(None))


def _place(exposed: str, job: str) -> InExposition:
    return place_of(f"{exposed}\n", job)


def _draft(case: Case, known: Candidates, name: str = "acme") -> ProfileDraft:
    return draft_of(_place(case.exposed, name), known)


@pytest.mark.parametrize("name", CASES)
def test_a_draft_says_what_it_read(name: str, known: Candidates) -> None:
    case = CASES[name]
    written = [line.strip() for line in _draft(case, known).text.splitlines()]
    for line in case.lines.splitlines():
        if line.startswith("! "):
            said = [
                one for one in written if one.startswith(line[2:]) or (line[2:] in one and line[-1] != ":")
            ]
            assert said == []
        else:
            assert line in written


@pytest.mark.parametrize("name", CASES)
def test_a_hint_is_printed_and_in_the_profile(name: str, known: Candidates) -> None:
    draft = _draft(CASES[name], known)
    said = [line.strip() for line in CASES[name].lines.splitlines() if line.startswith("# ")]
    assert set(said) <= {f"# {hint}" for hint in draft.hints}


def test_every_draft_compiles(known: Candidates, tmp_path: Path) -> None:
    drafts = {
        f"acme-{place}": _draft(case, known, f"acme-{place}") for place, case in enumerate(CASES.values())
    }
    compiled = candidates(tmp_path, site_text(None), {name: draft.text for name, draft in drafts.items()})
    assert drafts.keys() - compiled.profiles.keys() == set()
    for name in drafts:
        assert _service(compiled, name).profile == name


@pytest.mark.prometheus
def test_the_numbers_are_those_of_the_exposition(
    known: Candidates, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    """One server has the series of all cases: each is a job, with a profile and a service of its own."""
    cases = {f"acme-{place}": case for place, case in enumerate(CASES.values()) if case.numbers}
    drafts = {job: _draft(case, known, job).text for job, case in cases.items()}
    compiled = candidates(tmp_path, site_text(None), drafts)
    services = tuple(as_classic(_service(compiled, job)) for job in cases)
    rules = rule_set(services, compiled.library, compiled.site)
    end = int(time.time())
    history = Remembered(fresh_prometheus.api, end - GROWING, end)
    for service in services:
        write(history.api, _grown(_place(cases[service.name].exposed, service.name), service, end, 15))
    history.evaluate(rules, lambda *_: None)
    assert {job: _numbers(job, case, history) for job, case in cases.items()} == {
        job: {name: round(value, 6) for name, value in case.numbers.items()} for job, case in cases.items()
    }


def test_a_service_of_a_collector_has_no_lines_of_another(known: Candidates) -> None:
    lines = (
        f'bot_runs_total{{service_name="{name}"}} {count}' for name, count in (("chat", 20), ("coder", 30))
    )
    place = _place("\n".join((*lines, "process_cpu_seconds_total 5")), "collector")
    service = known.draft("agent", {"job": "collector", "service_name": "coder"})
    grown = {one.labels["__name__"]: one.values[-1] for one in _grown(place, service, GROWING, GROWING)}
    in_all = GROWING / 60
    assert (grown["bot_runs_total"], grown["process_cpu_seconds_total"]) == (30 * in_all, 5 * in_all)
    assert len(list(_grown(place, service, GROWING, GROWING))) == len(grown)


def _numbers(job: str, case: Case, history: Remembered) -> dict[str, float]:
    found = {}
    for name in case.numbers:
        record, _, rest = name.partition("{")
        selector = ",".join(filter(None, (f'service="{job}"', rest.removesuffix("}"))))
        values = [one.value for one in history.api.query(f"{record}{{{selector}}}", history.end)]
        found[name] = round(sum(values), 6) if values else -1
    return found


def _service(compiled: Candidates, job: str) -> Service:
    bounds = "".join(f"  {name}: {{max_live: 9}}\n" for name in compiled.profiles[job].open_labels)
    head = f"service: {job}\nprofile: {job}\nowner: acme\nselector: {{job: {job}}}\n"
    spent = {"cost", "token_usage"} & {entry.key.value for entry in compiled.profiles[job].streams}
    budget = "budget: {per_day: $100}\n" if spent else ""
    return compiled.service(f"{head}labels:\n{bounds}{budget}" if bounds else f"{head}{budget}")
