"""Descriptions name the culprit of incidents with known causes, and name none where nothing stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.prometheus.culprits import CAUSES, incidents, said

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer
    from generator.model.service import Model

pytestmark = pytest.mark.long

SEED = 7
#: The full set is in the benchmarks: python -m tests.bench --only culprit.
SAMPLE = 2 * len(CAUSES)


def test_the_culprit_is_named(fresh_prometheus: PrometheusServer, model: Model) -> None:
    found = said(fresh_prometheus.api, model, incidents(SEED, SAMPLE), SEED)
    wrong = [(one.incident.cause, one.incident.must, one.named) for one in found if not one.right]
    assert len(wrong) <= 0.05 * SAMPLE, wrong
    silent = [one.named for one in found if one.incident.cause == "everything alike"]
    assert silent == [{}] * len(silent)
