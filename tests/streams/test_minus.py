"""A metric of all calls and one of failures: the successes are the difference, and both are read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.compiler import check
from generator.live.remote_write import TimeSeries, write
from generator.spec.sources import read_sources
from generator.streams.raw import raw_pass

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

PROFILE = """\
profile: mine
emitted: elsewhere
labels:
  status: {values: [ok, error], closed: true}
  tool: {max_live: 9}
streams:
  run:
    parts:
      - {of: x_runs_total, minus: x_failures_total, where: {kind: chat}, set: {status: ok}}
      - {of: x_failures_total, where: {kind: chat}, set: {status: error}}
  tool_call:
    parts:
      - {of: x_calls_total, minus: x_errors_total, set: {status: ok}}
      - {of: x_errors_total, set: {status: error}}
    labels: {tool: function}
"""
START, SCRAPE, SCRAPES = 1_700_000_000, 15, 20
END = START + SCRAPE * (SCRAPES - 1)
#: Events in a second, by metric, kind or tool, and instance. More failures than calls are odd, but possible.
EVENTS = {
    ("x_runs_total", "chat", "a"): 3,
    ("x_runs_total", "batch", "a"): 7,
    ("x_failures_total", "chat", "a"): 1,
    ("x_failures_total", "batch", "a"): 2,
    ("x_calls_total", "with errors", "a"): 10,
    ("x_calls_total", "with errors", "b"): 2,
    ("x_errors_total", "with errors", "b"): 3,
    ("x_calls_total", "without", "a"): 5,
    ("x_calls_total", "too many", "a"): 1,
    ("x_errors_total", "too many", "a"): 4,
}


@pytest.fixture
def model(tmp_path: Path, unique: str) -> Model:
    """The service, without any finding about its rules."""
    for folder, name, text in (
        ("profiles", "mine", PROFILE),
        ("services", "demo", f"service: demo\nprofile: mine\nowner: t\nselector: {{job: {unique}}}\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = check(read_sources(tmp_path))
    assert not found.failed, found.diagnostics
    assert found.model is not None
    return found.model


@pytest.mark.prometheus
def test_successes_are_calls_without_failures(model: Model, prometheus: PrometheusApi, unique: str) -> None:
    times = [(START + SCRAPE * scrape) * 1000 for scrape in range(SCRAPES)]
    for (name, value, instance), events in EVENTS.items():
        label = "kind" if name in {"x_runs_total", "x_failures_total"} else "function"
        labels = {"__name__": name, "job": unique, "instance": instance, label: value}
        write(prometheus, [TimeSeries(labels, times, [float(SCRAPE * events * at) for at in range(SCRAPES)])])
    service = model.services[0]
    found = {}
    for stream in ("run", "tool_call"):
        (rule,) = raw_pass(service.streams[stream], service, model.site)
        for sample in prometheus.query(rule.expr, END):
            found[sample.labels.get("tool", ""), sample.labels["status"]] = sample.value
    assert found == pytest.approx(
        {
            ("", "ok"): 2,
            ("", "error"): 1,
            ("with errors", "ok"): 9,
            ("with errors", "error"): 3,
            ("without", "ok"): 5,
            ("too many", "ok"): 0,
            ("too many", "error"): 4,
        }
    )
