"""Several processes with one common registry, set up as in the module's own text."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.instrumentation.loading import OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

_WORKER = """
from support_agent_metrics import SupportAgentMetrics
metrics = SupportAgentMetrics(release="r1")
for _ in range(3):
    with metrics.run() as run, run.tool_call("search_docs"):
        pass
"""
_READER = """
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def test_workers_add_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(OUTPUT)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", _WORKER], env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-c", _READER], env=environment, check=True, capture_output=True, text=True
    )
    samples = [one for family in text_string_to_metric_families(done.stdout) for one in family.samples]
    found = {one.name: one.value for one in samples if one.value and one.labels.get("le") in {None, "+Inf"}}
    assert (
        found["agent_run_total"] == found["agent_tool_call_total"] == found["agent_steps_per_run_count"] == 6
    )
