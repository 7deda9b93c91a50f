"""Observations beyond a bound, counted by a real Prometheus as ``histogram_quantile`` spreads them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.alerts.beyond import observed_beyond, rules, weight
from generator.alerts.condition import AlertNumber
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import RuleGroup
from generator.model.signals import Better
from generator.promql.expr import Series, number
from generator.streams.scope import Scope
from tests.models import SPECS, model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

T0 = 1_700_467_200
#: The upper edges, and the observations in each bucket.
EDGES, INSIDE, OVERFLOW = (0.5, 1.0, 2.5, 5.0), (40.0, 30.0, 20.0, 8.0), 2.0
FILLED = "le:agent_any:all"


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(SPECS)


def _written(service: str, upper: str) -> Iterator[TimeSeries]:
    total = 0.0
    for edge, inside in zip((*EDGES, None), (*INSIDE, OVERFLOW), strict=True):
        total += inside
        le = "+Inf" if edge is None else f"{edge:g}"
        for name, value in ((upper, edge), (FILLED, total)):
            if value is not None:
                yield TimeSeries({"__name__": name, "service": service, "le": le}, [T0 * 1000], [value])


def _expected(bound: float) -> float:
    """Spread the observations of each bucket evenly; those beyond the last edge are beyond any bound."""
    return OVERFLOW + sum(
        inside * min(1.0, max(0.0, (high - bound) / (high - low)))
        for (low, high), inside in zip(pairwise((0.0, *EDGES)), INSIDE, strict=True)
    )


@pytest.mark.parametrize("bound", [0.2, 0.5, 0.7, 1.0, 1.75, 2.4999, 2.5, 2.5001, 4.0, 5.0, 9.0])
@pytest.mark.parametrize("better", [Better.LOWER, Better.HIGHER])
def test_observations_are_spread_evenly_over_the_bucket_of_a_bound(
    prometheus: PrometheusApi, model: Model, unique: str, bound: float, better: Better
) -> None:
    signal = replace(model.library.signals["latency_p95"], better=better)
    scope, labels = Scope(model.site, unique), {names.ALERT: "Slow", names.SEVERITY: "warning"}
    write(prometheus, _written(unique, names.upper(signal.of)))
    recorded = rules(signal, AlertNumber(number(bound), literal=True), labels, scope)
    evaluate(prometheus, [RuleGroup("around", 60, tuple(recorded))], T0, T0)

    buckets = scope.record(FILLED)
    counted = observed_beyond(buckets, signal, (), weight(signal, labels, scope))
    found = [sample.value for sample in prometheus.query(counted.text, T0)]
    beyond = _expected(bound)
    assert found == [pytest.approx(beyond if better is Better.LOWER else sum(INSIDE) + OVERFLOW - beyond)]


def test_a_bound_without_known_edges_has_no_count(
    prometheus: PrometheusApi, model: Model, unique: str
) -> None:
    """An alert must not take all observations for slow where the buckets are gone."""
    signal, scope = model.library.signals["latency_p95"], Scope(model.site, unique)
    write(prometheus, (one for one in _written(unique, "unused") if one.labels["__name__"] == FILLED))
    counted = observed_beyond(Series(FILLED).where(service=unique), signal, (), weight(signal, {}, scope))
    assert prometheus.query(counted.text, T0) == ()
