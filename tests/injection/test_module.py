"""The generated module imports, and exposes exactly the values and texts that the spec names."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry

from tests.injection.hostile import TEXTS
from tests.injection.specs import tools
from tests.instrumentation.exposition import families, misfits
from tests.instrumentation.loading import imported

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

    from tests.injection.conftest import CompiledFiles


@pytest.fixture(scope="module")
def module(hostile: CompiledFiles) -> Any:  # noqa: ANN401 - a generated module has no type here
    """The module, as a service imports it."""
    return imported(hostile.output / "instrumentation" / "hostile_agent_metrics.py")


@pytest.fixture(scope="module")
def exposed(module: Any) -> dict[str, Family]:  # noqa: ANN401
    """The exposition after runs with every reason, each with the tool and model of its index."""
    registry = CollectorRegistry()
    metrics = module.HostileAgentMetrics(release=TEXTS[0], registry=registry)
    for text in TEXTS:
        with metrics.run(stop_reason=text) as run, run.tool_call(text), run.llm_step(text):
            pass
    return families(registry)


def test_tables_hold_the_values(module: Any) -> None:  # noqa: ANN401
    for table in (module.STOP_REASONS, module.MODELS):
        assert set(TEXTS) <= set(table)
    assert set(tools(TEXTS)) <= set(module.TOOLS)


def test_each_value_is_exposed_as_it_is(exposed: dict[str, Family]) -> None:
    counted: dict[str, float] = dict.fromkeys(TEXTS, 0)
    for sample in exposed["agent_run"].samples:
        if sample.name == "agent_run_total" and sample.labels["stop_reason"] in counted:
            assert sample.labels["release"] == TEXTS[0]
            counted[sample.labels["stop_reason"]] += sample.value
    assert counted == dict.fromkeys(TEXTS, 1)
    called = {sample.labels["tool"] for sample in exposed["agent_tool_call"].samples if sample.value == 1}
    assert called >= set(tools(TEXTS))


def test_all_is_as_the_spec_declares(exposed: dict[str, Family], hostile: CompiledFiles) -> None:
    assert misfits(exposed, hostile.service) == []


def test_docstrings_hold_the_texts_and_end_where_they_end(module: Any, hostile: CompiledFiles) -> None:  # noqa: ANN401
    methods = module.HostileAgentMetrics
    for index in range(len(TEXTS)):
        doc = inspect.getdoc(getattr(methods, f"count_own_{index}"))
        assert doc is not None
        said = hostile.service.metrics[f"own_{index}_total"].help
        assert " ".join(said.split()) in " ".join(doc.split())
