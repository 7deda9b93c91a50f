"""The article's own status table, from raw counters to the status board and the alerts."""

from __future__ import annotations

from tests.prometheus.chain import T0
from tests.prometheus.increments import MINUTE

NOW = T0 + 180 * MINUTE

_SUCCESS_BEFORE, _SUCCESS_NOW = 0.967, 0.914
_LATENCY_BEFORE = {1000: 0.95 - 0.05 * _SUCCESS_BEFORE, 2000: 1.0}
