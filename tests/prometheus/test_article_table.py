"""The article's own status table, from raw counters to the status board and the alerts.

| Metric              | Current value | Trend              | Status             |
|---------------------|---------------|--------------------|--------------------|
| latency_p95         | 2.4s          | +38% in 30 min     | warning: above SLO |
| tool_error_rate     | 7.2%          | +4.1pp in 15 min   | critical: alert    |
| token_usage_per_run | 8.9k          | +22% after release | warning: anomaly   |
| success_rate        | 91.4%         | -5.3pp in 1 hour   | warning: drop      |

The 2.4 s on 1,200 runs are above 2 s by no more than chance explains, so that status comes from the rise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.model import names
from tests.models import renamed
from tests.prometheus.chain import T0
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, priced, priced_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.prometheus.chain import Chain
    from tests.prometheus.conftest import NewChain

NOW = T0 + 180 * MINUTE


def _up_to(seconds: float, lower: float, upper: float) -> dict[float, float]:
    """Shares of runs by bucket (ms) whose 95th percentile is ``seconds``, within the bucket from lower to upper."""
    inside = (seconds - lower) / (upper - lower)
    below = (0.95 - inside) / (1 - inside)
    return {lower * 1000: below, upper * 1000: 1}


def _reasons(success: float) -> dict[str, float]:
    return {"completed": success, "step_error": 1 - success}


def _calls(failing: float) -> dict[str, tuple[float, float]]:
    return {"search_docs": (2.4, failing), "create_ticket": (1, 0.01), "send_email": (1, 0)}


def _tokens(a_run: float) -> dict[tuple[str, str], float]:
    # The growth is in the cheap model, so that the cost of a run stays about the same.
    dear = {("gpt-4o", "prompt"): 250, ("gpt-4o", "cached"): 100, ("gpt-4o", "completion"): 50}
    return {**dear, ("gpt-4o-mini", "prompt"): a_run - 300}


@pytest.fixture(scope="module")
def board(chain: NewChain) -> Chain:
    """Three hours of support-agent: a release 75 minutes ago, trouble in the last 15."""
    before = Stretch(
        minutes=105,
        runs=1200,
        release="2026-03-14",
        reasons=_reasons(0.914 + 0.053),
        latency=_up_to(2.4 / 1.38, 1, 2),
        calls=_calls(0.072 - 0.041),
        tokens=_tokens(8900 / 1.22),
    )
    released = replace(before, minutes=60, release="2026-03-21", tokens=_tokens(8900))
    trouble = replace(
        released, minutes=15, reasons=_reasons(0.914), latency=_up_to(2.4, 2, 5), calls=_calls(0.072)
    )
    new = chain()
    new.write(craft(new.service, [before, released, trouble]))
    new.evaluate(T0, NOW)
    return new


def _rows(board: Chain, part: str) -> Mapping[str, tuple[float, Mapping[str, str]]]:
    samples = board.api.query(f'service:agent_signal:{part}{{service="{board.service.name}"}}', NOW)
    return {sample.labels["signal"]: (sample.value, sample.labels) for sample in samples}


@pytest.mark.parametrize(
    ("signal", "current", "unit"),
    [
        ("latency_p95", 2.4, "seconds"),
        ("tool_error_rate", 0.072, "ratio"),
        ("token_usage_per_run", 8900, "count"),
        ("success_rate", 0.914, "ratio"),
    ],
)
def test_the_current_value_is_the_articles(board: Chain, signal: str, current: float, unit: str) -> None:
    value, labels = _rows(board, "current")[signal]
    assert value == pytest.approx(current, rel=1e-9)
    assert labels["unit"] == unit


@pytest.mark.parametrize(
    ("signal", "trend", "unit", "over"),
    [
        ("latency_p95", 0.38, "relative", "in 30m"),
        ("tool_error_rate", 0.041, "points", "in 15m"),
        ("token_usage_per_run", 0.22, "relative", "after release"),
        ("success_rate", -0.053, "points", "in 1h"),
    ],
)
def test_the_trend_is_the_articles(board: Chain, signal: str, trend: float, unit: str, over: str) -> None:
    value, labels = _rows(board, "trend")[signal]
    assert value == pytest.approx(trend, rel=1e-9)
    assert (labels["unit"], labels["over"]) == (unit, over)


def test_the_status_is_the_articles_and_all_other_signals_are_well(board: Chain) -> None:
    statuses = {signal: value for signal, (value, _) in _rows(board, "status").items()}
    wrong = {"latency_p95": 1, "tool_error_rate": 2, "token_usage_per_run": 1, "success_rate": 1}
    watched = {alert.signal for alert in board.service.alerts if alert.shown}
    watched -= {"llm_usage_unread_count"}  # of failures in code; this history has no such series
    on_board = {one.name for one in board.service.signals.values() if one.trend or one.name in watched}
    assert statuses == {**dict.fromkeys([*on_board, names.INSTRUMENTATION], 0), **wrong}


def test_the_tool_that_fails_is_named(board: Chain) -> None:
    for part in ("current", "trend"):
        assert _rows(board, part)["tool_error_rate"][1]["worst"] == "search_docs"


def test_the_alerts_of_these_four_rows_are_true_and_no_others(board: Chain) -> None:
    assert board.true(NOW) == {
        ("AgentLatencyP95Rising", "warning"),
        ("AgentToolErrorRateHigh", "critical"),
        ("AgentToolErrorRateHigh", "warning"),
        ("AgentToolErrorRateRising", "warning"),
        ("AgentTokensPerRunRegression", "warning"),
        ("AgentSuccessRateLow", "warning"),
        ("AgentSuccessRateDrop", "warning"),
    }


def test_before_the_trouble_only_the_release_is_to_be_seen(board: Chain) -> None:
    # 96.7% is below the promised 97%, but by no more bad runs than chance brings.
    assert board.true(NOW - 15 * MINUTE) == {("AgentTokensPerRunRegression", "warning")}


_LATER = {"as-before": 1.0, "dearer": 1.5, "doubled": 3.0}
_ALONE = "one-release"


@pytest.fixture(scope="module")
def stories(chain: NewChain) -> Mapping[str, Chain]:
    """Services of one server: those whose runs are dearer some time after a release, and one of a single release."""
    new = chain()
    before = Stretch(minutes=105, runs=1200, release="2026-03-14", tokens=_tokens(8900 / 1.22))
    released = replace(before, minutes=60, release="2026-03-21", tokens=_tokens(8900))
    lives = {
        name: [before, released, replace(released, minutes=15, tokens=_tokens(8900 * dearer))]
        for name, dearer in _LATER.items()
    }
    alone = replace(released, minutes=165)
    lives[_ALONE] = [alone, replace(alone, minutes=15, tokens=_tokens(8900 * 1.3))]
    services = {name: renamed(new.service, name) for name in lives}
    first, *others = services.values()
    new = replace(new, service=first, others=tuple(others))
    for name, stretches in lives.items():
        new.write(craft(services[name], stretches))
    rules = needed(new.groups, ["service:agent_signal:trend"])
    new.evaluate(T0, NOW, priced(rules, priced_models([first])))
    return {name: replace(new, service=service, others=()) for name, service in services.items()}


@pytest.mark.parametrize(
    ("name", "trend", "over"),
    [("as-before", 0.22, "after release"), ("dearer", 0.22, "after release"), ("doubled", 2, "in 1h")],
    ids=_LATER,
)
def test_a_run_that_doubles_within_an_hour_shows_that_instead_of_its_release(
    stories: Mapping[str, Chain], name: str, trend: float, over: str
) -> None:
    """The releases differ by no more than 22% at first; what happens later to both, no release explains."""
    value, labels = _rows(stories[name], "trend")["token_usage_per_run"]
    assert labels["over"] == over
    assert value == pytest.approx(trend, rel=0.2)


def test_a_service_of_one_release_shows_the_change_within_an_hour(stories: Mapping[str, Chain]) -> None:
    for signal, grown in (("token_usage_per_run", 0.3), ("cost_per_run", None)):
        value, labels = _rows(stories[_ALONE], "trend")[signal]
        assert (labels["over"], labels["unit"]) == ("in 1h", "relative")
        assert grown is None or value == pytest.approx(grown, rel=1e-9)
