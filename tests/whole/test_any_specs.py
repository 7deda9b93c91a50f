"""Any specs within the schemas compile, or are refused with a reason; never anything else."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.checks.world import exposed
from generator.promql.infer import names_read
from tests.grafana.documents import events, targets
from tests.whole.compiled import CompilerOutput, compile_specs, rules, unhurried, written_twice
from tests.whole.specs import directories

if TYPE_CHECKING:
    from tests.whole.specs import Directory


pytestmark = pytest.mark.long


@settings(unhurried, max_examples=30)
@given(directories())
def test_specs_compile_or_their_author_is_told_why(files: Directory) -> None:
    compilation = compile_specs(files)
    # A rule that names something missing is the compiler's fault, for any specs.
    assert not [code for code in compilation.codes if code.startswith("internal/")], compilation.told
    assert bool(compilation.files) is not bool(compilation.codes), compilation.told
    for rule in rules(compilation.files):
        promql_parser.parse(rule["expr"])
    assert _raw_on_dashboards(compilation) == set()
    assert written_twice(compilation) == set()


def test_a_raw_metric_on_a_dashboard_is_noticed() -> None:
    compilation = compile_specs(_plain())
    path = "grafana/dashboards/agent-runs.json"
    text = compilation.files[path]
    wrong = text.replace("service:agent_run:increase15m", "agent_run_total")
    assert _raw_on_dashboards(compilation) == set()
    assert _raw_on_dashboards(replace(compilation, files={path: wrong})) == {"agent_run_total"}


@settings(unhurried, max_examples=10)
@given(directories(), st.integers())
def test_in_which_order_keys_and_files_are_written_changes_no_rule(files: Directory, seed: int) -> None:
    first, second = compile_specs(files), compile_specs(files, Random(seed))  # noqa: S311 - an order, no secret
    assert sorted(first.codes) == sorted(second.codes)
    assert first.files.keys() == second.files.keys()
    assert _counted(first) == _counted(second)


def test_most_of_what_the_strategy_writes_compiles() -> None:
    """The two tests above would prove nothing if all specs were refused."""
    compiled = []

    @settings(unhurried, max_examples=12, derandomize=True, database=None)
    @given(directories())
    def collect(files: Directory) -> None:
        compiled.append(bool(compile_specs(files).files))

    collect()
    assert sum(compiled) > len(compiled) / 2


def _plain() -> Directory:
    """A service that takes everything from the profile that ships."""
    labels = {"model": ["gpt-4o"], "tool": ["search"]}
    spec = {"service": "demo", "profile": "agent", "owner": "team-demo", "selector": {"job": "demo"}}
    return {"services/demo.yaml": {**spec, "labels": labels}}


def _raw_on_dashboards(compilation: CompilerOutput) -> set[str]:
    """Name the raw metrics that panels and annotations read: their cost grows with every instance."""
    boards = [
        json.loads(text) for path, text in compilation.files.items() if path.startswith("grafana/dashb")
    ]
    exprs = [target.expr for board in boards for target in targets(board)]
    exprs += [event["expr"] for board in boards for _, event in events(board)]
    raw = {name for service in compilation.services for name in exposed(service)}
    return raw & {name for expr in exprs for name in names_read(expr)}


def _counted(compilation: CompilerOutput) -> Counter[str]:
    return Counter(str(_sorted(rule)) for rule in rules(compilation.files))


def _sorted(rule: object) -> object:
    if isinstance(rule, dict):
        return sorted((key, _sorted(value)) for key, value in rule.items())
    return rule
