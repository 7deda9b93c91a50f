"""Our own servers: they start, or report the reason, and they always end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from generator.live.errors import LiveError
from generator.live.process import last_errors
from generator.live.server import PrometheusServer, ServerConfig, find_prometheus, prometheus_server

needs_prometheus = pytest.mark.usefixtures("prometheus")
ROOT = Path(__file__).parents[2]
RULES = """
groups:
- name: {name}
  rules:
  - record: a:b
    expr: {expr}
    labels: {{from: rule}}
  - alert: Always
    expr: vector(1)
    for: 1h
    annotations: {{summary: It is.}}
"""


def rule_file(path: Path, *, name: str = "g", expr: str = "vector(1)") -> Path:
    """Write a file of one recording and one alerting rule."""
    path.write_text(RULES.format(name=name, expr=expr), encoding="utf-8")
    return path


@needs_prometheus
def test_a_started_server_is_ready_empty_and_gone_afterwards() -> None:
    with prometheus_server() as server:
        assert server.api.ready()
        assert server.api.query("count({__name__!=''})", 0) == ()
    assert server.process.poll() == 0
    assert not server.api.ready()
    assert not server.directory.exists()


@needs_prometheus
def test_a_server_ends_when_its_block_fails() -> None:
    started: list[PrometheusServer] = []

    def failing() -> None:
        with prometheus_server() as server:
            started.append(server)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert started[0].process.poll() == 0
    assert not started[0].directory.exists()


@needs_prometheus
def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(LiveError, match="address already in use"), prometheus_server(port=port):
            pytest.fail("another one listens there")


@needs_prometheus
def test_a_chosen_port_that_another_takes_is_chosen_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    with prometheus_server() as first, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
        probe.close()
        # The first choice is the port of a Prometheus that is ready, too: only the second one is ours.
        choices = iter([int(first.api.url.rpartition(":")[2]), free])
        monkeypatch.setattr("generator.live.process._free_port", lambda: next(choices))
        with prometheus_server() as second:
            assert second.api.url == f"http://127.0.0.1:{free}"
            assert second.api.ready()


@needs_prometheus
def test_rules_and_alerts_are_told_as_the_server_has_them(tmp_path: Path) -> None:
    files = (rule_file(tmp_path / "one.yml"), rule_file(tmp_path / "[odd]*.yml", name="odd"))
    with prometheus_server(ServerConfig(rule_files=files)) as server:
        groups = {group.name: group for group in server.api.rules()}
    assert set(groups) == {"g", "odd"}
    record, alert = groups["g"].rules
    assert (record.kind, record.name, record.expr, record.labels) == (
        "recording",
        "a:b",
        "vector(1)",
        {"from": "rule"},
    )
    # Prometheus 3 calls it unknown until its first evaluation.
    assert alert.state in {"inactive", "pending", "unknown"}
    assert (alert.kind, alert.name) == ("alerting", "Always")
    assert groups["g"].interval == 60


def test_rules_are_replaced_while_the_server_runs(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    fresh_prometheus.load(ServerConfig(rule_files=(rule_file(tmp_path / "a.yml", name="a"),)))
    fresh_prometheus.load(ServerConfig(rule_files=(rule_file(tmp_path / "b.yml", name="b"),)))
    assert [group.name for group in fresh_prometheus.api.rules()] == ["b"]


def test_bad_rules_are_refused_with_the_servers_reason(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    bad = rule_file(tmp_path / "bad.yml", expr="sum(")
    with pytest.raises(LiveError, match=r"(?s)refuses its configuration: .*bad\.yml.*parse expression"):
        fresh_prometheus.load(ServerConfig(rule_files=(bad,)))
    with (
        pytest.raises(LiveError, match=r"(?s)does not start: .*bad\.yml.*parse expression"),
        prometheus_server(ServerConfig(rule_files=(bad,))),
    ):
        pytest.fail("a server with broken rules")


@needs_prometheus
def test_a_rule_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    config = ServerConfig(rule_files=(tmp_path / "typo.yml",))
    with pytest.raises(LiveError, match=r"no such rule file: .*typo\.yml"), prometheus_server(config):
        pytest.fail("a server without its rules")


def test_scrape_configurations_reach_the_server(fresh_prometheus: PrometheusServer) -> None:
    job = {"job_name": "agents", "static_configs": [{"targets": ["localhost:1"]}]}
    fresh_prometheus.load(ServerConfig(scrape_configs=(job,), scrape_interval="7s"))
    answer = fresh_prometheus.api.connection.send("GET", "/api/v1/status/config").body
    assert b"job_name: agents" in answer
    assert b"scrape_interval: 7s" in answer


def test_a_machine_without_prometheus_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LiveError, match=r"^no Prometheus on this machine: apt-get install prometheus$"):
        find_prometheus()


@pytest.mark.parametrize(("ci", "code", "word"), [("true", 1, "1 error"), ("", 0, "1 skipped")])
def test_tests_that_need_a_server_are_never_skipped_in_ci(ci: str, code: int, word: str) -> None:
    test = "tests/live/test_api.py::test_a_scalar_is_one_sample_without_labels"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "prometheus", "-rs", test]
    environment = {**os.environ, "PATH": "", "CI": ci}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code
    assert word in done.stdout
    assert "apt-get install prometheus" in done.stdout


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", ""),
        ("prometheus: unknown flag --x\n", "prometheus: unknown flag --x"),
        ('ts=1 level=error msg="failed" err="a.yml: group \\"g\\", rule 1"', 'a.yml: group "g", rule 1'),
        ("ts=1 level=error err=EOF component=web", "EOF"),
        (r'ts=1 err="a\x00b"', r'"a\x00b"'),
        ("ts=1 msg=starting\nts=2 level=error err=first\nts=3 msg=bye\nts=4 err=second", "first\nsecond"),
        ("\n".join(f"err={n}" for n in range(9)), "6\n7\n8"),
    ],
)
def test_only_the_last_reasons_are_told(tmp_path: Path, log: str, told: str) -> None:
    path = tmp_path / "log"
    path.write_text(log, encoding="utf-8")
    assert last_errors(path) == told
