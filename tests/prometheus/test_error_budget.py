"""Error budgets of 30 days on a real Prometheus that keeps 15, beside a count of every event in plain Python."""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.model.rules import RuleGroup
from generator.model.units import DAY, HOUR, WEEK
from generator.prometheus.shared import ERROR_BUDGET, shared_rules
from generator.promql.syntax import reach
from generator.signals import error_budget
from generator.signals.error_budget import Promise
from generator.streams.scope import Scope
from tests.prometheus.chain import T0

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

SIGNAL = "success_rate"
BUDGET = 0.05
#: A midnight of UTC; rules are evaluated twelve times a day, so that weeks are few steps.
START = T0 // DAY * DAY
STEP = 2 * HOUR
DAILY = 12
_LEFT = (names.BUDGET_SPENT, names.BUDGET_ALLOWED, names.BUDGET_LEFT, names.BUDGET_SECONDS_LEFT)


class _Service(Struct, frozen=True):
    """A service: the days of its window, and the bad events and all events of each recorded step."""

    name: str
    days: int
    steps: Mapping[int, tuple[float, float]]

    def expected(self, at: int) -> tuple[float, float, float, float]:
        """Compute the spent and the allowed events, the remaining part and its seconds; infinite for no end."""
        spent, every = (self._within(at, self.days * DAY, side) for side in (0, 1))
        allowed = BUDGET * every
        pace, of_day = self._within(at, DAY, 0), self._within(at, DAY, 1)
        is_fast = pace > max(allowed / self.days, BUDGET * of_day)
        seconds = max(0.0, allowed - spent) / pace * DAY if is_fast else inf
        return spent, allowed, 1 - spent / allowed if allowed else inf, seconds

    def _within(self, at: int, window: int, side: int) -> float:
        """Sum by days in UTC; of the oldest day the part in the window counts."""
        by_day: dict[int, float] = {}
        for step, events in self.steps.items():
            if step <= at:
                by_day[step // DAY] = by_day.get(step // DAY, 0.0) + events[side]
        parts = ((min(1.0, ((day + 1) * DAY - at + window) / DAY), events) for day, events in by_day.items())
        return sum(part * events for part, events in parts if part > 0)

    def series(self, start: int, end: int) -> Iterable[TimeSeries]:
        """Yield the inputs of other rules after ``start``."""
        steps = [step for step in self.steps if start <= step <= end]
        sides: dict[str, list[float]] = {
            f"service:agent_{SIGNAL}:errors_rate": [self.steps[step][0] / STEP for step in steps],
            "service:agent_run:rate": [self.steps[step][1] / STEP for step in steps],
            f"service:agent_{SIGNAL}:objective_window": [self.days * DAY for _ in steps],
            f"service:agent_{SIGNAL}:error_budget": [BUDGET for _ in steps],
        }
        for name, values in sides.items():
            labels = {"__name__": name, names.SERVICE: self.name}
            yield TimeSeries(labels, [step * 1000 for step in steps], values)


def _lived(name: str, days: int, seed: int, down: Iterable[range] = (), life: int = 40) -> _Service:
    """Simulate a service with nights, incidents, and steps in which Prometheus is down."""
    draws = Random(seed)  # noqa: S311 - no secret
    gone = {step for times in down for step in times}
    found = {}
    for step in range(1, life * DAILY + 1):
        every = draws.choice((0.0, 5.0, 200.0, 3000.0))
        share = draws.choice((0.0, 0.01, 0.04, 0.3)) if draws.random() < 0.9 else 1.0
        if step not in gone:
            found[START + step * STEP] = (every * share * 0.3, every)
    return _Service(name, days, found)


@pytest.fixture(scope="module")
def groups(model: Model) -> tuple[RuleGroup, ...]:
    """The rules of error budgets, with rules evaluated every two hours."""
    site = replace(model.site, rule_interval=STEP)
    return shared_rules(model.library, site).recording[ERROR_BUDGET]


def _balances(api: PrometheusApi, at: int) -> dict[str, tuple[float, ...]]:
    found: dict[str, dict[str, float]] = {}
    for name in _LEFT:
        for one in api.query(f'{name}{{signal="{SIGNAL}"}}', at):
            found.setdefault(one.labels[names.SERVICE], {})[name] = one.value
    return {name: tuple(values.get(one, inf) for one in _LEFT) for name, values in found.items()}


def _kept(api: PrometheusApi, at: int, retention: int) -> list[TimeSeries]:
    """Read everything that a server with this retention still has."""
    found = api.query_samples(f'{{__name__!=""}}[{retention}s]', at).series
    return [TimeSeries(one.labels, [round(t * 1000) for t in one.timestamps], one.values) for one in found]


def _compare(found: Mapping[str, tuple[float, ...]], services: Iterable[_Service], at: int) -> int:
    """Compare the records with the counts; a service without streams has no budget."""
    alive = [one for one in services if at in one.steps]
    assert found.keys() == {one.name for one in alive}
    for one in alive:
        assert found[one.name] == pytest.approx(one.expected(at), rel=1e-9, abs=1e-9), (one.name, at)
    return len(alive)


def test_a_window_of_30_days_is_right_where_15_are_kept(
    groups: tuple[RuleGroup, ...],
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
) -> None:
    """Every five days a server goes on with the last 15 days of the previous one: the rest is lost, as by retention.

    It is down for two hours within a day, and for three days at once.
    """
    down = (range(12 * DAILY + 3, 12 * DAILY + 4), range(27 * DAILY, 30 * DAILY + 1))
    up = (range(1, 12 * DAILY + 3), range(12 * DAILY + 4, 27 * DAILY), range(30 * DAILY + 1, 40 * DAILY + 1))
    services = [
        _lived("month", 30, 1, down),
        _lived("week", 7, 2, down),
        _lived("day", 1, 3, down),
        _lived("quarter", 90, 4, down),
        _lived("young", 30, 5, down, life=9),
    ]
    kept: list[TimeSeries] = []
    compared = 0
    for start in range(0, 40 * DAILY, 5 * DAILY):
        steps = range(start + 1, start + 5 * DAILY + 1)
        with prometheus_server() as server:
            write(server.api, kept)
            first, last = START + steps[0] * STEP, START + steps[-1] * STEP
            write(server.api, [one for service in services for one in service.series(first, last)])
            for times in up:
                part = range(max(times.start, steps.start), min(times.stop, steps.stop))
                if part:
                    evaluate(server.api, groups, START + part[0] * STEP, START + part[-1] * STEP)
            for step in steps[::7]:
                if any(step in times for times in up):
                    at = START + step * STEP
                    compared += _compare(_balances(server.api, at), services, at)
            kept = _kept(server.api, last, 15 * DAY)
    assert compared > 250


def test_a_service_s_own_promise_is_counted_alike(model: Model, prometheus: object) -> None:  # noqa: ARG001
    """Its window and its budget are numbers in its own rules, without events of other services."""
    mine, other = _lived("mine", 2, 6, life=5), _lived("other", 2, 7, life=5)
    site = replace(model.site, rule_interval=STEP)
    scope, promise = Scope(site, "mine"), Promise(model.library.signals[SIGNAL], 2 * DAY, BUDGET)
    rules = (
        *error_budget.calendar(),
        error_budget.recent_days(promise, scope),
        error_budget.finished(promise, scope),
        *error_budget.balance(promise, scope),
    )
    last = START + 5 * DAILY * STEP
    with prometheus_server() as server:
        write(server.api, [one for service in (mine, other) for one in service.series(START, last)])
        evaluate(server.api, [RuleGroup("own", STEP, rules)], START + STEP, last)
        for at in range(START + STEP, last, 7 * STEP):
            assert _compare(_balances(server.api, at), [mine], at) == 1


def test_nothing_is_read_that_retention_has_removed(groups: tuple[RuleGroup, ...]) -> None:
    furthest = max(reach(rule.expr, {}) for group in groups for rule in group.rules)
    assert furthest == WEEK
