"""The text of a module: typed, clean, and safe for any spec."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from mypy import api

from generator.instrumentation.modules import instrumentation
from generator.instrumentation.view import python_literal, wrapped
from generator.model.metrics import Label, Metric, MetricType
from generator.model.service import Model
from tests.instrumentation.loading import OUTPUT, ROOT, generated, service, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service

_NAMES = sorted(path.name for path in OUTPUT.glob("*.py"))


@given(st.text())
def test_a_literal_reads_back_as_its_text_in_one_line_of_ascii(text: str) -> None:
    written = python_literal(text)
    assert ast.literal_eval(written) == text
    assert written.isascii()
    assert written.isprintable()
    assert ast.literal_eval(f"({wrapped(text, 8)})") == text


def test_the_quotes_of_a_literal_are_those_that_save_escapes() -> None:
    assert [python_literal(text) for text in ("a", 'a "b"', "it's", "\"'", "\\n")] == [
        '"a"',
        "'a \"b\"'",
        '"it\'s"',
        '"\\"\'"',
        '"\\\\n"',
    ]


def test_modules_pass_mypy_strict_and_a_wrong_value_does_not(tmp_path: Path) -> None:
    use = tmp_path / "use.py"
    use.write_text(_USE)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(_USE.replace('run.stop("completed")', 'run.stop("complete")'))
    for name in _NAMES:
        (tmp_path / name).write_text((OUTPUT / name).read_text())
    options = ["--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'generated'}"]
    said, _, status = api.run([*options, *(str(tmp_path / name) for name in _NAMES), str(use)])
    assert status == 0, said
    said, _, status = api.run([*options, str(wrong)])
    assert status == 1
    assert 'Argument 1 to "stop" of "Run" has incompatible type' in said


_USE = """
from support_agent_metrics import SupportAgentMetrics

metrics = SupportAgentMetrics(release="2026-03-21")


@metrics.run(stop_reason="max_steps")
async def agent(task: str) -> int:
    return len(task)


@metrics.tool_call("search_docs")
def search(text: str) -> list[str]:
    return [text]


async def main(tool: str) -> int:
    found: list[str] = search("a")
    async with metrics.run() as run:
        with run.tool_call(tool) as call:
            call.fail("timeout")
        with metrics.llm_step("gpt-4o") as llm:
            llm.usage(object())
        run.stop("completed")
    return await agent(found[0])
"""


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
@pytest.mark.parametrize("name", _NAMES)
def test_modules_are_clean_and_laid_out(name: str, command: list[str]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    ignored = ["--ignore", "INP001"] if command == ["check"] else []
    done = subprocess.run(
        [*ruff, *ignored, "--stdin-filename", name, "-"],
        input=(OUTPUT / name).read_text(),
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_depend_on_prometheus_client_alone() -> None:
    for name in _NAMES:
        tree = ast.parse((OUTPUT / name).read_text())
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        others = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
        assert others == {"prometheus_client"}


def _with(one: Service, value: str, help_: str, label: str) -> Service:
    """The service with an own metric whose label has a given name, value and help."""
    metric = Metric("own_total", MetricType.COUNTER, help_, "", (label,))
    labels = {**one.labels, label: Label(label, "", (value, "other"), 2)}
    reasons = labels["stop_reason"]
    labels["stop_reason"] = replace(reasons, values=(value, *reasons.values), limits=(value,))
    return replace(one, labels=labels, metrics={**one.metrics, metric.name: metric})


@settings(max_examples=10, deadline=None)
@given(
    st.text(min_size=1),
    st.text(min_size=1),
    st.sampled_from(["class", "self", "counter", "run", "final", "other"]),
)
def test_whatever_a_spec_holds_is_text_and_no_code(
    tmp_path_factory: pytest.TempPathFactory, value: str, help_: str, label: str
) -> None:
    changed = _with(service("support-agent"), value.replace("other", "o") + '<%\'"""', help_, label)
    model = Model(shipped().site, shipped().library, (changed,))
    module = generated(model, tmp_path_factory.mktemp("module"))
    assert changed.labels["stop_reason"].values == module.STOP_REASONS
    artifact = instrumentation(changed, model.site)
    assert artifact.text.count("\nclass ") == (OUTPUT / "support_agent_metrics.py").read_text().count(
        "\nclass "
    )


@pytest.mark.parametrize("value", ['"""', "'''", 'a"', "a\\"])
def test_a_limit_is_shown_in_the_module_s_own_text(tmp_path: Path, value: str) -> None:
    changed = _with(service("support-agent"), value, "Own.", "own")
    module = generated(Model(shipped().site, shipped().library, (changed,)), tmp_path)
    assert f"metrics.run(stop_reason={python_literal(value)})" in str(module.__doc__)


def test_a_site_without_created_series_exposes_none(tmp_path: Path) -> None:
    path = tmp_path / "use.py"
    artifact = instrumentation(service("research-agent"), replace(shipped().site, created_series=False))
    path.write_text(f"{artifact.text}\n{_PRINT}")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert "agent_run_total{" in done.stdout
    assert "_created" not in done.stdout


_PRINT = """
from prometheus_client import generate_latest
ResearchAgentMetrics(release="r1")
print(generate_latest().decode())
"""
