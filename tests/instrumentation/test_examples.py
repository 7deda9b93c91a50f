"""The examples of the module and of the guide run as they are written."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.instrumentation.loading import OUTPUT, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

#: An agent that calls a model, then a tool, and is done.
_AGENT = """
from types import SimpleNamespace as Thing

def step(**about):
    final = about["type"] == "tool_call"
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    return Thing(**about, execute=lambda: Thing(is_final=final, usage=usage))

steps = [step(type="llm", model="gpt-4o"), step(type="tool_call", tool_name="search_docs")]
agent, task = Thing(iter=lambda task: steps), "a ticket"
"""
_SHOW = """
from prometheus_client import generate_latest
print(generate_latest().decode())
"""


def _of_module() -> str:
    text = ast.get_docstring(ast.parse((OUTPUT / "support_agent_metrics.py").read_text()))
    assert text is not None
    return dedent(max(re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE), key=len))


def _of_guide() -> str:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / ".github/GUIDE.md").read_text(), re.DOTALL)
    return f"{example.replace('8000', '0')}\nrun_agent(agent, task)\n"


@pytest.mark.parametrize("example", [_of_module, _of_guide])
def test_an_example_counts_what_it_does(example: Callable[[], str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AGENT + example() + _SHOW],
        env={**os.environ, "PYTHONPATH": str(OUTPUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    counted = {
        line for line in done.stdout.splitlines() if line.startswith("agent_") and line.endswith(" 1.0")
    }
    for series in (
        'agent_run_total{release="2026-03-21",status="ok",stop_reason="completed"} 1.0',
        'agent_tool_call_total{release="2026-03-21",status="ok",tool="search_docs"} 1.0',
    ):
        assert series in counted
    assert 'token_type="prompt"} 5.0' in done.stdout
