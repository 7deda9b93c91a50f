"""Services with segments: a call that leaves the label out counts as other, and raises nothing."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from mypy import api
from prometheus_client import CollectorRegistry

from tests.instrumentation.loading import ROOT, assert_laid_out, compiled, with_adapters
from tests.instrumentation.test_adapters import message
from tests.models import written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import ModuleType

_FRAMEWORKS = ("langchain", "openai_agents", "litellm", "pydantic_ai", "claude_agent_sdk")
_SERVICE = """
service: tiered-agent
profile: agent
owner: team
selector: {job: tiered-agent}
labels: {model: [gpt-4o], tool: [search_docs]}
segments:
  tenant: {values: [free, pro], of: [run, run_latency, tool_call, token_usage]}
metrics:
  handover_total: {type: counter, help: Handovers., labels: [release, tool]}
  depth: {type: histogram, help: Depth., labels: [release], buckets: [1, 10]}
adapters: [langchain, openai_agents, litellm, pydantic_ai, claude_agent_sdk]
"""
#: The call that each adapter's own text shows.
_SHOWN = {
    "langchain": 'MetricsHandler(metrics, tenant="free")',
    "openai_agents": 'run(metrics, agent, "a question", labels={"tenant": "free"})',
    "litellm": 'MetricsLogger(metrics, tenant="free")',
    "pydantic_ai": 'metrics.run(tenant="free")',
    "claude_agent_sdk": 'measured(metrics, query(prompt="a question"), tenant="free")',
}
_SAID = "label tenant: a call without it is outside the spec, and counted as other"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module of a service with a segment, and all adapters."""
    model = compiled(written(tmp_path_factory.mktemp("specs"), {"services/tiered-agent.yaml": _SERVICE}))
    return with_adapters(model.services[0], model.site, tmp_path_factory.mktemp("written"))


class Tiered:
    """The imported module, with metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        module = importlib.import_module("tiered_agent_metrics")
        self.metrics: Any = module.TieredAgentMetrics(release="r1", registry=self.registry)

    @staticmethod
    def adapter(framework: str) -> ModuleType:
        """Import the adapter of a framework."""
        return importlib.import_module(f"tiered_agent_{framework}")

    def counts(self, name: str) -> dict[str, float]:
        """The events of a counter by tenant, without zeros."""
        found: dict[str, float] = {}
        for sample in (one for family in self.registry.collect() for one in family.samples):
            if sample.name == name and sample.value:
                tenant = sample.labels["tenant"]
                found[tenant] = found.get(tenant, 0) + sample.value
        return found

    def left_out(self) -> float | None:
        """The labels that calls left out."""
        return self.registry.get_sample_value("agent_label_value_outside_total", {"label": "tenant"})


@pytest.fixture
def tiered(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Tiered:
    """The module, as a service imports it."""
    monkeypatch.syspath_prepend(str(directory))
    return Tiered()


def test_a_run_without_its_segment_counts_as_other_and_the_log_says_it_once(
    tiered: Tiered, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        with tiered.metrics.run(), tiered.metrics.tool_call("search_docs"):
            pass
    assert tiered.counts("agent_run_total") == {"other": 3}
    assert tiered.counts("agent_tool_call_total") == {"other": 3}
    assert tiered.left_out() == 3  # once a run
    assert [record.getMessage() for record in caplog.records] == [_SAID]


def test_what_is_within_a_run_has_its_segment(tiered: Tiered) -> None:
    with tiered.metrics.run(tenant="pro"), tiered.metrics.run() as inner:
        with inner.sub_run(), tiered.metrics.tool_call("search_docs"):
            pass
        with tiered.metrics.tool_call("search_docs", tenant="free"):
            pass
    assert tiered.counts("agent_run_total") == {"pro": 1}
    assert tiered.counts("agent_tool_call_total") == {"pro": 1, "free": 1}
    assert tiered.left_out() == 0


@pytest.mark.parametrize("framework", _FRAMEWORKS)
def test_an_adapter_shows_its_segment_and_is_laid_out(framework: str, directory: Path) -> None:
    path = directory / f"tiered_agent_{framework}.py"
    assert _SHOWN[framework] in path.read_text()
    assert_laid_out(path)


def test_the_module_shows_its_segment_and_is_laid_out(directory: Path) -> None:
    path = directory / "tiered_agent_metrics.py"
    assert 'metrics.run(tenant="free", stop_reason="max_steps")' in path.read_text()
    assert_laid_out(path)


def test_a_module_with_a_segment_passes_mypy_strict(directory: Path, tmp_path: Path) -> None:
    use = tmp_path / "use.py"
    use.write_text(_USE)
    (tmp_path / "tiered_agent_metrics.py").write_text((directory / "tiered_agent_metrics.py").read_text())
    options = ["--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'generated'}"]
    said, _, status = api.run([*options, str(tmp_path / "tiered_agent_metrics.py"), str(use)])
    assert status == 0, said


_USE = """
from tiered_agent_metrics import TieredAgentMetrics

metrics = TieredAgentMetrics(release="2026-03-21")
with metrics.run() as run, run.tool_call("search_docs"):
    pass
with metrics.run(tenant="pro"), metrics.llm_step("gpt-4o", tenant="free"):
    pass
"""


#: Each adapter is called as its text shows it, and as it was before there was a segment.
_BOTH = pytest.mark.parametrize(("labels", "counted"), [({}, "other"), ({"tenant": "pro"}, "pro")], ids=str)


@_BOTH
def test_the_adapter_of_langchain(tiered: Tiered, labels: dict[str, str], counted: str) -> None:
    handler = tiered.adapter("langchain").MetricsHandler(tiered.metrics, **labels)
    chain, call, model = uuid4(), uuid4(), uuid4()
    handler.on_chain_start({}, {}, run_id=chain)
    handler.on_tool_start({"name": "search_docs"}, "", run_id=call, parent_run_id=chain)
    handler.on_tool_end("", run_id=call)
    handler.on_chain_end({}, run_id=chain)
    handler.on_llm_start({}, [], run_id=model, invocation_params={"model": "gpt-4o"})
    handler.on_llm_end({"usage": {"prompt_tokens": 3, "completion_tokens": 0}}, run_id=model)
    assert tiered.counts("agent_run_total") == {counted: 1}
    assert tiered.counts("agent_tool_call_total") == {counted: 1}
    assert tiered.counts("agent_token_usage_total") == {counted: 3}


@_BOTH
def test_the_adapter_of_openai_agents(
    tiered: Tiered, labels: dict[str, str], counted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tiered.adapter("openai_agents")
    given = {"labels": labels} if labels else {}

    class Runner:
        @staticmethod
        async def run(agent: object, task: str, *, hooks: object) -> str:
            assert (agent, hooks) != (None, None)
            return f"an answer to {task}"

    monkeypatch.setattr(adapter, "Runner", Runner)
    assert asyncio.run(adapter.run(tiered.metrics, "agent", "q", **given)) == "an answer to q"
    assert tiered.counts("agent_run_total") == {counted: 1}


@_BOTH
def test_the_adapter_of_claude_agent_sdk(tiered: Tiered, labels: dict[str, str], counted: str) -> None:
    async def query() -> AsyncIterator[Any]:
        yield message("ResultMessage", subtype="success", usage={}, model_usage={})

    async def main() -> int:
        measured = tiered.adapter("claude_agent_sdk").measured
        return len([one async for one in measured(tiered.metrics, query(), **labels)])

    assert asyncio.run(main()) == 1
    assert tiered.counts("agent_run_total") == {counted: 1}


@_BOTH
def test_the_adapter_of_litellm(tiered: Tiered, labels: dict[str, str], counted: str) -> None:
    logger = tiered.adapter("litellm").MetricsLogger(tiered.metrics, **labels)
    answer = {"usage": {"prompt_tokens": 3, "completion_tokens": 0}}
    logger.log_success_event({"litellm_call_id": "a", "model": "gpt-4o"}, answer, None, None)
    assert tiered.counts("agent_token_usage_total") == {counted: 3}


def test_a_misspelt_label_is_left_out_and_the_log_names_the_near_one_once(
    tiered: Tiered, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with tiered.metrics.run(tennant="pro"), tiered.metrics.tool_call("search_docs", colour="red"):
            pass
    assert tiered.counts("agent_run_total") == {"other": 2}
    assert tiered.counts("agent_tool_call_total") == {"other": 2}
    assert {record.getMessage() for record in caplog.records} == {
        "run() takes no tennant, which is left out: did you mean tenant?",
        "tool_call() takes no colour, which is left out: it takes tenant, tool",
        _SAID,
    }
    assert len(caplog.records) == 3


def test_a_label_that_a_metric_of_its_own_has_lost_breaks_no_call(
    tiered: Tiered, caplog: pytest.LogCaptureFixture
) -> None:
    tiered.metrics.count_handover(tool="search_docs", tenant="pro")
    tiered.metrics.observe_depth(2, tenant="pro")
    tiered.metrics.observe_depth()
    labels = {"release": "r1"}
    assert tiered.registry.get_sample_value("handover_total", {**labels, "tool": "search_docs"}) == 1
    assert tiered.registry.get_sample_value("depth_count", labels) == 1
    assert {record.getMessage() for record in caplog.records} == {
        "count_handover() takes no tenant, which is left out: it takes amount, tool",
        "observe_depth() takes no tenant, which is left out: it takes amount",
        "observe_depth() is called without amount",
        "metrics were lost; this is said only once",
    }


def test_a_misspelt_label_of_an_adapter_loses_no_run(
    tiered: Tiered, caplog: pytest.LogCaptureFixture
) -> None:
    handler = tiered.adapter("langchain").MetricsHandler(tiered.metrics, tenants="pro")
    chain = uuid4()
    handler.on_chain_start({}, {}, run_id=chain)
    handler.on_chain_end({}, run_id=chain)
    assert tiered.counts("agent_run_total") == {"other": 1}
    assert "run() takes no tenants, which is left out: did you mean tenant?" in caplog.text
