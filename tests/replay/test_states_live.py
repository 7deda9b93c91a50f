"""A replay against Prometheus's own rule manager, on rules that it ran in real time."""

from __future__ import annotations

import time
from collections import defaultdict
from math import ceil, floor
from typing import TYPE_CHECKING

import yaml

from generator.live.remote_write import TimeSeries, write
from generator.live.server import ServerConfig
from generator.model.rules import AlertingRule
from generator.model.service import SeriesBudget, Site
from generator.replay.jobs import WorkerPool
from generator.replay.replay import Order, replay
from generator.replay.subject import ReplayedRule, ReplaySubject
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.replay.replay import Replay

# One character a second: 1 is true, 0 is false.
CASES = {
    "steady": "011111100000",
    "gap": "011110011100",
    "short": "011000000000",
    "late": "000000001111",
}
RULES = {"Quick": (0, 0), "Held": (3, 0), "Kept": (2, 3), "HeldAndKept": (3, 2)}
SECONDS = 12
SITE = Site(15, 1, 86400, "", "", created_series=False, budget=SeriesBudget(1, 1, 1, 1))

Started = dict[tuple[str, str, str], list[float]]


def test_a_replay_agrees_with_the_rule_manager(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    api = fresh_prometheus.api
    begin = ceil(time.time()) + 1
    write(api, history(begin))
    fresh_prometheus.load(ServerConfig(rule_files=(rule_file(tmp_path),)))
    until(lambda: last_tick(api) >= begin + SECONDS)
    managed = started_by_the_manager(api, begin)
    replayed = started_by_the_replay(replayed_on(api, begin))
    assert managed.keys() == replayed.keys()
    for alert, times in managed.items():
        assert len(times) == len(replayed[alert]), alert
        for theirs, ours in zip(times, replayed[alert], strict=True):
            assert abs(theirs - ours) <= 1, (alert, theirs - begin, ours - begin)


def history(begin: int) -> Iterable[TimeSeries]:
    """Each case, from before the rules start until after the last look."""
    for case, seconds in CASES.items():
        values = [0.0] * 5 + [float(one) for one in seconds] + [float(seconds[-1])] * 30
        times = [(begin - 5 + second) * 1000 for second in range(len(values))]
        yield TimeSeries({"__name__": "signal", "case": case}, times, values)


def rule_file(folder: Path) -> Path:
    """The rules as the manager reads them."""
    rules = [
        {"alert": name, "expr": "signal > 0", "for": f"{hold}s", "keep_firing_for": f"{keep}s"}
        for name, (hold, keep) in RULES.items()
    ]
    document = {
        "groups": [{"name": "live", "interval": "1s", "rules": [{"record": "tick", "expr": "1"}, *rules]}]
    }
    path = folder / "live.rules.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def last_tick(api: PrometheusApi) -> float:
    """The instant of the manager's last evaluation; 0 before the first one."""
    series = api.query_samples("tick[1m]", time.time()).series
    return series[0].timestamps[-1] if series else 0


def started_by_the_manager(api: PrometheusApi, begin: int) -> Started:
    """The times when each alert began to be pending or firing, from the series that the manager writes."""
    found: Started = {}
    for one in api.query_samples("ALERTS[1m]", begin + SECONDS - 0.001).series:
        key = (one.labels["alertname"], one.labels["case"], one.labels["alertstate"])
        before = (float("-inf"), *one.timestamps)
        # A missing second is the manager's own delay; the gaps of the cases are longer.
        found[key] = [
            floor(now) for last, now in zip(before, one.timestamps, strict=False) if now - last > 2.5
        ]
    return found


def started_by_the_replay(found: Replay) -> Started:
    """The same, by a replay; an alert that fires at once is never pending."""
    started: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for history_ in found.alerts:
        for episode in history_.episodes:
            name, activity = history_.of.rule.alert, episode.activity
            if activity.fired_at is not None:
                started[name, episode.labels["case"], "firing"].append(activity.fired_at)
            if activity.fired_at != activity.active_at:
                started[name, episode.labels["case"], "pending"].append(activity.active_at)
    return dict(started)


def replayed_on(api: PrometheusApi, begin: int) -> Replay:
    """Replay the same rules on the same server."""
    rules = tuple(
        ReplayedRule("s", AlertingRule(name, "signal > 0", hold, keep, {}, {}), 1, 300)
        for name, (hold, keep) in RULES.items()
    )
    order = Order(ReplaySubject(("s",), rules, ()), SITE, begin - 1, begin + SECONDS - 1)
    return replay(order, WorkerPool((api,), lambda *_: None))
