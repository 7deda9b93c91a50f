"""The demo, started as its user starts it: an incident, the alert that detects it, and nothing left at the end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from generator.commands.demo import _unless, _until_ended
from generator.live.server import find_alertmanager, find_prometheus
from tests.commands.calls import COMMAND, ROOT, environment
from tests.programs import needed
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long

_SITE = "scrape_interval: 5s\nrule_interval: 15s\n"
_SERVICE = """\
service: demo-agent
profile: agent
owner: team-demo
selector: {job: demo-agent}
replicas: 2
traffic: {min_runs_per_hour: 1500}
labels: {release: {max_live: 3}, model: [gpt-4o], tool: [search, write]}
alerts: {AgentToolErrorRateHigh: {for: 0s}}
"""
_PATIENCE = 180


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """Both servers are on this machine; in CI they must be."""
    needed(find_prometheus)
    needed(find_alertmanager)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Specs of a busy service whose alert does not wait, and a directory for all temporary files."""
    services = tmp_path / "specs/services"
    services.mkdir(parents=True)
    (services / "demo-agent.yaml").write_text(_SERVICE)
    (tmp_path / "specs/site.yaml").write_text(_SITE)
    shutil.copy(ROOT / "specs/prices.yaml", tmp_path / "specs")
    (tmp_path / "tmp").mkdir()
    return tmp_path


@contextmanager
def _demo(place: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "demo", "--last", "10m", "--no-grafana", *arguments],
        cwd=place,
        env=environment(TMPDIR=str(place / "tmp")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:  # a test has failed, and must leave no servers either
                for pid in _children(running.pid):
                    os.kill(pid, signal.SIGKILL)
            running.kill()


def _output_until(running: subprocess.Popen[str], end: str) -> str:
    """Read the output up to a line with ``end`` in it."""
    assert running.stdout is not None
    said = ""
    for line in running.stdout:
        said += line
        if end in line:
            return said
    raise AssertionError(said)


def _fetched(url: str) -> Any:  # noqa: ANN401 - JSON
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - a server of ours
        return json.load(answer)


def _children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_an_incident_is_found_and_told_and_nothing_is_left(place: Path) -> None:
    with _demo(place, "--incident", "tool-outage") as running:
        said = _output_until(running, "tool-outage has begun")
        assert "wait for AgentToolErrorRateHigh" in said
        dashboards = re.search(r"dashboards +(http://\S+)", said)
        assert dashboards
        prometheus, alertmanager = (
            re.search(rf"{name} +(http://\S+?)(/alerts)?\n", said) for name in ("alerts", "Alertmanager")
        )
        assert prometheus
        assert alertmanager
        servers = _children(running.pid)
        assert len(servers) == 2

        def firing() -> bool:
            alerts = _fetched(f"{prometheus[1]}/api/v1/alerts")["data"]["alerts"]
            return ("AgentToolErrorRateHigh", "firing") in {
                (one["labels"]["alertname"], one["state"]) for one in alerts
            }

        def told() -> bool:
            alerts = _fetched(f"{alertmanager[1]}/api/v2/alerts")
            return "AgentToolErrorRateHigh" in {one["labels"]["alertname"] for one in alerts}

        until(firing)
        page = urlopen(dashboards[1], timeout=10).read().decode()  # noqa: S310 - a server of ours
        assert "<svg" in page
        said = _output_until(running, "critical: pages team-demo (receiver team-demo-page)")
        assert "FIRING   AgentToolErrorRateHigh (tool search), warning: opens a ticket for team-demo" in said
        until(told)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=_PATIENCE)
    # Where it takes long, its progress is told now and then.
    wrong = [line for line in errors.splitlines() if not line.startswith("recording its signals")]
    assert (running.returncode, wrong) == (0, [])
    assert not [pid for pid in servers if Path(f"/proc/{pid}").exists()]
    assert list((place / "tmp").iterdir()) == []


def test_what_is_typed_begins_and_ends_an_incident(place: Path) -> None:
    with _demo(place, "--last", "1m") as running:
        assert running.stdin is not None
        _output_until(running, "night-low")
        for name in ("help", "tool-outage", "tool-outage", "success-drop-after-release", "tool-outag"):
            running.stdin.write(f"{name}\n")
            running.stdin.flush()
        said = _output_until(running, "has begun, with release")
        helped, _, said = said.partition("quit or Ctrl-C ends the demo.\n")
        assert "  exporter-gone               AgentMetricAbsent\n" in helped
        assert said.splitlines()[:2] == [
            "tool-outage has begun: wait for AgentToolErrorRateHigh, AgentToolErrorRateRising",
            "tool-outage has ended",
        ]
        assert re.search(r"success-drop-after-release has begun, with release \S+\.1: wait for", said)
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=_PATIENCE)
    assert running.returncode == 0
    assert errors.startswith('error: there is no incident "tool-outag" to show\n  help: did you mean')
    assert list((place / "tmp").iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_an_end_while_it_is_set_up_leaves_nothing_either(place: Path, how: signal.Signals) -> None:
    with _demo(place, "--last", "8h") as running:  # takes many times as long as a signal
        until(lambda: len(_children(running.pid)) > 1 or running.poll() is not None)
        children = _children(running.pid)
        running.send_signal(how)
        out, errors = running.communicate(timeout=_PATIENCE)
    assert (running.returncode, out, errors) == (0, "", "")
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert list((place / "tmp").iterdir()) == []


def test_an_end_stops_the_set_up_at_its_next_step_and_not_in_between() -> None:
    steps: list[str] = []
    with _until_ended() as ended:
        report = _unless(ended, lambda title, _, __: steps.append(title))
        report("a history", 1, 3)
        os.kill(os.getpid(), signal.SIGHUP)
        steps.append("a server, and its end registered")
        report("a history", 2, 3)
        steps.append("more")
    assert steps == ["a history", "a server, and its end registered"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--service", "demo-agnt"), 'error: there is no service "demo-agnt"\n  help: did you mean'),
        (("--last", "soon"), 'error: "soon" is no duration\n  help: '),
        (("--incident", "flood"), 'error: there is no incident "flood" to show\n'),
    ],
)
def test_a_call_that_cannot_be_done_is_told(place: Path, arguments: tuple[str, ...], message: str) -> None:
    with _demo(place, *arguments) as running:
        out, errors = running.communicate(timeout=120)
    assert (running.returncode, out) == (2, "")
    assert errors.startswith(message)
    assert list((place / "tmp").iterdir()) == []


def test_a_port_that_is_taken_is_told(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with _demo(place, "--port", str(taken.getsockname()[1])) as running:
            out, errors = running.communicate(timeout=120)
    assert (running.returncode, out) == (2, "")
    assert re.match(r"error: Prometheus does not start: .*address already in use", errors)
