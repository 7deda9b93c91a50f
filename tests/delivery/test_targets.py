"""Each target of the site has a module, and parts that it would refuse are found before applying."""

from __future__ import annotations

import json
import subprocess
import sys
import typing

import pytest

from generator.artifact import Artifact, Kept
from generator.delivery.deliver import check_groups, check_sizes
from generator.delivery.registry import TARGETS
from generator.diagnostics import Severity, Span
from generator.model import delivery
from generator.model.delivery import Deliver, Helm, Kubernetes, VictoriaMetrics
from generator.spec.schema import schema_text
from generator.spec.types import DeliverSpec
from tests.delivery.delivered import ALL, below, compiled, delivered

NAMES = Deliver.__struct_fields__


def test_every_target_has_a_module_a_key_and_a_place() -> None:
    assert set(TARGETS) == set(typing.get_args(delivery.Target))
    assert tuple(json.loads(schema_text("site"))["properties"]["deliver"]["properties"]) == NAMES
    assert DeliverSpec.__struct_fields__ == ("span", *NAMES)
    assert all(f"  {name}: " in ALL for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_alone_writes_below_its_name_and_changes_nothing_else(name: str) -> None:
    plain, found = delivered(""), delivered(f"deliver: {{{name}: {{}}}}\n")
    assert below(found, f"{name}/")
    assert {path: text for path, text in found.items() if not path.startswith(f"{name}/")} == plain


def test_who_asks_for_no_target_imports_none() -> None:
    program = (
        "import sys; from pathlib import Path; from generator.compiler import generate;"
        "from generator.spec.sources import read_sources;"
        "assert generate(read_sources(Path('specs'))).files;"
        "print([name for name in sys.modules if name.startswith('generator.delivery.')])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['generator.delivery.deliver']"


SPAN = Span("specs/services/support-agent.yaml", 1, 10, 1, 23)
PLACES = {"support-agent": SPAN}


@pytest.mark.parametrize(
    ("target", "path", "most", "severity"),
    [
        (Kubernetes, "kubernetes/rules/support-agent.yaml", 262_144, Severity.WARNING),
        (Kubernetes, "kubernetes/rules/support-agent.yaml", 524_288, Severity.ERROR),
        (Kubernetes, "kubernetes/dashboards/agent-overview.yaml", 1_048_576, Severity.ERROR),
        (VictoriaMetrics, "victoriametrics/support-agent.yaml", 524_288, Severity.ERROR),
    ],
)
@pytest.mark.parametrize("is_kept", [False, True])
def test_a_file_that_is_too_large_is_named(
    target: type,
    path: str,
    most: int,
    severity: Severity,
    is_kept: bool,  # noqa: FBT001
) -> None:
    def found(size: int) -> list[Severity]:
        file = Kept(path, "0", size) if is_kept else Artifact(path, "é" * (size // 2) + "x" * (size % 2))
        every = list(check_sizes([file], TARGETS[target].LIMITS, PLACES))
        assert all(path in one.message and f"{size:,} bytes" in one.message for one in every)
        assert all((one.span == SPAN) == ("support-agent" in path) for one in every)
        return [one.severity for one in every]

    assert found(most).count(severity) == 0
    assert found(most + 1).count(severity) == 1


def test_a_chart_counts_as_a_whole() -> None:
    files = [Kept(f"helm/files/rules/agent-{index}.yaml", "0", 1_000_000) for index in range(5)]
    assert not list(check_sizes(files[:3], TARGETS[Helm].LIMITS, {}))
    (found,) = check_sizes(files, TARGETS[Helm].LIMITS, {})
    assert "5,000,000" in found.message


def test_groups_beyond_the_limit_of_a_tenant_are_reported_by_service() -> None:
    assert not list(check_groups(30, {"small": 1, "large": 39}, 70, {}))
    place = Span.of_file("large.yaml")
    (found,) = check_groups(30, {"small": 1, "large": 40}, 70, {"large": place})
    assert found.span == place
    assert "71 rule groups" in found.message
    assert "large has most of the others (40 of 41)" in found.message


def test_too_many_groups_leave_no_output() -> None:
    found = compiled("deliver: {mimir: {max_groups: 45}}\n", services=8)
    assert [one.code for one in found.diagnostics if one.severity is Severity.ERROR] == ["deliver/limit"]
    assert found.files == ()
    assert not compiled("deliver: {mimir: {}}\n", services=8).failed
