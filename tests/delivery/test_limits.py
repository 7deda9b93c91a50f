"""Parts that a target would refuse are found before applying, with the name of the service."""

from __future__ import annotations

import pytest

from generator.artifact import Artifact, Kept
from generator.delivery.deliver import check_groups, check_sizes
from generator.delivery.registry import TARGETS
from generator.diagnostics import Severity, Span
from generator.model.delivery import Helm, Kubernetes, VictoriaMetrics
from tests.delivery.delivered import compiled

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
