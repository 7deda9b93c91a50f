"""The notation of promtool's unit tests, read as promtool reads it: by adding step after step."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from generator.prometheus.witness.case import Trial
from generator.prometheus.witness.exposed import Exposed
from generator.prometheus.witness.history import Phase, SeriesId, notation
from generator.prometheus.witness.kinds import cases
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from generator.model.service import Model

_PART = re.compile(r"(?P<start>_|[0-9.]+)(?:\+(?P<step>[0-9.]+))?(?:x(?P<times>[0-9]+))?")
_ID = SeriesId("x", (("job", "j"),))


def read(values: str) -> list[float | None]:
    """Expand ``a+bxn`` to a, a+b, a+2b ..., ``_xn`` to n gaps."""
    found: list[float | None] = []
    for part in values.split():
        match = _PART.fullmatch(part)
        assert match, part
        times = int(match["times"] or 0)
        if match["start"] == "_":
            found += [None] * (times or 1)
            continue
        value = float(match["start"])
        found.append(value)
        for _ in range(times):
            value += float(match["step"] or 0)
            found.append(value)
    return found


@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1e7)), min_size=1, max_size=5))
def test_a_counter_never_falls_by_a_hair(phases: list[tuple[int, float]]) -> None:
    told = tuple(Phase(minutes * 60, {_ID: gain}) for minutes, gain in phases)
    (values,) = notation(told, 15).values()
    samples = [value for value in read(values) if value is not None]
    assert len(samples) == 1 + sum(phase.seconds // 15 for phase in told)
    assert all(before <= after for before, after in pairwise(samples))
    gained = sum(gain * (minutes * 4) for minutes, gain in phases)
    assert samples[0] == pytest.approx(4 * max(gain for _, gain in phases), rel=1e-6, abs=1e-6)
    assert samples[-1] - samples[0] == pytest.approx(gained, rel=1e-6, abs=1e-6)


def test_in_what_is_shipped_counters_fall_only_at_restarts(model: Model) -> None:
    for service in model.services:
        exposed = Exposed(service)
        for alert in service.alerts:
            for tier in alert.tiers:
                for case in cases(Trial(alert, tier, exposed, model.site.scrape_interval)):
                    restarts = sum(phase.restarted for phase in case.phases)
                    counters = {str(name) for phase in case.phases for name in phase.load}
                    written = notation(case.phases, model.site.scrape_interval)
                    for values in (written[name] for name in counters):
                        samples = [value for value in read(values) if value is not None]
                        assert sum(after < before for before, after in pairwise(samples)) <= restarts
