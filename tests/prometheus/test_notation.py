"""The notation of promtool's unit tests, read as promtool reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from generator.prometheus.rule_tests.files import trials_of
from generator.scenarios import Phase, SeriesId, samples_of, series_of, values_of

if TYPE_CHECKING:
    from generator.model.service import Model

_PART = re.compile(r"(?P<value>_|stale|[0-9.]+)(?:x(?P<times>[0-9]+))?")
_ID = SeriesId("x", (("job", "j"),))


def read(values: str) -> list[float | None]:
    """Expand ``axn`` to n + 1 values, ``_xn`` to n gaps; a stale mark counts as one value."""
    found: list[float | None] = []
    for part in values.split():
        match = _PART.fullmatch(part)
        assert match, part
        times = int(match["times"] or 0)
        if match["value"] in {"_", "stale"}:
            found += [None] * (times or 1)
        else:
            found += [float(match["value"])] * (times + 1)
    return found


@given(
    st.lists(st.tuples(st.integers(1, 400), st.none() | st.floats(0, 1e9)), min_size=1, max_size=5),
    st.integers(1, 5),
)
def test_what_is_written_is_what_was_meant(phases: list[tuple[int, float | None]], every: int) -> None:
    meant = tuple(Phase(steps, {} if value is None else {_ID: value}) for steps, value in phases)
    expected = samples_of(meant, _ID, every)
    assert len(expected) == 1 + every * sum(phase.steps for phase in meant)
    assert read(values_of(meant, _ID, every)) == expected


def test_a_series_that_ends_is_stale_at_once() -> None:
    assert values_of((Phase(2, {_ID: 1.5}), Phase(3, {}), Phase(1, {_ID: 2.0})), _ID) == "1.5x2 stale _x2 2"


def test_every_case_has_series_and_something_to_expect(model: Model) -> None:
    for alert in model.library.alerts:
        for trial in trials_of(alert, model.library, model.site):
            timeline = trial.case.timeline
            assert series_of(timeline.phases)
            assert timeline.expectations
            assert all(one.seconds <= timeline.seconds for one in timeline.expectations)
