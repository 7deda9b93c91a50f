"""Directories of specs to compile: any number of services, and changes of one of them."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from tests.bench.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SPECS = ROOT / "specs"
_TOOLS = ("search_docs", "create_ticket", "send_email", "fetch_page", "run_query")
#: The service that changes; every directory has it.
FIRST = "agent-0000"


def directory(folder: Path, services: int) -> Path:
    """Write a directory of ``services`` specs, in place of the old one."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "services").mkdir(parents=True)
    (folder / "site.yaml").write_text(_site(), encoding="utf-8")
    shutil.copy(SPECS / "prices.yaml", folder)
    for number in range(services):
        spec = _service(number)
        (folder / "services" / f"agent-{number:04}.yaml").write_text(spec, encoding="utf-8")
    return folder


def change(folder: Path, percent: float) -> None:
    """Change the first service's objective."""
    path = folder / "services" / f"{FIRST}.yaml"
    changed = re.sub(r"min: [\d.]+%", f"min: {percent:g}%", path.read_text(encoding="utf-8"))
    path.write_text(changed, encoding="utf-8")


def _site() -> str:
    """Return the project's own site, with a budget for all services."""
    text = (SPECS / "site.yaml").read_text(encoding="utf-8")
    return re.sub(r"(\n  total: )\d+", r"\g<1>100000000", text)


def _service(number: int) -> str:
    """Write a typical spec; services differ in their traffic, tools and objectives."""
    tools = ", ".join(_TOOLS[: 1 + number % len(_TOOLS)])
    return f"""\
service: agent-{number:04}
profile: agent
description: Agent {number} of the benchmark.
owner: team-{number % 40:02}
selector: {{job: agent-{number:04}}}
replicas: {2 + number % 5}
traffic: {{min_runs_per_hour: {60 + number % 100}}}
labels:
  release: {{max_live: 3, new_per_week: 2}}
  model: [gpt-4o, gpt-4o-mini]
  tool: [{tools}]
objectives:
  success_rate: {{min: {95 + number % 4}%, window: 30d}}
  latency_p95: {{max: {1 + number % 3}s}}
budget: {{per_day: ${100 + number % 50}}}
"""
