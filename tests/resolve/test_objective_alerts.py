"""Objectives get alerts: for every kind of signal, in the direction of the promise, unless an author wrote one."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from generator.model.alerts import BurnRate, Threshold
from generator.model.names import LONGEST_ALERT_NAME
from generator.model.signals import Better, Kind, Share
from tests.checks.agent import SPECS
from tests.resolve.build import NO_LIBRARY, codes, one, profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.alerts import Alert
    from generator.model.service import Service

#: A signal of each kind, one without a direction, and an objective for each.
OWN = {
    "own_count": ("count: {of: runs_total}", "{max: 50}"),
    "own_fewest": ("count: {of: runs_total}, better: neither", "{min: 50}"),
    "own_share": ("share: {of: calls_total, where: {status: error}}", "{max: 5%, window: 30d}"),
    "own_good": ("share: {of: calls_total, where: {status: ok}}, better: higher", "{min: 95%}"),
    "own_either": (
        "share: {of: calls_total, where: {status: ok}}, better: neither",
        "{min: 90%, window: 7d}",
    ),
    "own_ratio": ("ratio: {of: calls_total, per: runs_total}", "{max: 9}"),
    "own_tokens": ("tokens: {of: tokens_total, per: runs_total}", "{max: 9000}"),
    "own_cost": ("cost: {of: tokens_total, per: runs_total}", "{max: $2}"),
    "own_p90": ("quantile: {of: run_ms, q: 0.9}", "{max: 5s}"),
    "own_level": ("level: {of: queue_depth}", "{max: 30}"),
    "own_least": ("level: {of: queue_depth, take: min}, better: neither", "{min: 2}"),
    "own_reasons": ("distribution: {of: runs_total, label: reason}", "{max: 20%}"),
}
BURNS = "{burn_rate: {signal: success_rate}, critical: 6x in 6h and 30m, for: 7m, summary: It burns.}"
LIBRARY = NO_LIBRARY.replace("alerts: {}", f"alerts: {{Burning: {BURNS}}}")


def _service(tmp_path: Path, **keys: str) -> Service:
    return one(resolved(tmp_path, _spec(**keys), signals=LIBRARY))


def _spec(**keys: str) -> str:
    signals = ", ".join(f"{name}: {{title: T, description: D., {kind}}}" for name, (kind, _) in OWN.items())
    objectives = ", ".join(f"{name}: {promise}" for name, (_, promise) in OWN.items())
    depth = "{queue_depth: {type: gauge, help: Depth., labels: [], across: sum}}"
    return service(signals=f"{{{signals}}}", objectives=f"{{{objectives}}}", metrics=depth, **keys)


def _about(service_: Service, signal: str) -> list[Alert]:
    return [alert for alert in service_.alerts if alert.signal == signal]


def test_there_is_a_signal_of_each_kind(tmp_path: Path) -> None:
    signals = _service(tmp_path).signals
    assert {type(signals[name].kind) for name in OWN} == set(get_args(Kind))


@pytest.mark.parametrize("signal", OWN)
def test_every_objective_leads_to_an_alert(signal: str, tmp_path: Path) -> None:
    found = _service(tmp_path)
    objective = found.objectives[signal]
    missed, *burns = _about(found, signal)
    assert isinstance(missed.kind, Threshold)
    assert [(str(tier.severity), tier.bound) for tier in missed.tiers] == [("warning", objective.bound)]
    assert missed.by == ("reason" if signal == "own_reasons" else None)
    fewest = "min" in OWN[signal][1]
    assert (found.signals[signal].better is Better.HIGHER) == fewest
    assert len(burns) == (1 if objective.window else 0)
    for burn in burns:
        assert isinstance(burn.kind, BurnRate)
        assert burn.for_ == 7 * 60
        good = isinstance(found.signals[signal].kind, Share) and fewest
        assert burn.kind.budget == pytest.approx(1 - objective.bound if good else objective.bound)


def test_names_follow_from_signals(tmp_path: Path) -> None:
    names = {alert.name for alert in _service(tmp_path).alerts}
    assert {"AgentOwnCountMissed", "AgentOwnP90Missed", "AgentOwnShareBurn"} <= names


def test_names_are_short_and_each_signal_s_own(tmp_path: Path) -> None:
    count = "{title: T, description: D., count: {of: runs_total}}"
    signals = ["x_1", "x1", "a_b", "ab", "a__b", "a" * 60, "a" * 59]
    spec = service(
        signals=f"{{{', '.join(f'{name}: {count}' for name in signals)}}}",
        objectives=f"{{{', '.join(f'{name}: {{max: 9}}' for name in signals)}}}",
    )
    names = [alert.name for alert in one(resolved(tmp_path, spec)).alerts]
    assert len({name.lower() for name in names}) == len(signals)
    assert max(map(len, names)) <= LONGEST_ALERT_NAME


def test_who_writes_an_alert_of_another_s_name_keeps_both(tmp_path: Path) -> None:
    other = "{AgentOwnP90Missed: {threshold: {signal: success_rate}, warning: 90%, summary: It is so.}}"
    found = _service(tmp_path, alerts=other)
    (mine,) = (alert for alert in found.alerts if alert.name == "AgentOwnP90Missed")
    assert mine.signal == "success_rate"
    (missed,) = _about(found, "own_p90")
    assert missed.name not in {"AgentOwnP90Missed", ""}


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("threshold: {signal: own_share}, warning: 90%", ["BurnRate"]),
        ("threshold: {signal: own_share}, warning: 90%, disabled: Nobody minds.", ["BurnRate"]),
        ('burn_rate: {signal: own_share}, critical: "6x in 6h and 30m"', ["Threshold"]),
        ("change: {signal: own_share, over: 1h}, warning: 5pp", ["BurnRate", "Threshold"]),
    ],
)
def test_who_writes_an_alert_has_no_second_one(body: str, left: list[str], tmp_path: Path) -> None:
    found = _about(_service(tmp_path, alerts=f"{{Mine: {{{body}, summary: It is so.}}}}"), "own_share")
    assert sorted(type(alert.kind).__name__ for alert in found if alert.name != "Mine") == left


def test_it_is_changed_key_by_key_and_turned_off_with_a_reason(tmp_path: Path) -> None:
    changed = (
        "{AgentOwnP90Missed: {critical: 1.5x objective, for: 20m}, AgentOwnCountMissed: {disabled: Not now.}}"
    )
    found = _service(tmp_path, alerts=changed)
    (missed,) = _about(found, "own_p90")
    assert [tier.bound for tier in missed.tiers] == [7.5, 5.0]
    assert missed.for_ == 20 * 60
    assert _about(found, "own_count") == []


def test_what_belongs_to_no_objective_is_unknown(tmp_path: Path) -> None:
    spec = service(alerts="{AgentLatencyP95Missed: {critical: 3s}}")
    assert codes(resolved(tmp_path, spec)) == ["reference/unknown-alert"]


def test_a_shared_alert_on_the_objective_is_enough(tmp_path: Path) -> None:
    low = "{threshold: {signal: success_rate}, warning: objective, critical: objective - 10pp}"
    demo = service(objectives="{success_rate: {min: 97%}}")
    found = one(resolved(tmp_path, demo, profile=profile(alerts={"Low": low})))
    assert [alert.name for alert in found.alerts] == ["Low"]


def test_a_shared_alert_on_another_bound_is_not(tmp_path: Path) -> None:
    """Otherwise a missed objective would be visible only on a dashboard."""
    library = NO_LIBRARY.replace(
        "alerts: {}",
        "alerts: {Calls: {threshold: {signal: calls_per_run}, warning: 25, summary: Many calls.}}",
    )
    demo = service(objectives="{calls_per_run: {max: 10}}")
    found = one(resolved(tmp_path, demo, signals=library))
    assert "AgentCallsPerRunMissed" in {alert.name for alert in found.alerts}


@pytest.mark.parametrize(
    ("body", "code", "at"),
    [
        ("threshold: {signal: latency_p95}, warning: objective", "alert/no-objective", "objective"),
        ("threshold: {signal: latency_p95}, warning: 2x objective", "alert/no-objective", "2x objective"),
        (
            "threshold: {signal: latency_p95}, warning: objective or vector(1)",
            "unit/bound",
            "objective or vector(1)",
        ),
        ("threshold: {signal: latency_p95}, warning: our own objective", "unit/bound", "our own objective"),
        (
            "change: {signal: latency_p95, over: 1h, beyond: objective}, warning: 30%",
            "alert/no-objective",
            "objective",
        ),
        (
            "burn_rate: {signal: success_rate}, critical: 6x in 6h and 30m",
            "alert/no-objective",
            "success_rate",
        ),
        ("idle: {signal: run_count, over: 1h}", "alert/no-traffic", "run_count"),
    ],
)
def test_what_an_author_writes_and_cannot_be_is_an_error(
    body: str, code: str, at: str, tmp_path: Path
) -> None:
    result = resolved(tmp_path, service(alerts=f"{{Own: {{{body}, summary: It is so.}}}}"))
    assert [(found.code, found.at) for found in told(result)] == [(code, at)]
    assert result.value is None


@pytest.mark.parametrize(("by", "expected"), [("by: [tier], ", ["", "b"]), ("", None)])
def test_an_own_signal_has_bounds_by_a_segment_that_it_is_recorded_by(
    by: str, expected: list[str] | None, tmp_path: Path
) -> None:
    refusals = "title: T, description: D., share: {of: run, where: {stop_reason: refusal}}"
    demo = service(
        profile="agent",
        labels="{tool: [search], model: [gpt-4o]}",
        segments="{tier: [a, b]}",
        signals=f"{{refusals: {{{by}{refusals}}}}}",
        objectives="{refusals: {max: 10%, by: {tier: {b: 5%}}}}",
    )
    result = resolved(tmp_path, demo, signals=(SPECS / "signals.yaml").read_text("utf-8"))
    if expected is None:
        (found,) = (each for each in told(result) if each.code == "objective/by")
        assert found.help == "let the signal be recorded by it: write by: [tier] under signals: refusals"
    else:
        assert [alert.only for alert in _about(one(result), "refusals")] == expected


def test_a_budget_that_no_shared_alert_watches_has_an_alert(tmp_path: Path) -> None:
    (alert,) = _about(one(resolved(tmp_path, service(budget="{per_day: $20}"))), "spend")
    assert (alert.name, isinstance(alert.kind, Threshold)) == ("AgentSpendMissed", True)
    assert [tier.text for tier in alert.tiers] == ["the budget of $20"]
