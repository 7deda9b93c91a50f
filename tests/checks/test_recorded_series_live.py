"""The account of recorded series against a real Prometheus with every series that the specs allow."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.checks.cardinality.account import account
from generator.checks.world import of_service, world
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.prometheus.rule_set import compile_rules
from tests.checks import brute
from tests.checks.models import SITE, shared, small
from tests.resolve.build import profile, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.metrics import Metric
    from generator.model.service import Service

T0 = 1_700_467_200
SCRAPE = 15
HOURS = 2
END = T0 + HOURS * 3600
#: The seconds between the starts of two releases.
LATER = 600

ALERTS: dict[str, str | None] = {
    "Low": "{threshold: {signal: success_rate}, warning: 95%, min_bad_events: 5}",
    "Drop": "{change: {signal: success_rate, over: 15m}, warning: 5pp}",
    "ToolHigh": "{threshold: {signal: tool_error_rate, by: tool}, critical: 5%, warning: 2%}",
    "ToolRising": "{change: {signal: tool_error_rate, by: tool, over: 15m}, warning: 4pp}",
    "Burn": "{burn_rate: {signal: success_rate}, critical: 14.4x in 1h and 5m}",
    "Worse": "{regression: {signal: success_rate}, warning: 5pp}",
    "Shift": "{change: {signal: reasons, by: reason, over: 15m}, warning: 5pp}",
    "Beyond": "{overflow: {signal: latency_p95}, warning: 5%}",
}
TRENDS: dict[str, str | None] = {
    "success_rate": "{title: Success, description: Good., share: {of: runs_total, where: {status: ok}}, "
    "by: [release], better: higher, trend: {over: 15m}}",
    "tool_error_rate": "{title: Tool errors, description: Bad., share: {of: calls_total, where: {status: error}}, "
    "by: [tool, release], worst_by: tool, trend: {over: 15m}}",
    "reasons": "{title: Reasons, description: Why., distribution: {of: runs_total, label: reason}, by: [release], "
    "worst_by: reason, trend: {over: 15m}}",
    "tokens_per_run": "{title: Tokens, description: Tokens., tokens: {of: tokens_total, per: runs_total}, "
    "by: [model, token_type, release], trend: {over: release}}",
}


def test_nothing_is_recorded_beyond_the_account(
    prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    objectives = {"success_rate": "{min: 97%, window: 30d}", "latency_p95": "{max: 2s}"}
    spec = profile(signals=TRENDS, alerts=ALERTS, objectives=dict(objectives))
    found = small(tmp_path, service(labels="{tool: [a, b], model: [m1, m2]}"), profile=spec)
    demo = replace(found, name=unique, selector={"job": unique}, replicas=2)
    rules = compile_rules(demo, SITE, shared(SITE).records)
    write(prometheus, _everything(demo))
    evaluate(prometheus, rules.recording, T0, END)

    known = world(demo, rules, of_service(shared(SITE), demo))
    # Its profile declares all signals itself: its own rules record everything but the status.
    records = account(demo, SITE, rules, known).records
    bounds = {each.record: each.live for each in records if not each.shared}
    seen = _most_at_once(prometheus, demo)
    assert {record: count for record, count in seen.items() if count > bounds.get(record, 0)} == {}
    assert {
        record for record, bound in bounds.items() if seen[record] < bound and not _loose(record)
    } == set()


def _loose(record: str) -> bool:
    """Whether a bound is known to be too high.

    Only one release is compared, and none is left idle; rows of the board differ, the last bucket has no upper bound,
    and only two edges are around a bound. Here, no server counts its scrapes, and prices and the calendar of error
    budgets are elsewhere.
    """
    one_of_all = (":newest", ":beside", ":previous", ":before", ":step", ":first", ":release_change")
    markers = ("release:agent_candidate:", "release:agent_predecessor:", "release:agent_settled:")
    idle = (names.LEFT, names.DESERTED)
    sides = (":newest_", ":beside_")
    elsewhere = ("service:agent_signal:", "service:agent_scraped:", *names.OF_BUDGETS)
    priced = ":tokens_cost:" in record or record.endswith(":usd")
    compared = (
        record.endswith(one_of_all) or record.startswith(markers) or any(one in record for one in sides)
    )
    edges = record.endswith((":upper", ":weight"))
    return compared or priced or edges or record in idle or record.startswith(elsewhere)


def _most_at_once(api: PrometheusApi, demo: Service) -> Counter[str]:
    seen: Counter[str] = Counter()
    for second in range(T0, END + 1, 300):
        samples = api.query(f'{{service="{demo.name}"}}', second)
        seen |= Counter(sample.labels["__name__"] for sample in samples)
    return seen


def _everything(demo: Service) -> Iterator[TimeSeries]:
    """Expose every allowed combination on every instance, each release from its own time on."""
    for metric in demo.metrics.values():
        labels = [demo.labels[name] for name in metric.labels]
        for number, combination in enumerate(sorted(brute.combinations(labels))):
            for instance in range(demo.replicas):
                target = {"job": demo.selector["job"], "instance": str(instance), **dict(combination)}
                yield from _exposed(metric, target, 1 + number % 7)


def _exposed(metric: Metric, target: dict[str, str], pace: int) -> Iterator[TimeSeries]:
    release = int(target.get("release", "-0").rpartition("-")[2])
    start = T0 - 900 + release * LATER
    times = range(start, END + 1, SCRAPE)
    if not metric.is_histogram:
        yield _counting(metric.name, target, times, pace)
        return
    bounds = (*(f"{bound:g}" for bound in metric.buckets), "+Inf")
    for index, bound in enumerate(bounds, start=1):
        yield _counting(f"{metric.name}_bucket", {**target, "le": bound}, times, pace * index)


def _counting(name: str, target: dict[str, str], times: range, pace: int) -> TimeSeries:
    return TimeSeries(
        {"__name__": name, **target},
        [time * 1000 for time in times],
        [float(pace * step) for step in range(len(times))],
    )
