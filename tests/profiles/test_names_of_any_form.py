"""Metrics under their sources' names, with colons, with dots or without a suffix; and a label under two names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest

from generator.cli import main
from tests.models import written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


_PROFILE = """\
profile: server
{emitted}labels:
  model_name: {{}}
metrics:
  srv:requests_total: {{type: counter, help: Requests., labels: [model_name]}}
  srv:waiting: {{type: gauge, help: Waiting., labels: [model_name]}}
{more}signals:
  run_count: {{title: Requests, description: Finished., count: {{of: "srv:requests_total"}}}}
  waiting: {{title: Waiting, description: In the queue., level: {{of: srv:waiting, take: max}}, better: lower}}
"""
_ELSEWHERE = """\
  gen_ai.tool.calls: {type: counter, help: Calls., labels: [model_name]}
  lm.time/all_count: {type: histogram, unit: s, help: Times., labels: [], buckets: [1, 2]}
"""
_SERVICE = (
    "service: my-server\nprofile: server\nowner: t\nselector: {job: s}\nlabels: {model_name: [llama]}\n"
)


def _generated(folder: Path, *, elsewhere: bool) -> Path:
    more, emitted = (_ELSEWHERE, "emitted: elsewhere\n") if elsewhere else ("", "")
    files = {
        "profiles/server.yaml": _PROFILE.format(emitted=emitted, more=more),
        "services/my-server.yaml": _SERVICE,
        "site.yaml": 'oldest_prometheus: "3.0"\n',
    }
    specs = written(folder / "specs", files)
    assert main(["generate", str(specs), "-o", str(folder / "output")]) == 0
    return folder / "output"


def test_rules_read_the_exposed_name_and_record_a_plain_one(tmp_path: Path) -> None:
    rules = (_generated(tmp_path, elsewhere=True) / "prometheus/rules/my-server.rules.yml").read_text("utf-8")
    for record, read in {
        "metric:srv_requests:rate": 'rate(srv:requests_total{job="s"}[1m15s])',
        "metric:srv_waiting:value": '(srv:waiting{job="s"} >= -Inf)',
        "metric:gen_ai_tool_calls:rate": 'rate({__name__="gen_ai.tool.calls",job="s"}[1m15s])',
        "metric:lm_time_all_count:rate": 'rate({__name__="lm.time/all_count_bucket",job="s"}[1m15s])',
    }.items():
        _, _, rule = rules.partition(f"record: {record}\n")
        assert read in " ".join(rule.partition("- record:")[0].split()).replace("( ", "(")


def test_their_unit_tests_select_them_as_promtool_reads_them(tmp_path: Path) -> None:
    text = (_generated(tmp_path, elsewhere=True) / "prometheus/tests/my-server.test.yml").read_text("utf-8")
    assert '{__name__="gen_ai.tool.calls",instance="a",job="s",model_name="llama"}' in text
    assert "gen_ai.tool.calls{" not in text


def test_the_generated_module_exposes_colons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_generated(tmp_path, elsewhere=False) / "instrumentation"))
    import my_server_metrics as module  # type: ignore[import-not-found]  # noqa: PLC0415

    registry = CollectorRegistry()
    metrics = module.MyServerMetrics(registry=registry)
    metrics.set_srv_waiting(3, "llama")
    metrics.count_srv_requests("llama")
    shown = generate_latest(registry).decode().splitlines()
    assert 'srv:waiting{model_name="llama"} 3.0' in shown
    assert 'srv:requests_total{model_name="llama"} 1.0' in shown
    sys.modules.pop("my_server_metrics")


def test_simulated_text_quotes_what_only_prometheus_3_knows(tmp_path: Path) -> None:
    _generated(tmp_path, elsewhere=True)
    history = tmp_path / "history.txt"
    assert main(["simulate", str(tmp_path / "specs"), "--last", "30m", "--openmetrics", str(history)]) == 0
    lines = history.read_text("utf-8").splitlines()
    assert '# TYPE "lm.time/all_count" histogram' in lines
    assert [line for line in lines if line.startswith('{"gen_ai.tool.calls",instance=')]
    assert [line for line in lines if line.startswith("srv:waiting{")]


#: A metric that has the label under two names, of which each stream reads one.
_TWO_NAMES = """\
profile: mine
emitted: elsewhere
labels: {model: {}}
streams:
  run: {of: call_seconds, value: count, labels: {model: response_model}}
  run_latency: {of: call_seconds, labels: {model: request_model}, buckets: [1, 2]}
"""
_ONE = "service: one\nprofile: mine\nowner: t\nselector: {job: a}\nlabels: {model: [m]}\n"


def test_of_two_names_of_a_label_each_stream_may_read_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = written(tmp_path / "specs", {"profiles/mine.yaml": _TWO_NAMES, "services/one.yaml": _ONE})
    assert main(["generate", str(specs), "-o", str(tmp_path / "output")]) == 0, capsys.readouterr()
    rules = (tmp_path / "output/prometheus/rules/one.rules.yml").read_text("utf-8")
    assert "sum by (response_model)" in rules
    assert "sum by (le, request_model)" in rules or "sum by (request_model, le)" in rules
