"""Histograms whose buckets do not fit the profile's objectives: the first service promises what they can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
import yaml
from msgspec.structs import replace

from generator.commands.compiling import checked
from generator.discover.promises import StreamHistory, promises
from generator.model.units import parse_quantity
from tests.instrumentation.loading import service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.streams import Stream
    from tests.commands.calls import CallResult

_HISTOGRAM = """# TYPE agent_run_total counter
agent_run_total{status="success",stop_reason="completed",release="r1"} 90
# TYPE agent_run_latency_ms histogram
"""


@pytest.mark.parametrize(
    ("edges", "promised"),
    [
        ((60_000, 300_000), "60s"),
        ((60_000,), "58500ms"),
        ((2_000, 4_000, 10_000), ""),
    ],
)
def test_the_profile_s_objective_gives_way_to_one_that_the_buckets_show(
    edges: tuple[int, ...], promised: str, tmp_path: Path, untried: Callable[..., CallResult]
) -> None:
    """The profile promises a p95 of 5s; one bucket of a minute shows from 57s to a minute."""
    lines = [f'agent_run_latency_ms_bucket{{release="r1",le="{edge}"}} 80\n' for edge in (*edges, "+Inf")]
    exposition = tmp_path / "metrics.prom"
    exposition.write_text(f'{_HISTOGRAM}{"".join(lines)}agent_run_latency_ms_count{{release="r1"}} 80\n')
    specs = tmp_path / "specs"
    answer = untried("init", str(specs), "--from-exposition", str(exposition), "--service", "one")
    assert answer.code == 0, answer.err
    found = yaml.safe_load((specs / "services/one.yaml").read_text())
    assert found.get("objectives", {}) == ({"latency_p95": {"max": promised}} if promised else {})
    assert not checked(specs).failed


class _Known(StreamHistory, frozen=True):
    """A history of a hundred runs, with a known p95."""

    p95: float = 0.0

    def total(self, stream: Stream, service: str, by: str = "", where: str = "") -> Mapping[str, float]:  # noqa: ARG002
        return {"ok": 100.0} if stream.name == "run" else {}

    def quantile(self, stream: Stream, service: str) -> float | None:  # noqa: ARG002
        return self.p95


@pytest.mark.parametrize(
    ("p95", "promised"), [(0.3, "500ms"), (1.5, "2s"), (4.2, "5250ms"), (6.0, "7500ms"), (9.99, "9995ms")]
)
def test_an_objective_from_the_past_is_below_the_last_bucket(p95: float, promised: str) -> None:
    """A quarter more than it was, at the next bucket that is not the last one."""
    support = service("support-agent")
    latency = replace(support.streams["run_latency"], buckets=(0.5, 2.0, 5.0, 10.0))
    known = replace(support, streams={**support.streams, "run_latency": latency})
    found = promises(known, _Known(cast("PrometheusApi", None), 0, 0, 60, p95))
    assert {one.signal: one.text for one in found}["latency_p95"] == f"{{max: {promised}}}"


@pytest.mark.parametrize(
    ("p95", "promised"),
    [(0.9, "1280ms"), (1.5, "2560ms"), (19.2, "25600ms"), (300.0, "354800ms"), (0.005, "10ms")],
)
def test_an_objective_is_written_as_a_spec_reads_it_whatever_the_buckets(p95: float, promised: str) -> None:
    """The buckets of OpenTelemetry's GenAI conventions are no whole seconds."""
    support = service("support-agent")
    bounds = (0.01, 0.02, 0.64, 1.28, 2.56, 5.12, 12.8, 25.6, 409.6)
    latency = replace(support.streams["run_latency"], buckets=bounds)
    known = replace(support, streams={**support.streams, "run_latency": latency})
    found = promises(known, _Known(cast("PrometheusApi", None), 0, 0, 60, p95))
    text = {one.signal: one.text for one in found}["latency_p95"]
    assert text == f"{{max: {promised}}}"
    assert parse_quantity(promised) is not None
