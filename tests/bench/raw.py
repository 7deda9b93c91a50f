"""The signals as people query them without recording rules: flat ``rate()[5m]`` of the raw metrics.

``$by`` are the labels that are kept, ``$job`` the service's series.
"""

from __future__ import annotations

import re
from string import Template
from typing import TYPE_CHECKING

from generator.promql.syntax import references

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS = 'sum by ($by) (rate(agent_run_total{job="$job"}[5m]))'
_ALL_RUNS = 'scalar(sum(rate(agent_run_total{job="$job"}[5m])))'
_TOKENS = 'sum by ($by) (rate(agent_token_usage_total{job="$job"}[5m]))'
_CALLS = 'sum by ($by) (rate(agent_tool_call_total{job="$job"}[5m]))'
_FAILED = 'sum by ($by) (rate(agent_run_total{job="$job",status="error"}[%s]))'
_SPENT = 'sum by ($by) (increase(agent_token_usage_total{job="$job"}[%s])) * 0.000005'


def _quantile(q: float, metric: str) -> str:
    return f'histogram_quantile({q}, sum by (le, $by) (rate({metric}_bucket{{job="$job"}}[5m])))'


_SIGNALS = {
    "run": 'sum by ($by) (increase(agent_run_total{job="$job"}[5m]))',
    "success_rate": 'sum by ($by) (rate(agent_run_total{job="$job",status="ok"}[5m])) / ' + _RUNS,
    "latency_p50": _quantile(0.5, "agent_run_latency_ms"),
    "latency_p95": _quantile(0.95, "agent_run_latency_ms"),
    "latency_p99": _quantile(0.99, "agent_run_latency_ms"),
    "step_count": _quantile(0.95, "agent_steps_per_run"),
    "step_count_p50": _quantile(0.5, "agent_steps_per_run"),
    "tool_calls_per_run": f"{_CALLS} / {_ALL_RUNS}",
    "tool_error_rate": 'sum by ($by) (rate(agent_tool_call_total{job="$job",status="error"}[5m])) / '
    + _CALLS,
    "tool_error": 'sum by ($by) (increase(agent_tool_error_total{job="$job"}[5m]))',
    "tool_latency_p50": _quantile(0.5, "agent_tool_latency_ms"),
    "tool_latency_p95": _quantile(0.95, "agent_tool_latency_ms"),
    "llm_errors_per_run": 'sum by ($by) (rate(agent_llm_error_total{job="$job"}[5m])) / ' + _ALL_RUNS,
    "llm_error": 'sum by ($by) (increase(agent_llm_error_total{job="$job"}[5m]))',
    "tool_call": 'sum by ($by) (increase(agent_tool_call_total{job="$job"}[5m]))',
    "token_usage": 'sum by ($by) (increase(agent_token_usage_total{job="$job"}[5m]))',
    "token_usage_per_run": f"{_TOKENS} / {_ALL_RUNS}",
    "cost_per_run": f"{_TOKENS} * 0.000005 / {_ALL_RUNS}",
    "cost_rate": f"{_TOKENS} * 0.018",
    "spend": _SPENT % "24h",
    "stop_reason_distribution": f"{_RUNS} / {_ALL_RUNS}",
}

#: The contents of the status board: each of these for the whole service.
_BOARD = (
    "run",
    "success_rate",
    "latency_p95",
    "step_count",
    "tool_calls_per_run",
    "tool_error_rate",
    "llm_errors_per_run",
    "token_usage_per_run",
    "cost_per_run",
    "stop_reason_distribution",
)

_LABELS = ("error_class", "token_type", "stop_reason", "release", "model", "status", "tool")
_RECORD = re.compile(r"(?P<level>\w+):agent_(?P<signal>\w+):(?P<operation>\w+)")
_VALUES = {"ratio", "seconds", "count", "usd"}
#: Streams whose number of events is a signal.
_COUNTED = {"run", "tool_error", "llm_error"}
#: Recorded so that panels can draw it; it has no raw equivalent.
_CONSTANT = {"objective"}


def equivalents(expr: str, job: str) -> frozenset[str]:
    """The raw equivalents of an expression over recorded series: an expression for each signal and level.

    Series without a flat equivalent (prices, objectives, the newest release) are skipped, so that the cost of raw
    metrics is a lower bound.
    """
    found = (each for one in references(expr) for each in _raw_queries(one.name, job))
    return frozenset(found)


def flat(record: str, job: str) -> str | None:
    """The flat expression of a recorded signal's value; None for a record that only our own rules need."""
    match = _RECORD.fullmatch(record)
    if not match or not (match["operation"] in _VALUES or _is_count(match)):
        return None
    return _of(match["signal"], match["level"], job)


def error_ratio(window: str, job: str) -> str:
    """The share of failed runs in a window."""
    return Template(f"{_FAILED % window} / {_RUNS.replace('5m', window)}").substitute(by="", job=job)


def happened(window: str, job: str, **where: str) -> str:
    """The number of runs in a window, of those with certain labels."""
    matchers = ",".join(f'{label}="{value}"' for label, value in {"job": job, **where}.items())
    return f"sum(increase(agent_run_total{{{matchers}}}[{window}]))"


def _raw_queries(record: str, job: str) -> Iterator[str]:
    match = _RECORD.fullmatch(record)
    if not match or match["operation"] in _CONSTANT:
        return
    if match["signal"] == "signal":
        yield from (Template(_SIGNALS[name]).substitute(by="", job=job) for name in _BOARD)
    elif window := re.fullmatch(r"error_ratio(\w+)", match["operation"]):
        yield error_ratio(window[1], job)
    elif found := _of(match["signal"], match["level"], job):
        yield found


def _is_count(match: re.Match[str]) -> bool:
    """Whether a record counts events, of the whole service or by one label: more labels are an intermediate step."""
    is_whole = match["level"] in {"service", *_LABELS}
    return is_whole and match["signal"] in _COUNTED and match["operation"].startswith("increase")


def _of(signal: str, level: str, job: str) -> str | None:
    if signal not in _SIGNALS:
        return None
    by = ", ".join(label for label in _LABELS if label in level)
    return Template(_SIGNALS[signal]).substitute(by=by, job=job)
