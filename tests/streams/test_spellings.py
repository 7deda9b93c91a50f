"""One metric under several names, since exporters and versions spell it differently, on a real Prometheus."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import DAY
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from tests.models import model_of

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi

pytestmark = pytest.mark.prometheus

_START, _STEP, _SPAN = 1_700_000_000, 15, 600
_DAYS = count()

_PROFILE = """\
profile: mine
emitted: elsewhere
labels: {status: {values: {ok: [ok], error: [bad]}, closed: true}}
streams:
  run: {of: [runs_total, runs], labels: {status: outcome}}
  run_latency: {of: [run_seconds, run_time], buckets: [1, 2]}
"""


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        # By instance and name: an event a second each. Two versions at once, one that exposes both names, and one name.
        ([("a", "runs_total"), ("b", "runs")], 2),
        ([("a", "runs_total"), ("a", "runs"), ("b", "runs")], 2),
        ([("a", "runs"), ("b", "runs")], 2),
    ],
)
def test_each_instance_counts_once_whatever_it_calls_a_metric(
    prometheus: PrometheusApi, tmp_path: Path, unique: str, names: list[tuple[str, str]], runs: int
) -> None:
    start = _START + DAY * next(_DAYS)
    series = [({"__name__": name, "outcome": "ok", "instance": instance}, 1.0) for instance, name in names]
    for instance, name in names:
        timed = {"runs_total": "run_seconds", "runs": "run_time"}[name]
        series += [
            ({"__name__": f"{timed}_bucket", "le": le, "instance": instance}, rate)
            for le, rate in (("1", 0.5), ("2.0", 1.0), ("+Inf", 1.0))
        ]
    times = list(range(start, start + _SPAN + 1, _STEP))
    write(
        prometheus,
        (
            TimeSeries(
                {**labels, "job": unique}, [t * 1000 for t in times], [rate * (t - start) for t in times]
            )
            for labels, rate in series
        ),
    )
    (tmp_path / "services").mkdir()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/mine.yaml").write_text(_PROFILE, encoding="utf-8")
    text = f"service: {unique}\nprofile: mine\nowner: t\nselector: {{job: {unique}}}\n"
    (tmp_path / "services/one.yaml").write_text(text, encoding="utf-8")
    model = model_of(tmp_path)
    own = compile_rules(model.services[0], model.site, shared_rules(model.library, model.site).records)
    evaluate(prometheus, own.recording, start, start + _SPAN)
    assert _values(prometheus, "stream:agent_run:rate", unique, start + _SPAN) == {"ok": pytest.approx(runs)}
    assert _values(prometheus, "stream:agent_run_latency:rate", unique, start + _SPAN) == {
        "1": pytest.approx(runs / 2),
        "2": pytest.approx(runs),
        "+Inf": pytest.approx(runs),
    }


def _values(api: PrometheusApi, record: str, service: str, at: int) -> dict[str, float]:
    found = api.query_range(f'{record}{{service="{service}"}}', at, at, 60)
    return {one.labels.get("le") or one.labels["status"]: one.values[-1] for one in found.series}
