"""The model of quietness agrees in every minute with the generated rules on a real Prometheus."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.rules import RecordingRule
from generator.prometheus.shared import shared_rules
from tests.models import SPECS, model_of
from tests.prometheus.chain import T0
from tests.prometheus.trials import needed, rules_of
from tests.quietness import policy
from tests.quietness.model import HOUR, Held, Minutes, beyond, burning, firing, missing, notifications

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.service import Library

pytestmark = pytest.mark.long

STEP, HOURS = 60, 10
SUCCESS, TOOL = 0.97, 0.05
LOW, BURN, TOOL_HIGH, SLOW, NO_RUNS = (
    "AgentSuccessRateLow",
    "AgentErrorBudgetBurn",
    "AgentToolErrorRateHigh",
    "AgentLatencyP95High",
    "AgentNoRuns",
)
#: The promised p95, in seconds, and the buckets: a quick run is in the first, a slow one beyond twice the promise.
P95, BUCKETS = 2, ("1", "2", "4", "10", "+Inf")
RUNS, CALLS, TIMES = "runs", "calls", "times"

Found = tuple[str, str, str]  # a service, an alert, a severity


class Lived(Struct, frozen=True):
    """A service: its runs, their times or the calls of its tool, minute by minute, and its promised runs an hour."""

    name: str
    minutes: Minutes
    of: str = RUNS
    promised: float = 0


def _services(rng: Random) -> Iterator[Lived]:
    """Make services with different traffic: good, bad, and alternating."""

    def drawn(*stretches: tuple[int, float, float]) -> Minutes:
        first, *rest = (Minutes.drawn(rng, hours * HOUR, *pace) for hours, *pace in stretches)
        return sum(rest, first)

    yield Lived("busy", drawn((HOURS, 20, 0.05)))
    yield Lived("rare", drawn((2, 1 / 3, 0.0), (4, 1 / 3, 1.0), (4, 1 / 3, 0.0)), promised=20)
    yield Lived("rarer", drawn((5, 0.1, 1.0), (5, 0.1, 0.3)), promised=8)
    yield Lived("outage", drawn((3, 20, 0.01), (1, 20, 1.0), (6, 20, 0.025)), promised=1200)
    yield Lived("half", drawn((3, 1, 0.02), (3, 0.4, 0.5), (4, 1, 0.02)), promised=60)
    yield Lived("near", drawn((HOURS, 13, 0.045)), CALLS)
    yield Lived("ill", drawn((4, 2, 0.15), (6, 2, 0.06)), CALLS)
    yield Lived("dead", drawn((5, 0.1, 1.0), (5, 0.1, 0.0)), CALLS)
    yield Lived("rarely slow", drawn((3, 0.1, 0.02), (4, 0.1, 0.6), (3, 0.1, 0.02)), TIMES)
    yield Lived("slow", drawn((4, 20, 0.045), (3, 20, 0.1), (3, 2, 0.15)), TIMES)


def test_the_model_is_what_the_rules_are(prometheus: PrometheusApi) -> None:
    services, model = tuple(_services(Random(1))), model_of(SPECS)  # noqa: S311 - nothing secret
    library = model.library
    groups = shared_rules(library, model.site).groups
    rules = [rule for name in (LOW, BURN, TOOL_HIGH, SLOW, NO_RUNS) for rule in rules_of(groups, name)]
    write(prometheus, [series for one in services for series in _series(one)])
    recorders = [
        group
        for group in needed(groups, [rule.expr for rule in rules])
        if all(isinstance(rule, RecordingRule) for rule in group.rules)
    ]
    end = T0 + (HOURS * HOUR - 1) * STEP
    evaluate(prometheus, recorders, T0, end, step=STEP)
    seen: dict[Found, set[int]] = {}
    for rule in rules:
        for series in prometheus.query_range(rule.expr, T0, end, STEP).series:
            key = series.labels["service"], rule.alert, rule.labels["severity"]
            seen.setdefault(key, set()).update((round(at) - T0) // STEP for at in series.timestamps)
    expected = {key: at for key, at in _expected(services, library) if at}
    names = {one.name for one in services}
    assert {key: at for key, at in seen.items() if key[0] in names} == expected
    assert {(alert, severity) for _, alert, severity in expected} == {
        (rule.alert, rule.labels["severity"]) for rule in rules if rule.labels["severity"] == "critical"
    } | {(alert, "warning") for alert in (LOW, TOOL_HIGH, SLOW, NO_RUNS)}


def _expected(services: Sequence[Lived], library: Library) -> Iterator[tuple[Found, set[int]]]:
    for one in services:
        for severity in ("warning", "critical"):
            if one.of != RUNS:
                alert = TOOL_HIGH if one.of == CALLS else SLOW
                bound = policy.bounded(library, alert, severity, TOOL)
                yield (one.name, alert, severity), _true(beyond(one.minutes, bound))
                continue
            bound = policy.bounded(library, LOW, severity, SUCCESS)
            yield (one.name, LOW, severity), _true(beyond(one.minutes, bound))
            paces = policy.paces(library, BURN, severity, SUCCESS)
            fewest = policy.found(library, BURN).min_bad_events
            yield (one.name, BURN, severity), _true(burning(one.minutes, paces, fewest))
        if one.promised:
            windows = policy.windows(library, NO_RUNS)
            yield (one.name, NO_RUNS, "warning"), _true(missing(one.minutes, one.promised, windows))


def _true(condition: Iterator[bool]) -> set[int]:
    return {at for at, is_true in enumerate(condition) if is_true}


def _series(one: Lived) -> Iterator[TimeSeries]:
    """Write the records of a service's file: its streams, and its promises."""
    yield from _times(one) if one.of == TIMES else _events(one)
    yield _constant(one, "service:agent_info", 1, owner="team", profile="agent", run="run")
    for signal, objective in (("success_rate", SUCCESS), ("tool_error_rate", TOOL), ("latency_p95", P95)):
        yield _constant(one, "service:agent_objective:value", objective, signal=signal)
    yield _constant(one, "service:agent_objective:window", 30 * 86_400, signal="success_rate")
    if one.promised:
        yield _constant(one, "service:agent_traffic:min_runs_per_hour", one.promised)


def _events(one: Lived) -> Iterator[TimeSeries]:
    name = "stream:agent_run:rate" if one.of == RUNS else "stream:agent_tool_call:rate"
    labels = {"stop_reason": "completed"} if one.of == RUNS else {"tool": "search"}
    good = [every - bad for every, bad in zip(one.minutes.every, one.minutes.bad, strict=True)]
    for status, counts in (("ok", good), ("error", one.minutes.bad)):
        yield _written(one, name, [count / STEP for count in counts], status=status, release="r1", **labels)


def _times(one: Lived) -> Iterator[TimeSeries]:
    """Write a histogram: each bucket counts all observations within its bound."""
    quick = [every - bad for every, bad in zip(one.minutes.every, one.minutes.bad, strict=True)]
    for place, le in enumerate(BUCKETS):
        counts = quick if place < len(BUCKETS) - 2 else one.minutes.every
        rates = [count / STEP for count in counts]
        yield _written(one, "stream:agent_run_latency:rate", rates, le=le, release="r1")


def _constant(one: Lived, name: str, value: float, **labels: str) -> TimeSeries:
    return _written(one, name, [value] * len(one.minutes), **labels)


def _written(one: Lived, name: str, values: Sequence[float], **labels: str) -> TimeSeries:
    found: Mapping[str, str] = {"__name__": name, "service": one.name, **labels}
    return TimeSeries(dict(found), [(T0 + at * STEP) * 1000 for at in range(len(values))], list(values))


def test_an_alert_waits_and_lasts() -> None:
    alert = Held(2, 3)
    truth = [c == "x" for c in ".xx.xxx..x....x"]
    shown = "".join("F" if fires else "." for fires in firing(iter(truth), alert))
    assert shown == "......FFFFFFF.."
    assert notifications([c == "F" for c in shown]) == 1
