"""The boundary between history and live traffic."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from generator.demo.stage import StageOptions, before, survivors
from generator.model.hours import Hours
from generator.model.units import DAY, HOUR
from tests.instrumentation.loading import shipped


# In the ordinary history of the last length, the only instance has just crashed at the end.
@pytest.mark.parametrize("seconds", [60, 86_400, 293_940])
@pytest.mark.parametrize("replicas", [1, 6])
def test_every_instance_goes_on(seconds: float, replicas: int) -> None:
    service = replace(shipped().services[0], replicas=replicas)
    alive = survivors(before(StageOptions(service, shipped(), seconds), 1_795_688_000))
    assert len({life.instance for life in alive}) == replicas
    assert len({life.release for life in alive}) == 1


def test_a_service_with_hours_is_busy_at_all_of_them() -> None:
    service = replace(shipped().services[0], hours=Hours(7 * HOUR, 12 * HOUR))
    traffic = before(StageOptions(service, shipped(), DAY), 1_795_688_000).traffic
    assert len({traffic.at(hour * HOUR) for hour in range(24)}) == 1
