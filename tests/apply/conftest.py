"""A Grafana to apply to, an output to apply, and the application itself, which never really waits."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct, field

from generator.apply.generated import read_output
from generator.apply.grafana_api import connect_grafana
from generator.apply.to_grafana import Options, apply_to_grafana
from generator.artifact import Artifact
from generator.live.credentials import credentials
from generator.live.retry import Patience
from generator.output.write import write
from tests.apply.grafana import TOKEN, Grafana, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def dashboard(uid: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a dashboard like a generated one."""
    panels = [{"id": 1, "title": "Runs", "type": "stat"}, {"id": 2, "title": "Cost", "type": "timeseries"}]
    shell = {"title": uid.title(), "tags": ["agent-metrics"], "version": 1, "panels": panels}
    return {"uid": uid, **shell, **changes}


class Applying(Struct):
    """An output directory, and its application to a Grafana."""

    grafana: Grafana
    output: Path
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    timeout: float = 10.0
    token: str = TOKEN

    def generate(self, *dashboards: dict[str, Any]) -> None:
        """Write an output with these dashboards and no rules."""
        write(
            [Artifact(f"grafana/dashboards/{one['uid']}.json", json.dumps(one)) for one in dashboards],
            self.output,
        )

    def __call__(
        self, *, prune: bool = False, dry_run: bool = False, folder: str = "agent-metrics"
    ) -> list[str]:
        """Apply, and return the printed lines."""
        self.said.clear()
        known = credentials("GRAFANA", {"AGENT_METRICS_GRAFANA_TOKEN": self.token})
        patience = Patience(sleep=self.slept.append)
        options = Options(folder=folder, dry_run=dry_run, prune=prune)
        with closing(
            connect_grafana(self.grafana.url, known, timeout=self.timeout, patience=patience)
        ) as api:
            apply_to_grafana(api, read_output(self.output), options, self.said.append)
        return self.said[1:]


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    """An empty Grafana."""
    started = Grafana()
    with serving(started):
        yield started


@pytest.fixture
def applying(grafana: Grafana, tmp_path: Path) -> Applying:
    """An output of three dashboards, and a Grafana without any."""
    applied = Applying(grafana, tmp_path / "output")
    applied.generate(dashboard("agent-a"), dashboard("agent-b"), dashboard("agent-c"))
    return applied
