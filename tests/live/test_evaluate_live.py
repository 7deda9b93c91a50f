"""evaluate() against Prometheus's own rule manager, on the same rules and data."""

from __future__ import annotations

import time
from math import ceil, floor
from typing import TYPE_CHECKING

import yaml

from generator.live.evaluate import evaluate
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.live.server import ServerConfig
from generator.model.rules import RecordingRule, RuleGroup
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer

# The manager's instants lie somewhere within each second, ours at its beginning. Samples are at whole seconds,
# and expressions do not depend on the part of a second: results must then be the same to the bit.
EXPRS = {
    "tick": "floor(vector(time()))",
    "by_release": "sum by (release) ({raw})",
    "chained": "sum({test}:by_release) / 3",
    "labelled": "{raw}",
    "peak": "max by (release) (max_over_time({raw}[5s]))",
    "restarts": "resets({raw}[30s])",
    "undefined": "0 * {raw} / 0",
    "one": "1",
    "first_seen": (
        "(last_over_time({test}:first_seen[1d]) and on (release) group by (release) ({raw}))"
        " or on (release) (0 * group by (release) ({raw}) + scalar(floor(vector(time()))))"
    ),
}
LABELS = {"labelled": {"service": "s", "instance": ""}}
SECONDS = 3


def test_the_records_are_those_of_the_rule_manager(
    fresh_prometheus: PrometheusServer, prometheus: PrometheusApi, unique: str, tmp_path: Path
) -> None:
    managed, replayed = fresh_prometheus.api, prometheus
    begin = ceil(time.time())
    for api in (managed, replayed):
        write(api, history(unique, begin))
    fresh_prometheus.load(ServerConfig(rule_files=(rule_file(tmp_path, rules(unique)),)))
    ticks = wait_for_ticks(managed, f"{unique}:tick", begin + SECONDS)
    evaluate(replayed, [rules(unique)], floor(ticks[0]), ticks[-1])
    for tick in ticks:
        assert held(replayed, unique, floor(tick)) == held(managed, unique, tick), tick - begin


def history(test: str, begin: int) -> list[TimeSeries]:
    """v1 restarts before the rules start; v2 comes after the first second of evaluation and leaves a second later."""
    v1 = {begin + second: float(second % 20) for second in range(-25, 60)}
    v2 = {begin + 1: 5.0, begin + 2: STALE_NAN}
    return [
        TimeSeries(
            {"__name__": f"{test}_raw", "release": release, "instance": "i"},
            [second * 1000 for second in samples],
            list(samples.values()),
        )
        for release, samples in (("v1", v1), ("v2", v2))
    ]


def rules(test: str) -> RuleGroup:
    """One group, so that all rules share the manager's instants."""
    return RuleGroup(
        test,
        1,
        tuple(
            RecordingRule(f"{test}:{name}", expr.format(test=test, raw=f"{test}_raw"), LABELS.get(name, {}))
            for name, expr in EXPRS.items()
        ),
    )


def rule_file(folder: Path, group: RuleGroup) -> Path:
    """Write a group as Prometheus reads it."""
    written = [
        {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    ]
    document = {"groups": [{"name": group.name, "interval": f"{group.interval}s", "rules": written}]}
    path = folder / "live.rules.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def wait_for_ticks(api: PrometheusApi, record: str, end: int) -> list[float]:
    """Return the instants of all evaluations, once there is one at ``end`` or later."""

    def ticks() -> list[float]:
        series = api.query_samples(f"{record}[10m]", time.time()).series
        return list(series[0].timestamps) if series else [0]

    until(lambda: ticks()[-1] >= end)
    # The last evaluation may still be under way.
    return ticks()[:-1]


def held(api: PrometheusApi, test: str, at: float) -> dict[frozenset[tuple[str, str]], str]:
    """All records at an instant; values as text, so that NaN equals NaN."""
    found = api.query(f'{{__name__=~"{test}:.+"}}', at)
    return {frozenset(one.labels.items()): repr(one.value) for one in found}
