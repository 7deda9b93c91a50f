"""The forecast of the day's cost: scaled by yesterday, and missing before the first whole day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.live.remote_write import TimeSeries
from generator.model.rules import RecordingRule
from generator.model.units import parse_duration
from generator.prometheus.shared import shared_rules
from tests.prometheus.chain import T0
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, priced

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.service import Model
    from tests.prometheus.chain import Chain
    from tests.prometheus.conftest import NewChain

HOUR = 60 * MINUTE
#: Days of rules every minute and scrapes every quarter of one would take long, and say little more.
RULES, SCRAPE = 3 * MINUTE, 30
_MODEL, _PROMPT_USD = "gpt-4o-mini", 0.15e-6


@pytest.fixture
def spending(chain: NewChain) -> Callable[[int, Callable[[float], float]], Chain]:
    """Spend USD an hour, as a function of the hour, from T0 on for some hours."""

    def spend(hours: int, pace: Callable[[float], float]) -> Chain:
        new, value = chain(), 0.0
        new = replace(new, site=replace(new.site, rule_interval=RULES, scrape_interval=SCRAPE))
        times, values = [], []
        for at in range(0, hours * HOUR + 1, SCRAPE):
            times.append((T0 + at) * 1000)
            values.append(value)
            value += pace(at / HOUR) / _PROMPT_USD * SCRAPE / HOUR
        labels = {
            "__name__": "agent_token_usage_total",
            "model": _MODEL,
            "token_type": "prompt",
            "release": "r1",
            "instance": "a",
        }
        new.write([TimeSeries({**labels, **new.service.selector}, times, values)])
        wanted = f'service:agent_spend:forecast{{service="{new.service.name}"}}'
        new.evaluate(T0, T0 + hours * HOUR, priced(needed(new.groups, [wanted]), {_MODEL}))
        return new

    return spend


def _forecast(chain: Chain, hour: float) -> float:
    query = f'service:agent_spend:forecast{{service="{chain.service.name}"}}'
    (sample,) = chain.api.query(query, T0 + hour * HOUR)
    return sample.value


def test_without_a_whole_yesterday_there_is_no_forecast(
    spending: Callable[[int, Callable[[float], float]], Chain],
) -> None:
    first = spending(31, lambda hour: 20.0 if 8 <= hour % 24 < 18 else 2.0)
    query = f'service:agent_spend:forecast{{service="{first.service.name}"}}'
    for hour in (6, 12, 18, 24, 29.9):
        assert not first.api.query(query, T0 + hour * HOUR)
    assert _forecast(first, 30.1) == pytest.approx(228, rel=2e-3)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_change_of_clocks_makes_no_day_dearer(
    spending: Callable[[int, Callable[[float], float]], Chain], shift: int
) -> None:
    """From the first midnight on all activity is an hour earlier, or later."""
    day = spending(46, lambda hour: 20.0 if 8 <= (hour - shift * (hour >= 24)) % 24 < 18 else 2.0)
    usual = 228
    for hour in range(31, 46):
        # Over the change itself 24 hours contain an hour of work more.
        assert _forecast(day, hour) <= usual + 18.1


def test_a_working_day_like_yesterday_is_forecast_as_yesterday_was(
    spending: Callable[[int, Callable[[float], float]], Chain],
) -> None:
    """At noon a flat pace would give twice as much."""
    day = spending(48, lambda hour: 20.0 if 8 <= hour % 24 < 18 else 2.0)
    assert _forecast(day, 24 + 14) == pytest.approx(228, rel=2e-3)


def test_a_day_that_is_twice_as_dear_so_far_is_forecast_to_be_so(
    spending: Callable[[int, Callable[[float], float]], Chain],
) -> None:
    day = spending(44, lambda hour: (10.0 if 8 <= hour % 24 < 18 else 2.0) * (2 if hour >= 32 else 1))
    # The last 24 hours at 14 o'clock: 6 dear hours today, the rest of yesterday and the night.
    last = 6 * 20 + 8 * 2 + 6 * 2 + 4 * 10
    assert _forecast(day, 38) == pytest.approx(last * (6 * 20) / (6 * 10), rel=2e-3)


def test_hours_in_which_yesterday_stood_still_do_not_make_the_day_enormous(
    spending: Callable[[int, Callable[[float], float]], Chain],
) -> None:
    """Nothing ran yesterday afternoon: compared with that, today would be a thousandfold."""
    day = spending(48, lambda hour: 0.001 if 12 <= hour < 18 else 4.0)
    flat = 6 * 4 * 4
    assert _forecast(day, 42) == pytest.approx(flat, rel=2e-3)


def test_a_night_that_spends_more_than_the_last_is_no_more_than_the_day_was(
    spending: Callable[[int, Callable[[float], float]], Chain],
) -> None:
    night = spending(34, lambda hour: 2.0 * (3 if hour >= 26 else 1) if hour % 24 < 8 else 20.0)
    last = 6 * 6 + 2 * 2 + 16 * 20
    assert _forecast(night, 32) == pytest.approx(last, rel=5e-3)


@pytest.mark.parametrize(("retention", "knows_last_week"), [("7d7h", False), ("7d8h", True)])
def test_last_week_counts_only_where_its_samples_are_kept(
    model: Model, retention: str, *, knows_last_week: bool
) -> None:
    site = replace(model.site, retention=parse_duration(retention) or 0)
    rules = [rule for group in shared_rules(model.library, site).groups for rule in group.rules]
    recorded = {rule.record for rule in rules if isinstance(rule, RecordingRule)}
    assert "service:agent_spend:forecast" in recorded
    assert ("service:agent_spend:like_last_week" in recorded) == knows_last_week
