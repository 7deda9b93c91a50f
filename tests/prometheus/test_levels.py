"""Levels: gauges of several instances, aggregated and over windows, compared with sums by hand."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.live.remote_write import TimeSeries
from generator.live.server import prometheus_server
from tests.models import model_of, renamed
from tests.prometheus.chain import T0, Chain
from tests.prometheus.increments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.prometheus.expected import Key

_SPECS = Path(__file__).parents[2] / "specs"
_METRICS = {
    "levels_queue": {"type": "gauge", "help": "Q.", "labels": ["tool"]},
    "levels_score": {"type": "gauge", "help": "S.", "labels": ["release"], "across": "avg"},
    "levels_wait_ms": {"type": "gauge", "unit": "ms", "help": "W.", "labels": [], "across": "max"},
}
_SIGNALS = {
    "queue_now": {"level": {"of": "levels_queue"}, "by": ["tool"]},
    "queue_most": {"level": {"of": "levels_queue", "take": "max"}, "window": "10m"},
    "queue_least": {"level": {"of": "levels_queue", "take": "min"}, "window": "10m"},
    "queue_mean": {"level": {"of": "levels_queue", "take": "avg"}, "window": "10m"},
    "score": {"level": {"of": "levels_score"}, "by": ["release"], "better": "higher"},
    "wait": {"level": {"of": "levels_wait_ms", "take": "max"}, "window": "10m"},
}
#: By instance, metric and labels: the value of each minute from T0 on.
_SHOWN: Mapping[tuple[str, str, tuple[tuple[str, str], ...]], list[float]] = {
    ("a", "levels_queue", (("tool", "search_docs"),)): [*range(20)],
    ("b", "levels_queue", (("tool", "search_docs"),)): [2.0] * 20,
    ("a", "levels_queue", (("tool", "send_email"),)): [10.0] * 20,
    ("a", "levels_score", (("release", "v1"),)): [0.5] * 20,
    ("b", "levels_score", (("release", "v1"),)): [1.0] * 20,
    ("b", "levels_score", (("release", "v2"),)): [0.25] * 20,
    ("a", "levels_wait_ms", ()): [1500.0] * 5 + [3000.0] + [1500.0] * 14,
    ("b", "levels_wait_ms", ()): [-1.0] * 20,
}


@pytest.fixture(scope="module")
def recorded(
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[Key, float]:
    """The records of the twentieth minute."""
    directory = copytree(_SPECS, tmp_path_factory.mktemp("levels") / "specs")
    path = directory / "services" / "support-agent.yaml"
    spec = yaml.safe_load(path.read_text())
    spec["metrics"] = _METRICS
    spec["signals"] |= {name: {"title": name, "description": name, **body} for name, body in _SIGNALS.items()}
    path.write_text(yaml.safe_dump(spec))
    model = model_of(directory)
    service = renamed(next(one for one in model.services if one.name == "support-agent"), "levels")
    times = [(T0 + minute * MINUTE) * 1000 for minute in range(20)]
    end = T0 + 19 * MINUTE
    with prometheus_server() as server:
        chain = Chain(server.api, service, model.library, model.site)
        chain.write(
            TimeSeries(
                {"__name__": name, "job": "levels", "instance": instance, **dict(labels)}, times, values
            )
            for (instance, name, labels), values in _SHOWN.items()
        )
        chain.evaluate(T0, end)
        return chain.recorded(end, end)[end]


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("service:agent_queue_now:count", {}, 19 + 2 + 10),
        ("tool:agent_queue_now:count", {"tool": "search_docs"}, 19 + 2),
        ("tool:agent_queue_now:count", {"tool": "send_email"}, 10),
        ("service:agent_queue_most:count", {}, 31),
        ("service:agent_queue_least:count", {}, 10 + 12),
        ("service:agent_queue_mean:count", {}, sum(range(10, 20)) / 10 + 12),
        ("release:agent_score:count", {"release": "v1"}, 0.75),
        ("release:agent_score:count", {"release": "v2"}, 0.25),
        ("service:agent_score:count", {}, 0.5),
        ("service:agent_wait:seconds", {}, 1.5),
    ],
)
def test_a_level_is_what_its_gauges_show(
    recorded: Mapping[Key, float], name: str, labels: dict[str, str], value: float
) -> None:
    assert recorded[name, frozenset(labels.items())] == pytest.approx(value)
