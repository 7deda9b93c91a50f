"""A bound is ``2000`` in some libraries, ``2000.0`` in others and in Prometheus 3: nothing may depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from prometheus_client.utils import floatToGoString

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.rules import AlertingRule
from generator.prometheus.rule_set import compile_rules
from tests.checks.models import SITE, small
from tests.resolve.build import profile, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Service

T0 = 1_700_467_200
END = T0 + 40 * 60
SCRAPE = 15

ALERTS: dict[str, str | None] = {
    "High": "{threshold: {signal: latency_p95}, warning: objective, min_bad_events: 5}",
    "Rising": "{change: {signal: latency_p95, over: 15m}, warning: 30%}",
    "Beyond": "{overflow: {signal: latency_p95}, warning: 5%}",
}

SPELLINGS: dict[str, Callable[[float, int], str]] = {
    "decimal": lambda bound, _: f"{bound:.1f}",
    "exponent": lambda bound, _: str(floatToGoString(bound)).removesuffix(".0"),  # type: ignore[no-untyped-call]
    "upgrade": lambda bound, at: f"{bound:.1f}" if at > T0 + 1200 else f"{bound:.0f}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_signals_and_alerts_are_the_same_however_buckets_are_spelled(
    prometheus: PrometheusApi, tmp_path: Path, unique: str, spelling: str
) -> None:
    demo = small(
        tmp_path,
        service(
            labels="{tool: [a], model: [m1]}",
            metrics="{run_ms: {buckets: [100, 1000, 2000, 1000000, 16777216]}}",
        ),
        profile=profile(alerts=ALERTS, objectives={"latency_p95": "{max: 2s}"}),
    )
    plain = _values(prometheus, demo, f"{unique}-plain", lambda bound, _: f"{bound:.0f}")
    assert any("agent_latency_p95" in name for name in plain)
    assert any(name.startswith("High") for name in plain)
    assert _values(prometheus, demo, f"{unique}-{spelling}", SPELLINGS[spelling]) == plain


def _values(
    api: PrometheusApi, demo: Service, name: str, spelled: Callable[[float, int], str]
) -> dict[str, float]:
    """Every recorded value and every alert's value at the end, except for series with each bucket."""
    one = replace(demo, name=name, selector={"job": name})
    rules = compile_rules(one, SITE)
    write(api, _histogram(name, spelled))
    evaluate(api, rules.recording, T0, END)
    alerts = [rule for group in rules.alerting for rule in group.rules if isinstance(rule, AlertingRule)]
    asked = [("", f'{{service="{name}", le=""}}'), *((rule.alert, rule.expr) for rule in alerts)]
    return {
        f"{alert} {sorted({**sample.labels, 'service': ''}.items())}": round(sample.value, 9)
        for alert, expr in asked
        for sample in api.query(expr, END)
    }


def _histogram(job: str, spelled: Callable[[float, int], str]) -> Iterator[TimeSeries]:
    """Most runs end between one and two seconds; a series ends where its bound gets another spelling."""
    shares = {100.0: 1, 1000.0: 2, 2000.0: 8, 1_000_000.0: 10, 16_777_216.0: 19}
    times = range(T0 - 900, END + 1, SCRAPE)
    for number, (bound, count) in enumerate([*shares.items(), (float("inf"), 20)]):
        names = [("+Inf" if number == len(shares) else spelled(bound, at), at) for at in times]
        for le in dict.fromkeys(name for name, _ in names):
            own = [at for name, at in names if name == le]
            labels = {"__name__": "run_ms_bucket", "job": job, "release": "r1", "le": le}
            values = [float(count * (at - times.start) // SCRAPE) for at in own]
            yield TimeSeries(labels, [at * 1000 for at in own], values)
