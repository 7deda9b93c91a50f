"""A real Prometheus loads the generated rules and evaluates every one of them without an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from generator.live.server import ServerConfig
from tests.waiting import evaluated

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer

OUTPUT = Path(__file__).parent.parent.parent / "output" / "prometheus"


def test_every_rule_is_healthy(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    copies = []
    for file in sorted((*OUTPUT.glob("rules/*.yml"), *OUTPUT.glob("alerts/*.yml"))):
        copy = tmp_path / file.name
        # Evaluated every second, so that the first evaluation is soon.
        copy.write_text(re.sub(r"  interval: 1[mh]\n", "  interval: 1s\n", file.read_text("utf-8")), "utf-8")
        copies.append(copy)
    fresh_prometheus.load(ServerConfig(rule_files=tuple(copies)))
    rules = [rule for group in evaluated(fresh_prometheus.api) for rule in group.rules]
    assert len(rules) > 400
    assert [(rule.name, rule.last_error) for rule in rules if rule.health != "ok"] == []
