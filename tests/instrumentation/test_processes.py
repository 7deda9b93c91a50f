"""Objects that are copied, pickled and forked, labels that first appear while the agent runs, and a common registry."""

from __future__ import annotations

import copy
import gc
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from generator.model.metrics import Label
from tests.instrumentation.loading import OUTPUT, fresh, generated, service, shipped, value

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from prometheus_client.samples import Sample


class ProcessAgent:
    """An agent that owns its metrics."""

    def __init__(self, metrics: object) -> None:
        self.metrics = metrics
        self.step = metrics.llm_step("gpt-4o")  # type: ignore[attr-defined]


def test_a_deep_copy_of_an_agent_shares_its_metrics() -> None:
    metrics, registry = fresh()
    for agent in (copy.copy(ProcessAgent(metrics)), copy.deepcopy(ProcessAgent(metrics))):
        with agent.metrics.run(), agent.step as llm:  # type: ignore[attr-defined]
            llm.usage({"prompt_tokens": 1})
    assert value(registry, "agent_run_total", status="ok", stop_reason="completed") == 2
    assert value(registry, "agent_token_usage_total", model="gpt-4o", token_type="prompt") == 2  # noqa: S106


_PICKLED = """
import pickle, sys
from support_agent_metrics import SupportAgentMetrics
metrics = SupportAgentMetrics(release="r1")
with metrics.run() as run, run.tool_call("search_docs") as call:
    kept = pickle.dumps([metrics, run, call, metrics.llm_step("gpt-4o")])
sys.stdout.buffer.write(kept)
"""
_UNPICKLED = """
import pickle, sys
from prometheus_client import generate_latest
metrics, run, call, step = pickle.loads(sys.stdin.buffer.read())
with metrics.run(), run, call, step as llm:
    llm.usage({"prompt_tokens": 5})
print(generate_latest().decode())
"""


def _python(code: str, given: bytes = b"", **more: str) -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(OUTPUT), **more}
    return subprocess.run(
        [sys.executable, "-c", code], input=given, env=environment, check=True, capture_output=True
    ).stdout


def test_what_is_pickled_counts_in_the_process_that_unpickles_it() -> None:
    said = _python(_UNPICKLED, _python(_PICKLED)).decode()
    assert 'agent_run_total{release="r1",status="ok",stop_reason="completed"} 1.0' in said
    assert 'agent_tool_call_total{release="r1",status="ok",tool="search_docs"} 1.0' in said
    assert 'token_type="prompt"} 5.0' in said


_FORKED = """
import os
from support_agent_metrics import SupportAgentMetrics
metrics = SupportAgentMetrics(release="r1")
with metrics.run():
    pass
for _ in range(2):
    child = os.fork()
    if child == 0:
        with metrics.run() as run, run.llm_step("gpt-4o") as llm:
            llm.usage({"prompt_tokens": 5})
        os._exit(0)
    os.waitpid(child, 0)
"""
_READ = """
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def _of_all(directory: Path) -> list[Sample]:
    """Read the samples of all processes that are not 0."""
    text = _python(_READ, PROMETHEUS_MULTIPROC_DIR=str(directory)).decode()
    return [one for family in text_string_to_metric_families(text) for one in family.samples if one.value]


def test_forked_workers_add_up(tmp_path: Path) -> None:
    _python(_FORKED, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    found = {one.name: one.value for one in _of_all(tmp_path)}
    assert found["agent_run_total"] == 3
    assert found["agent_token_usage_total"] == 10


@pytest.fixture
def open_tools(tmp_path: Path) -> ModuleType:
    """A module whose tools are bounded by a number, and whose runs have an own label."""
    one = service("support-agent")
    labels = {
        **one.labels,
        "tool": Label("tool", "", (), 4),
        "tenant": Label("tenant", "", ("a", "b", "other"), 3),
    }
    tenants = {
        name: replace(metric, labels=(*metric.labels, "tenant"))
        for name, metric in one.metrics.items()
        if name in {"agent_run_total", "agent_token_usage_total", "agent_tool_call_total"}
    }
    signals = {
        name: replace(signal, of=tenants.get(signal.of.name, signal.of))
        for name, signal in one.signals.items()
    }
    changed = replace(
        one,
        labels=labels,
        metrics={**one.metrics, **tenants},
        signals=signals,
        runs=tenants.get(one.runs.name, one.runs),
    )
    return generated(replace(shipped(), services=(changed,)), tmp_path)


def test_the_zeros_of_a_new_value_are_there_when_its_first_block_begins(open_tools: ModuleType) -> None:
    registry = CollectorRegistry()
    metrics = open_tools.SupportAgentMetrics(release="r1", registry=registry)
    labels = {"tool": "mcp__search", "status": "error", "tenant": "a"}
    assert value(registry, "agent_tool_call_total", **labels) == -1
    with metrics.tool_call("mcp__search", tenant="a"):
        assert value(registry, "agent_tool_call_total", **labels) == 0
        assert value(registry, "agent_tool_error_total", tool="mcp__search", error_class="timeout") == 0
    metrics.expect("tool", ["mcp__write", "a tool too many", "another"])
    assert value(registry, "agent_tool_call_total", **{**labels, "tool": "mcp__write"}) == 0
    metrics.expect("no such label", ["a"])
    metrics.expect("tool", 5)


def test_metrics_that_are_gone_leave_nothing_behind(open_tools: ModuleType) -> None:
    registry = CollectorRegistry()
    kept = open_tools.SupportAgentMetrics(release="r1", registry=registry)
    bound = kept._measures.bounds["tool"]  # noqa: SLF001 - what could grow
    first = len(bound._shown)  # noqa: SLF001
    gc.freeze()  # what earlier tests left is not looked through twenty times
    for _ in range(20):
        open_tools.SupportAgentMetrics(release="r1", registry=registry)
        gc.collect()
    gc.unfreeze()
    assert 0 < len(bound._shown) <= 2 * first  # noqa: SLF001


def test_a_label_that_is_given_to_a_run_need_not_be_given_to_its_steps(open_tools: ModuleType) -> None:
    registry = CollectorRegistry()
    metrics = open_tools.SupportAgentMetrics(release="r1", registry=registry)
    with metrics.run(tenant="a") as run:
        with run.llm_step("gpt-4o") as llm:
            llm.usage({"prompt_tokens": 5})
        with metrics.llm_step("gpt-4o", tenant="b") as llm, metrics.tool_call("search"):
            llm.usage({"prompt_tokens": 7})
        with run.sub_run(), metrics.tool_call("search"):
            pass
    tokens = {
        tenant: value(registry, "agent_token_usage_total", model="gpt-4o", token_type="prompt", tenant=tenant)  # noqa: S106
        for tenant in ("a", "b", "other")
    }
    assert tokens == {"a": 5, "b": 7, "other": 0}
    assert value(registry, "agent_tool_call_total", tool="search", status="ok", tenant="a") == 2
    assert 'metrics.run(tenant="a", stop_reason=' in str(open_tools.__doc__)


class HostileError(Exception):
    """An exception whose properties raise when they are read."""

    @property
    def code(self) -> str:  # noqa: D102 - as SDKs have
        raise SystemExit

    @property
    def response(self) -> object:  # noqa: D102 - as SDKs have
        raise GeneratorExit

    @property
    def status_code(self) -> int:  # noqa: D102 - as SDKs have
        raise RuntimeError


def test_an_exception_with_hostile_properties_passes_and_is_counted() -> None:
    metrics, registry = fresh()
    with pytest.raises(HostileError), metrics.run() as run, run.tool_call("search_docs"):
        raise HostileError
    assert value(registry, "agent_tool_error_total", tool="search_docs", error_class="tool_error") == 1
    assert value(registry, "agent_run_total", status="error", stop_reason="tool_error") == 1


_WORKER = """
from support_agent_metrics import SupportAgentMetrics
metrics = SupportAgentMetrics(release="r1")
for _ in range(3):
    with metrics.run() as run, run.tool_call("search_docs"):
        pass
"""


def test_workers_add_up(tmp_path: Path) -> None:
    for _ in range(2):
        _python(_WORKER, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    found = {one.name: one.value for one in _of_all(tmp_path) if one.labels.get("le") in {None, "+Inf"}}
    assert (
        found["agent_run_total"] == found["agent_tool_call_total"] == found["agent_steps_per_run_count"] == 6
    )
