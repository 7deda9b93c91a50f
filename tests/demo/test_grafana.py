"""Grafana in a container: the calls of its client, the mounted files, and its end with the block.

No engine is needed: ``fake_docker`` replaces its client.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from msgspec import Struct

from generator.demo.boards import IMAGE, Boards, boards
from generator.prometheus.rule_set import rule_set
from tests.demo import fake_docker
from tests.instrumentation.loading import service, shipped

if TYPE_CHECKING:
    from pathlib import Path

_PROMETHEUS = "http://127.0.0.1:9999"


class Docker(Struct, frozen=True):
    """The fake client, and the file of its calls."""

    place: Path

    @property
    def calls(self) -> list[list[str]]:
        """Its calls."""
        noted = self.place / "calls"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    def fails(self, call: str) -> None:
        """Make a call fail."""
        (self.place / "fault").write_text(call)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    program = tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake_docker.__file__}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(fake_docker.CALLS, str(tmp_path / "calls"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return Docker(tmp_path)


def _started(opened: ExitStack) -> Boards:
    model, one = shipped(), service("support-agent")
    rules = rule_set([one], model.library, model.site)
    return boards(one, rules, model.site, _PROMETHEUS, opened, lambda *_: None, 60)


def _read(url: str) -> str:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - a server of ours
        return str(answer.read().decode())


def test_the_dashboards_are_shown_until_the_block_ends(docker: Docker) -> None:
    with ExitStack() as opened:
        shown = _started(opened)
        assert shown.missing == ""
        assert shown.url.startswith("http://127.0.0.1:")
        etc = f"{shown.url}/etc/grafana"
        provider = yaml.safe_load(_read(f"{etc}/provisioning/dashboards/agent-metrics.yaml"))["providers"][0]
        overview = json.loads(_read(f"{shown.url}{provider['options']['path']}/agent-overview.json"))
        source = yaml.safe_load(_read(f"{etc}/provisioning/datasources/prometheus.yaml"))["datasources"][0]
        assert (overview["uid"], source["url"]) == ("agent-overview", _PROMETHEUS)
        # A Grafana with a second default data source in its provisioning does not start.
        assert not source.get("isDefault")
    with pytest.raises(URLError):
        _read(shown.url)
    assert list((docker.place / "tmp").iterdir()) == []


def test_the_image_is_fetched_once_and_the_container_taken_away(docker: Docker) -> None:
    for _ in range(2):
        with ExitStack() as opened:
            _started(opened)
    first, second = docker.calls[:5], docker.calls[5:]
    assert [call[0] for call in first] == ["version", "image", "pull", "run", "rm"]
    assert [call[0] for call in second] == ["version", "image", "run", "rm"]
    run = first[3]
    assert first[2] == ["pull", "--quiet", IMAGE]
    assert run[-1] == IMAGE
    assert IMAGE.rpartition(":")[2][0].isdigit()
    assert first[4] == ["rm", "--force", fake_docker.after("--name", run)[0]]
    assert {"--rm", "GF_AUTH_ANONYMOUS_ORG_ROLE=Editor", "GF_SERVER_HTTP_ADDR=127.0.0.1"} <= set(run)
    assert all("readonly" in mount for mount in fake_docker.after("--mount", run))


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        ("version", "Docker's engine does not answer: it is broken"),
        ("pull", f"{IMAGE} cannot be fetched: it is broken"),
        ("run", "Grafana does not start: ignored\nit is broken"),
    ],
)
def test_what_fails_is_told_and_nothing_is_left(docker: Docker, call: str, missing: str) -> None:
    docker.fails(call)
    with ExitStack() as opened:
        assert _started(opened) == Boards("", missing)
    assert list((docker.place / "tmp").iterdir()) == []


def test_without_docker_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with ExitStack() as opened:
        assert _started(opened) == Boards("", "no Docker on this machine: apt-get install docker.io")
