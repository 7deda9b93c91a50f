"""A fleet of the benchmark matches its lines: the number of instances, the same traffic, and all of it recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.fleet import fleet
from tests.models import SPECS, model_of

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi

#: More than the 15 minutes over which runs are counted.
MINUTES = 20


@pytest.mark.usefixtures("prometheus")  # it marks what needs a real server; each fleet has one of its own
def test_a_fleet_has_its_instances_which_share_the_traffic_that_is_recorded() -> None:
    model, runs = model_of(SPECS), {}
    for instances in (1, 5):
        with fleet(model, instances, MINUTES) as found:
            alive = "count(count by (instance) (agent_run_total))"
            assert _value(found.api, alive, found.end) == instances
            runs[instances] = _value(found.api, "sum(increase(agent_run_total[15m]))", found.end)
            recorded = _value(found.api, "service:agent_run:increase15m", found.end)
            assert recorded == pytest.approx(runs[instances], rel=0.1)
    assert runs[5] == pytest.approx(runs[1], rel=0.3)
    assert runs[1] > 100


def _value(api: PrometheusApi, expr: str, at: int) -> float:
    (sample,) = api.query(expr, at).samples
    return sample.value
