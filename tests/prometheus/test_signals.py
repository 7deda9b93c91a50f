"""Every recorded signal, at every level and many instants, equals the real counts of the raw counters.

Expected values are computed by hand from the increases between raw samples (expected.py), with tolerance only for rates
of young counters and missing samples (increments.py); even histories allow none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.model import names
from generator.model.signals import Cost, Quantile, divisor
from generator.simulate.history import simulate
from generator.simulate.incidents import incident
from generator.simulate.scenario import Arrivals, Scenario, SimulatedRollout
from tests.models import renamed
from tests.prometheus.chain import T0
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.increments import MINUTE
from tests.prometheus.observation import STEP, ComparedRecords, foresee, observe, recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.service import Service
    from tests.prometheus.conftest import NewChain

pytestmark = pytest.mark.long

END = T0 + 90 * MINUTE


def _busy(seed: int) -> Callable[[Service], Scenario]:
    """Crashes, failed scrapes, a release, a model without a price, a quarter of an hour with hardly any run."""

    def build(service: Service) -> Scenario:
        return Scenario(
            seed,
            T0,
            END,
            3,
            "v9",
            Arrivals(1200),
            (SimulatedRollout("v10", T0 + 40 * MINUTE, every=300),),
            (
                incident("unpriced-model", service, T0 + 20 * MINUTE, T0 + 50 * MINUTE),
                incident("night-low", service, T0 + 65 * MINUTE, T0 + 85 * MINUTE),
            ),
            mean_life=40 * MINUTE,
            missed_scrapes=0.002,
            zero_initialised=seed % 2 == 0,
        )

    return build


def _steady(_service: Service) -> Scenario:
    """Instances that never crash and never miss a scrape: once they are warm there is no tolerance."""
    return Scenario(7, T0, END, 2, "v9", Arrivals(6000), mean_life=None, missed_scrapes=0)


def _failing(service: Service) -> Scenario:
    """No run succeeds, one tool fails most of the time, and everybody restarts."""
    wholly = incident("success-drop-after-release", service, T0, END)
    return Scenario(
        8,
        T0,
        END,
        2,
        "v9",
        Arrivals(2000),
        incidents=(
            replace(wholly, effect=replace(wholly.effect, changes=replace(wholly.effect.changes, failing=1))),
            incident("rolling-restart", service, T0 + 30 * MINUTE, T0 + 60 * MINUTE),
        ),
        missed_scrapes=0,
    )


def _looping(service: Service) -> Scenario:
    """A loop finishes no run, a canary runs elsewhere, and one release is rolled back."""
    return Scenario(
        9,
        T0,
        END,
        3,
        "v1",
        Arrivals(1500),
        (
            SimulatedRollout("v2", T0 + 10 * MINUTE, instances=1),
            SimulatedRollout("v3", T0 + 30 * MINUTE, every=0),
            SimulatedRollout("v1", T0 + 70 * MINUTE, every=60),
        ),
        (
            incident("tool-spam-loop", service, T0 + 35 * MINUTE, T0 + 60 * MINUTE),
            incident("tool-outage", service, T0 + 35 * MINUTE, T0 + 60 * MINUTE),
            incident("exporter-gone", service, T0 + 75 * MINUTE, T0 + 82 * MINUTE),
        ),
    )


_FLEETS = {
    "busy-1": _busy(1),
    "busy-2": _busy(2),
    "busy-3": _busy(3),
    "steady": _steady,
    "failing": _failing,
    "looping": _looping,
}


@pytest.fixture(scope="module")
def fleets(chain: NewChain) -> dict[str, ComparedRecords]:
    """Simulated services through the chain on one server, all at once: shared rules separate them."""
    new = chain()
    services = {name: renamed(new.service, name) for name in _FLEETS}
    first, *others = services.values()
    new = replace(new, service=first, others=tuple(others))
    raw = {
        name: list(simulate(services[name], new.site, build(services[name])).series)
        for name, build in _FLEETS.items()
    }
    foreseen = {name: foresee(services[name], series, T0, END) for name, series in raw.items()}
    for series in raw.values():
        new.write(series)
    new.evaluate(T0, END, recording(new, *foreseen.values()))
    return {
        name: ComparedRecords(
            each, replace(new, service=services[name], others=()).recorded(T0 + STEP, END, STEP)
        )
        for name, each in foreseen.items()
    }


@pytest.fixture(scope="module")
def even(chain: NewChain) -> ComparedRecords:
    """A history with evenly spaced events: restarts, silence, failure, a release, tokens without a price."""
    usual = Stretch(
        30,
        reasons={"completed": 0.9, "max_steps": 0.05, "step_error": 0.03, "tool_error": 0.02},
        latency={100: 0.1, 250: 0.3, 500: 0.55, 1000: 0.8, 2000: 0.93, 5000: 0.985, 10000: 0.999},
        steps={1: 0.1, 4: 0.6, 8: 0.9, 16: 0.99, 32: 1},
        calls={"search_docs": (2, 0.03), "create_ticket": (0.5, 0), "unknown_tool": (0.1, 1)},
        tokens={
            ("gpt-4o", "prompt"): 3000,
            ("gpt-4o", "cached"): 1200,
            ("gpt-4o", "completion"): 400,
            ("gpt-4o", "reasoning"): 150,
            ("gpt-4o-mini", "prompt"): 500,
            ("gpt-4o-mini", "cache_write"): 60,
            ("unheard-of", "prompt"): 800,
            ("unheard-of", "cached"): 300,
        },
        llm_errors={("gpt-4o", "rate_limit"): 0.02, ("gpt-4o", "timeout"): 0.01},
    )
    idle = replace(usual, minutes=20, runs=0)
    failing = replace(usual, minutes=20, reasons={"tool_error": 1}, llm_errors={})
    new = chain()
    raw = craft(new.service, [usual, idle, usual, failing], instances=3, restarts={0: 12, 1: 60, 2: 61})
    return observe(new, raw, T0, T0 + 100 * MINUTE)


@pytest.mark.parametrize("name", _FLEETS)
def test_every_signal_of_a_fleet_is_what_its_counters_counted(
    fleets: dict[str, ComparedRecords], name: str
) -> None:
    assert fleets[name].mismatches() == []


def test_every_signal_of_an_even_history_is_exact(even: ComparedRecords) -> None:
    assert even.mismatches() == []
    wide = [
        (at, key)
        for at, found in even.expected.items()
        for key, value in found.items()
        # The first minute of all series is not whole; the spend of a day never forgets it.
        if at > T0 + 16 * MINUTE and "spend" not in key[0] and value.high - value.low > 1e-6 * value.high
    ]
    assert wide == []


def test_an_idle_service_has_no_ratio_and_no_quantile(even: ComparedRecords) -> None:
    # The idle stretch is 30 to 50 minutes in: a window of 15 is within it at 49 minutes.
    place = list(even.expected).index(T0 + 49 * MINUTE)
    for name in (
        "service:agent_success_rate:ratio",
        "service:agent_latency_p95:seconds",
        "service:agent_token_usage_per_run:count",
        "service:agent_cost_per_run:usd",
        "service:agent_tool_error_rate:ratio",
    ):
        values = even.values(name)
        assert values[place] is None
        assert values[place - 3] is not None
    assert even.values("service:agent_run:increase15m")[place] == 0


def test_nothing_but_failures_is_a_success_rate_of_zero(even: ComparedRecords) -> None:
    assert even.values("service:agent_success_rate:ratio")[-1] == 0


def test_a_model_without_errors_has_none_for_each_run(even: ComparedRecords) -> None:
    assert even.values("model:agent_llm_errors_per_run:count", model="gpt-4o-mini")[2] == 0
    assert even.values("model:agent_llm_errors_per_run:count", model="gpt-4o")[2] == pytest.approx(0.03)


def test_a_model_without_a_price_has_tokens_and_no_cost(even: ComparedRecords) -> None:
    assert even.values("model:agent_token_usage_per_run:count", model="unheard-of")[2] == pytest.approx(1100)
    assert even.values("model:agent_cost_per_run:usd", model="unheard-of")[2] is None


def test_each_token_counts_once(even: ComparedRecords) -> None:
    # 3000 with 1200 cached in them, 400 with 150 of reasoning in them, 500 of the small model, 1100 of the unknown.
    assert even.values("service:agent_token_usage_per_run:count")[2] == pytest.approx(3400 + 500 + 1100)
    assert even.values("token_type:agent_token_usage_per_run:count", token_type="prompt")[2] == pytest.approx(  # noqa: S106 - no secret
        1800 + 440 + 800
    )


def test_what_a_run_costs_is_what_the_price_list_says(even: ComparedRecords) -> None:
    large = (1800 * 2.5 + 1200 * 1.25 + 250 * 10 + 150 * 10) / 1e6
    small = (440 * 0.15 + 60 * 0.15) / 1e6
    assert even.values("service:agent_cost_per_run:usd")[2] == pytest.approx(large + small)


@pytest.mark.parametrize("of", _FLEETS)
def test_recorded_counts_lose_almost_nothing_over_time(fleets: dict[str, ComparedRecords], of: str) -> None:
    """Bounds allow for the worst; on the whole, windows of an interval and a scrape tile time."""
    fleet = fleets[of]
    name = "service:agent_run:increase15m", frozenset[tuple[str, str]]()
    true = sum(found[name].true for found in fleet.expected.values() if name in found)
    recorded = sum(
        found[name] for at, found in fleet.recorded.items() if at in fleet.expected and name in found
    )
    assert recorded == pytest.approx(true, rel=0.01)


def test_every_part_of_every_signal_is_compared(even: ComparedRecords, support: Service) -> None:
    """A new signal or level of the profile must be added here, too."""
    declared = set()
    for signal in support.signals.values():
        if signal.name == "llm_usage_unread_count":  # of failures in code, in none of these histories
            continue
        for level in signal.levels:
            declared.add(names.value(signal, level))
            if isinstance(signal.kind, Quantile):
                declared.add(names.denominator(signal, level))
            elif divisor(signal) or (not isinstance(signal.kind, Cost) and signal.unit == "ratio"):
                declared.add(names.numerator(signal, level))
    assert declared <= even.names
