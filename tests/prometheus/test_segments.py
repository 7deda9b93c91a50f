"""A segment splits the series of a service: what is recorded of the whole service stays what it is without one."""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec.structs import replace

from generator.resolve.segments import SIGNALS
from tests.models import model_of
from tests.prometheus.chain import T0
from tests.prometheus.crafted import SCRAPE, Stretch, craft
from tests.prometheus.increments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.remote_write import TimeSeries
    from generator.model.service import Service
    from tests.prometheus.conftest import NewChain

_SPECS = Path(__file__).parents[2] / "specs"
_LENGTH = 60
#: The tiers serve by turns, and then both: what the first, the second and all others get of each turn's events.
_TURN = 7 * MINUTE // SCRAPE
_SHARES = {"free": (1, 0, 0.75), "pro": (0, 1, 0.25)}


@pytest.fixture
def tiered(tmp_path: Path) -> Service:
    """The project's support-agent with a segment in each stream that may have one, but what only few profiles feed."""
    directory = copytree(_SPECS, tmp_path / "specs")
    path = directory / "services" / "support-agent.yaml"
    spec = yaml.safe_load(path.read_text())
    streams = [name for name in SIGNALS if name != "cost"]
    spec["segments"] = {"tier": {"values": list(_SHARES), "of": streams}}
    path.write_text(yaml.safe_dump(spec))
    return next(one for one in model_of(directory).services if one.name == "support-agent")


def raw(service: Service) -> list[TimeSeries]:
    """Let a release with larger buckets replace another one; both serve at the end."""
    name = "agent_run_latency_ms"
    smaller = replace(service.metrics[name], buckets=service.metrics[name].buckets[:-2])
    old = replace(service, metrics={**service.metrics, name: smaller})
    slow: dict[float, float] = {250: 0.5, 1000: 0.9, 2000: 0.99}
    return [
        *craft(old, [Stretch(_LENGTH, "v1", runs=300, latency=slow)]),
        *craft(service, [Stretch(_LENGTH - 20, "v2", runs=200, latency=slow)], start=T0 + 20 * MINUTE),
    ]


def split(series: list[TimeSeries]) -> Iterator[TimeSeries]:
    """Share the events of each turn out."""
    for one in series:
        steps = [after - before for before, after in pairwise([one.values[0], *one.values])]
        for tier, shares in _SHARES.items():
            given = (step * shares[scrape // _TURN % len(shares)] for scrape, step in enumerate(steps))
            values = [one.values[0] + total for total in accumulate(given)]
            yield replace(one, labels={**one.labels, "tier": tier}, values=values)


def test_a_segment_changes_no_record_of_the_whole_service(
    chain: NewChain, support: Service, tiered: Service
) -> None:
    end = T0 + _LENGTH * MINUTE
    whole, parts = chain(), chain(tiered)
    whole.write(raw(support))
    parts.write(split(raw(tiered)))
    for one in (whole, parts):
        one.evaluate(T0, end)
    expected, found = whole.recorded(end, end)[end], parts.recorded(end, end)[end]
    wrong = {
        key: (value, found.get(key))
        for key, value in expected.items()
        if not key[0].startswith("stream:") and found.get(key) != pytest.approx(value)
    }
    assert wrong == {}
