"""Standard scores of bad events, as a real Prometheus computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.alerts.chance import standard_score
from generator.alerts.condition import AlertNumber, InputSeries
from generator.promql.expr import Expr, Series, number
from tests.models import SPECS, model_of

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi

SUCCESS = model_of(SPECS).library.signals["success_rate"]
PARTS = InputSeries(Series("value"), Series("numerator"), Series("denominator"), (), ())


@pytest.mark.parametrize(
    ("bad", "every", "share", "score"),
    [(19, 100, 0.1, 3.0), (5, 100, 0.1, -5 / 3), (40, 400, 0.05, 20 / 19**0.5), (12, 36, 0.1, 14 / 3)],
)
def test_a_score_is_exact_at_whole_standard_deviations(
    prometheus: PrometheusApi, bad: int, every: int, share: float, score: float
) -> None:
    """19 of 100 are exactly 3 standard deviations beyond 10%, which binary fractions make a little less."""
    counted, allowed = (
        [Expr(f"vector({one})") for one in (bad, every)],
        AlertNumber(number(share), literal=True),
    )
    expr = standard_score(counted[0], counted[1], allowed, PARTS, SUCCESS)
    (found,) = prometheus.query(expr.text, 0)
    assert found.value == pytest.approx(score, abs=1e-8)
    whole = round(score)
    if score == pytest.approx(whole):
        assert found.value == whole
