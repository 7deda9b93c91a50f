"""A real Prometheus is reloaded, and the groups that it does not run as generated are named."""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.__main__ import main
from generator.apply.generated import read_output
from generator.apply.to_prometheus import Waiting, apply_to_prometheus, compare_groups
from generator.artifact import Artifact
from generator.live.api import connect
from generator.live.errors import LiveError
from generator.live.server import ServerConfig
from generator.output.write import write
from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer

ROOT = Path(__file__).parents[2]
RECORDS = "prometheus/rules/agent.rules.yml"
ALERTS = "prometheus/alerts/agent.alerts.yml"
GROUP = """
groups:
- name: {name}
  interval: {interval}
  rules:
  - record: a:b
    expr: {expr}
    labels: {{service: agent}}
"""
ALERT = """
groups:
- name: alerts
  interval: 1s
  rules:
  - alert: AgentNoRuns
    expr: |-
      sum by (service) (
        a:b{service="agent"}
      ) > 0.00001
    for: %s
    labels: {severity: warning}
    annotations: {summary: %s}
"""


def generate(
    output: Path, *, expr: str = "vector(1)", for_: str = "10m", summary: str = "It is.", interval: str = "1s"
) -> None:
    """Write an output with a recording rule and an alert."""
    rules = GROUP.format(name="runs", expr=expr, interval=interval)
    write([Artifact(RECORDS, rules), Artifact(ALERTS, ALERT % (for_, summary))], output)


def files(output: Path) -> ServerConfig:
    return ServerConfig((output / RECORDS, output / ALERTS))


def apply(url: str, output: Path, *, dry_run: bool = False, seconds: float | None = None) -> list[str]:
    said: list[str] = []
    with closing(connect(url)) as server:
        generated = read_output(output)
        apply_to_prometheus(server, generated, said.append, dry_run=dry_run, waiting=Waiting(seconds))
    return [line.replace(url, "URL") for line in said]


@contextmanager
def in_front_of(api: PrometheusApi, status: int, said: bytes) -> Iterator[str]:
    """Serve in front of a Prometheus: reads are passed on, and every POST is answered with ``status``."""

    class InFront(Handler):
        def handle_body(self, _: bytes) -> None:
            if self.command == "POST":
                self.answer(status, said)
            else:
                found = api.connection.send("GET", self.path)
                self.answer(found.status, found.body)

    with served(InFront) as url:
        yield url


def refused(url: str, output: Path, seconds: float | None = None) -> LiveError:
    with pytest.raises(LiveError) as caught:
        apply(url, output, seconds=seconds)
    return caught.value


def test_rules_that_are_generated_anew_are_loaded_and_awaited(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path)
    fresh_prometheus.load(files(tmp_path))
    generate(tmp_path, expr="vector(2)")
    said = apply(fresh_prometheus.api.url, tmp_path)
    assert said[0] == "Prometheus URL: reloaded"
    assert said[-1] == "  2 rule groups are loaded as generated and healthy"
    assert "vector(2)" in {rule.expr for group in fresh_prometheus.api.rules() for rule in group.rules}


def test_applying_again_finds_all_as_it_is(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    generate(tmp_path)
    fresh_prometheus.load(files(tmp_path))
    apply(fresh_prometheus.api.url, tmp_path)
    assert len(apply(fresh_prometheus.api.url, tmp_path)) == 2


def test_rule_files_that_lead_elsewhere_are_reported(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path)
    error = refused(fresh_prometheus.api.url, tmp_path)
    assert "not loaded: agent.alerts.yml: alerts, agent.rules.yml: runs" in str(error)
    assert "rule_files in the server's prometheus.yml" in error.help


@pytest.mark.parametrize(
    ("change", "group"),
    [
        ({"expr": "vector(2)"}, "agent.rules.yml: runs"),
        ({"interval": "2s"}, "agent.rules.yml: runs"),
        ({"for_": "5m"}, "agent.alerts.yml: alerts"),
        ({"summary": "It was."}, "agent.alerts.yml: alerts"),
    ],
)
def test_an_old_copy_of_the_rules_is_reported(
    fresh_prometheus: PrometheusServer, tmp_path: Path, change: dict[str, str], group: str
) -> None:
    output, copy = tmp_path / "output", tmp_path / "copy"
    generate(output)
    shutil.copytree(output, copy)
    fresh_prometheus.load(files(copy))
    generate(output, **change)
    error = refused(fresh_prometheus.api.url, output)
    assert str(error).endswith(f"\n  loaded, but not as generated: {group}")
    assert "copy them there" in error.help


def test_two_copies_of_the_rules_are_reported(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    output, copy = tmp_path / "output", tmp_path / "copy"
    generate(output)
    shutil.copytree(output, copy)
    fresh_prometheus.load(ServerConfig((*files(output).rule_files, *files(copy).rule_files)))
    assert "loaded from several files: agent.alerts.yml: alerts" in str(
        refused(fresh_prometheus.api.url, output)
    )


def test_a_rule_that_fails_is_named_with_the_servers_reason(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    twice = 'label_replace(vector(1), "a", "b", "", "") or vector(1)'
    generate(tmp_path, expr=f"'vector(1) * on() group_left() ({twice})'")
    fresh_prometheus.load(files(tmp_path))
    error = refused(fresh_prometheus.api.url, tmp_path)
    assert "failing: agent.rules.yml: runs: a:b: " in str(error)
    assert "duplicate series" in str(error)


def test_rules_that_are_not_evaluated_in_time_are_named(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path, interval="5m")
    fresh_prometheus.load(files(tmp_path))
    error = refused(fresh_prometheus.api.url, tmp_path, seconds=0)
    assert "not evaluated yet: " in str(error)
    assert "agent.rules.yml: runs" in str(error)
    assert "--wait" in error.help


def test_a_group_that_is_rarely_evaluated_is_named_and_not_awaited(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path, interval="1d")
    fresh_prometheus.load(files(tmp_path))
    said = apply(fresh_prometheus.api.url, tmp_path)
    assert [line for line in said if "waiting" in line] in (
        [],
        ["  waiting up to 31s for the first evaluation of 1 rule groups"],
    )
    assert said[-2:] == [
        "  2 rule groups are loaded as generated, and the 1 evaluated so far are healthy",
        "  agent.rules.yml: runs is evaluated every 1d, and was not yet",
    ]


def test_whoever_allows_the_time_has_a_rare_group_awaited(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path, interval="1d")
    fresh_prometheus.load(files(tmp_path))
    days, seconds = 86_400.0, iter((0.0, 1.0, 2 * 86_400.0))
    with closing(connect(fresh_prometheus.api.url)) as server:
        waiting = Waiting(days, now=lambda: next(seconds), sleep=lambda _: None)
        with pytest.raises(LiveError, match="not evaluated in time"):
            apply_to_prometheus(server, read_output(tmp_path), list[str]().append, waiting=waiting)


def test_a_broken_configuration_is_the_servers_own_words(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path)
    fresh_prometheus.load(files(tmp_path))
    (fresh_prometheus.directory / "prometheus.yml").write_text("rule_files: 7\n", encoding="utf-8")
    error = refused(fresh_prometheus.api.url, tmp_path)
    assert "HTTP 500: failed to reload config" in str(error)
    assert "it still runs the rules from before" in error.help


def test_a_dry_run_reloads_nothing_and_shows_the_running_rules(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    generate(tmp_path)
    fresh_prometheus.load(files(tmp_path))
    generate(tmp_path, expr="vector(2)")
    said = apply(fresh_prometheus.api.url, tmp_path, dry_run=True)
    assert said[:2] == [
        "Prometheus URL: dry run, nothing is reloaded",
        "  2 rule groups are generated; of these:",
    ]
    assert "  loaded, but not as generated: agent.rules.yml: runs" in said
    assert "vector(2)" not in {rule.expr for group in fresh_prometheus.api.rules() for rule in group.rules}


CLOSED = [(403, "--web.enable-lifecycle"), (404, "--web.external-url"), (405, "a proxy lets no POST through")]


@pytest.mark.parametrize(("status", "way"), CLOSED)
def test_a_server_that_does_not_reload_over_http_is_explained(
    fresh_prometheus: PrometheusServer, tmp_path: Path, status: int, way: str
) -> None:
    generate(tmp_path)
    with in_front_of(fresh_prometheus.api, status, b"Lifecycle API is not enabled.") as url:
        error = refused(url, tmp_path)
    assert f"HTTP {status}: Lifecycle API is not enabled." in str(error)
    assert "not loaded: agent.alerts.yml: alerts" in str(error)
    assert way in error.help
    assert "SIGHUP" in error.help


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_server_that_was_reloaded_in_another_way_is_fine(
    fresh_prometheus: PrometheusServer, tmp_path: Path, status: int
) -> None:
    generate(tmp_path)
    fresh_prometheus.load(files(tmp_path))
    with in_front_of(fresh_prometheus.api, status, b"no") as url:
        said = apply(url, tmp_path)
    assert said[-2:] == [
        "Prometheus URL: it does not reload over HTTP, but has what was generated",
        "  2 rule groups are loaded as generated and healthy",
    ]


def test_every_committed_rule_is_recognised_in_the_servers_own_spelling(
    fresh_prometheus: PrometheusServer,
) -> None:
    rules = (*(ROOT / "output/prometheus/rules").iterdir(), *(ROOT / "output/prometheus/alerts").iterdir())
    fresh_prometheus.load(ServerConfig(tuple(rules)))
    running = compare_groups(read_output(ROOT / "output").rule_files, fresh_prometheus.api.rules())
    assert running.total > 0
    assert (running.missing, running.twice, running.outdated, running.failing) == ((), (), (), ())


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (200, b"<html>"), (404, b"no")])
def test_another_server_is_not_taken_for_a_prometheus(
    answering: Callable[..., str], tmp_path: Path, status: int, body: bytes
) -> None:
    generate(tmp_path)
    said: list[str] = []
    with (
        closing(connect(answering(status, body))) as server,
        pytest.raises(LiveError) as caught,
    ):
        apply_to_prometheus(server, read_output(tmp_path), said.append)
    assert "is this a Prometheus?" in caught.value.help
    assert said == []


def test_a_file_without_any_of_its_groups_is_named_once(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    two = "groups: [{name: a, rules: []}, {name: b, rules: []}]"
    write([Artifact(RECORDS, two)], tmp_path)
    assert str(refused(fresh_prometheus.api.url, tmp_path)).endswith(
        "\n  not loaded: agent.rules.yml (all 2 groups)"
    )


@pytest.mark.parametrize(
    ("option", "server", "message", "way_out"),
    [
        (("--tenant", "x"), "--grafana", "--tenant is for a ruler", "add --ruler URL, or leave it out"),
        (
            ("--folder", "x"),
            "--prometheus",
            "--folder is for a Grafana",
            "add --grafana URL, or leave it out",
        ),
        (
            ("--wait", "5s"),
            "--grafana",
            "--wait is for a Prometheus",
            "add --prometheus URL, or leave it out",
        ),
        (
            ("--prune",),
            "--prometheus",
            "--prune is for a Grafana or a ruler",
            "add --grafana URL or --ruler URL, or leave it out",
        ),
    ],
)
def test_an_option_without_its_server_is_refused(
    option: tuple[str, ...], server: str, message: str, way_out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", server, "http://localhost:1", *option]) == 2
    assert capsys.readouterr().err == f"error: {message}, and none is named\n  help: {way_out}\n"
