"""Metrics and labels that exporters and versions call differently, on a real Prometheus."""

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
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from generator.live.api import PrometheusApi

pytestmark = pytest.mark.prometheus

_START, _STEP, _SPAN = 1_700_000_000, 15, 600
_DAYS = count()

_TWO_NAMES = """\
profile: mine
emitted: elsewhere
labels: {status: {values: {ok: [ok], error: [bad]}, closed: true}}
streams:
  run: {of: [runs_total, runs], labels: {status: outcome}}
  run_latency: {of: [run_seconds, run_time], buckets: [1, 2]}
"""
#: Growth in a second, by bucket.
_TIMED = {"1": 0.5, "2.0": 1.0, "+Inf": 1.0}


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
    series = [(name, {"outcome": "ok", "instance": instance}, 1.0) for instance, name in names]
    for instance, name in names:
        timed = {"runs_total": "run_seconds_bucket", "runs": "run_time_bucket"}[name]
        series += [(timed, {"le": le, "instance": instance}, rate) for le, rate in _TIMED.items()]
    start = _written(prometheus, unique, series)
    _record(prometheus, tmp_path, unique, _TWO_NAMES, start)
    found = _last(prometheus, "stream:agent_run:rate", unique, start)
    assert {one["status"]: value for one, value in found} == {"ok": runs}
    found = _last(prometheus, "stream:agent_run_latency:rate", unique, start)
    assert {one["le"]: value for one, value in found} == {"1": runs / 2, "2": runs, "+Inf": runs}


_PROFILE = """\
profile: mine
emitted: elsewhere
labels:
  status: {{values: {{ok: [ok], error: [bad]}}, closed: true}}
  model: {{}}
  token_type: {{values: {{prompt: [in], completion: [out]}}, ignore: [total]}}
streams:
  run: {{of: runs_total, labels: {{status: [outcome, result], model: {names}}}}}
  token_usage: {{of: tokens_total, labels: {{model: {names}, token_type: [kind, type]}}}}
"""

#: Each series grows by one a second.
_SERIES = (
    ("runs_total", {"outcome": "ok", "asked": "a", "model": "a-2026"}),
    ("runs_total", {"outcome": "ok", "asked": "a", "model": "a-2027"}),
    ("runs_total", {"result": "bad", "model": "b"}),
    ("runs_total", {"outcome": "bad", "result": "ok"}),
    ("tokens_total", {"kind": "in", "asked": "a"}),
    ("tokens_total", {"type": "out", "model": "b"}),
    ("tokens_total", {"type": "total", "model": "b"}),
    ("tokens_total", {"type": "in"}),
)


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        ("[asked, model]", {("ok", "a"): 2, ("error", "b"): 1, ("error", ""): 1}),
        ("[model, asked]", {("ok", "a-2026"): 1, ("ok", "a-2027"): 1, ("error", "b"): 1, ("error", ""): 1}),
    ],
)
def test_the_first_name_with_a_value_says_it(
    prometheus: PrometheusApi,
    tmp_path: Path,
    unique: str,
    names: str,
    runs: dict[tuple[str, str], float],
) -> None:
    start = _written(prometheus, unique, ((*one, 1.0) for one in _SERIES))
    _record(prometheus, tmp_path, unique, _PROFILE.format(names=names), start)
    found = _last(prometheus, "stream:agent_run:rate", unique, start)
    assert {(one["status"], one.get("model", "")): value for one, value in found} == runs
    found = _last(prometheus, "stream:agent_token_usage:rate", unique, start)
    assert {(one["token_type"], one["model"]): value for one, value in found} == {
        ("prompt", "a"): 1,
        ("completion", "b"): 1,
        ("prompt", "other"): 1,
    }


_SWAPPED = """\
profile: mine
emitted: elsewhere
labels:
  status: {values: {ok: [fine], error: [bad]}, closed: true}
  stop_reason: {values: {completed: [end, fine], step_error: [crash, bad]}}
streams:
  run: {of: runs_total, labels: {status: LABEL, stop_reason: status}}
"""


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("outcome", {("ok", "completed"): 1.0, ("error", "step_error"): 1.0}),
        ("status", {("", "completed"): 1.0, ("", "step_error"): 1.0}),
    ],
)
def test_a_label_is_read_before_another_one_takes_its_name(
    prometheus: PrometheusApi,
    tmp_path: Path,
    unique: str,
    label: str,
    expected: dict[tuple[str, str], float],
) -> None:
    ends = {"outcome": "fine", "status": "end"}, {"outcome": "bad", "status": "crash"}
    series = [("runs_total", one, 1.0) for one in ends]
    start = _written(prometheus, unique, series)
    _record(prometheus, tmp_path, unique, _SWAPPED.replace("LABEL", label), start)
    found = _last(prometheus, "stream:agent_run:rate", unique, start)
    assert {(one.get("status", ""), one["stop_reason"]): value for one, value in found} == expected


def _written(prometheus: PrometheusApi, job: str, series: Iterable[tuple[str, dict[str, str], float]]) -> int:
    """Write series with their growth in a second, and return when they begin."""
    start = _START + DAY * next(_DAYS)
    times = list(range(start, start + _SPAN + 1, _STEP))
    write(
        prometheus,
        (
            TimeSeries(
                {"__name__": name, "job": job, "instance": "i", **labels},
                [t * 1000 for t in times],
                [rate * (t - start) for t in times],
            )
            for name, labels, rate in series
        ),
    )
    return start


def _record(prometheus: PrometheusApi, folder: Path, job: str, profile: str, start: int) -> None:
    """Evaluate the raw pass of a service with a profile."""
    (folder / "services").mkdir()
    (folder / "profiles").mkdir()
    (folder / "profiles/mine.yaml").write_text(profile, encoding="utf-8")
    bounds = "labels: {model: [a, a-2026, a-2027, b]}\n" if "model" in profile else ""
    text = f"service: {job}\nprofile: mine\nowner: t\nselector: {{job: {job}}}\n{bounds}"
    (folder / "services/one.yaml").write_text(text, encoding="utf-8")
    model = model_of(folder)
    own = compile_rules(model.services[0], model.site, shared_rules(model.library, model.site).records)
    evaluate(prometheus, own.recording, start, start + _SPAN)


def _last(
    prometheus: PrometheusApi, record: str, job: str, start: int
) -> list[tuple[Mapping[str, str], float]]:
    found = prometheus.query_range(f'{record}{{service="{job}"}}', start + _SPAN, start + _SPAN, 60)
    return [(one.labels, round(one.values[-1], 6)) for one in found.series]
