"""Tiers that can never fire: a default is dropped and reported, an author's own is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.diagnostics import Severity
from generator.model.units import HOUR, MINUTE
from tests.resolve.build import Section, codes, one, profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path

LOW = "{threshold: {signal: success_rate}, warning: objective, critical: objective - 10pp}"
SLOW = "{threshold: {signal: latency_p95}, warning: objective, critical: 2x objective}"
UNPRICED = "unpriced: {signal: cost_per_run}"
BURN = '{burn_rate: {signal: success_rate}, critical: "14.4x in 1h and 5m, 6x in 6h and 30m"}'


def _own(body: str, **keys: str) -> str:
    return service(alerts=f"{{Own: {{{body}, summary: It is so.}}}}", **keys)


@pytest.mark.parametrize(
    ("body", "fires", "never"),
    [
        ("threshold: {signal: latency_p95}, warning: BOUND", "9999ms", "10s"),
        ("threshold: {signal: tool_error_rate}, warning: BOUND", "99.9%", "100%"),
        ("threshold: {signal: tool_error_rate}, warning: BOUND", "0%", "101%"),
        ("threshold: {signal: success_rate}, warning: BOUND", "100%", "0%"),
        ("change: {signal: success_rate, over: 1h}, warning: BOUND", "100pp", "101pp"),
        ("change: {signal: success_rate, over: 1h}, warning: BOUND", "1pp", "0pp"),
        ("change: {signal: latency_p95, over: 1h}, warning: BOUND", "500%", "0%"),
        ("regression: {signal: success_rate}, warning: BOUND", "100pp", "101pp"),
        ("overflow: {signal: latency_p95}, warning: BOUND", "99%", "100%"),
        ("burn_rate: {signal: success_rate}, critical: BOUND", "32x in 1h and 5m", "34x in 1h and 5m"),
    ],
)
def test_an_author_s_bound_must_be_within_reach(body: str, fires: str, never: str, tmp_path: Path) -> None:
    objective = {"objectives": "{success_rate: {min: 97%, window: 30d}}"}
    assert codes(resolved(tmp_path / "fires", _own(body.replace("BOUND", fires), **objective))) == []
    (found,) = told(resolved(tmp_path / "never", _own(body.replace("BOUND", never), **objective)))
    assert (found.code, found.at) == ("alert/never-fires", never)
    assert found.message.startswith("Own can never be ")


@pytest.mark.parametrize(
    ("signal", "ends", "always"),
    [("success_rate", "1%", "101%"), ("latency_p95", "96ms", "95ms")],
)
def test_an_author_s_alert_must_be_able_to_end(signal: str, ends: str, always: str, tmp_path: Path) -> None:
    """With all runs in the first bucket, which ends at 100ms, a p95 is 95ms."""
    body = f"threshold: {{signal: {signal}}}, warning: "
    assert codes(resolved(tmp_path / "ends", _own(body + ends))) == []
    (found,) = told(resolved(tmp_path / "always", _own(body + always)))
    assert (found.code, found.at) == ("alert/never-fires", always)
    assert found.message.startswith("Own would always be warning: ")


@pytest.mark.parametrize(("better", "fate"), [("lower", "only"), ("higher", "never")])
def test_an_objective_must_be_one_that_buckets_can_show(better: str, fate: str, tmp_path: Path) -> None:
    side = {"lower": "max", "higher": "min"}[better]
    signals: Section = {
        "latency_p95": f"{{title: L, description: L., quantile: {{of: run_ms, q: 0.95}}, better: {better}}}"
    }
    for bound, expected in (("96ms", []), ("95ms", ["objective/never-missed"])):
        promised = f"{{latency_p95: {{{side}: {bound}}}}}"
        found = resolved(tmp_path / bound, service(objectives=promised), profile=profile(signals=signals))
        assert codes(found) == expected
        assert all(f"can {fate} be missed" in one.message for one in told(found))


def test_a_pace_that_burns_the_budget_at_once_is_out_of_reach(tmp_path: Path) -> None:
    """A total outage burns a budget of 10% exactly ten times as fast, and never faster."""
    objective = {"objectives": "{success_rate: {min: 90%, window: 30d}}"}
    body = "burn_rate: {signal: success_rate}, critical: PACE in 1h and 5m"
    assert codes(resolved(tmp_path / "a", _own(body.replace("PACE", "9.9x"), **objective))) == []
    (found,) = told(resolved(tmp_path / "b", _own(body.replace("PACE", "10x"), **objective)))
    assert found.message == "Own can never be critical: with a budget of 10% nothing burns as fast as 10x"
    assert found.help == "choose paces below 10x"


def test_of_a_profile_s_paces_the_reachable_ones_stay(tmp_path: Path) -> None:
    result = resolved(
        tmp_path,
        service(objectives="{success_rate: {min: 90%, window: 30d}}"),
        profile=profile(alerts={"Burn": BURN}),
    )
    (alert,) = (alert for alert in one(result).alerts if alert.name == "Burn")
    assert [burn.factor for burn in alert.tiers[0].burns] == [6]
    (found,) = told(result)
    assert found.code == "alert/tier-dropped"
    assert found.message.startswith("Burn of demo-agent is never critical at 14.4x: ")


def test_an_alert_whose_paces_are_all_out_of_reach_is_left_out(tmp_path: Path) -> None:
    result = resolved(
        tmp_path,
        service(objectives="{success_rate: {min: 50%, window: 30d}}"),
        profile=profile(alerts={"Burn": BURN}),
    )
    assert [alert.name for alert in one(result).alerts] == ["AgentSuccessRateMissed"]
    assert codes(result) == ["alert/tier-dropped"] * 2


@pytest.mark.parametrize(
    ("window", "paces"),
    [
        ("30d", [(HOUR, 5 * MINUTE), (6 * HOUR, 30 * MINUTE)]),
        ("28d", [(HOUR, 5 * MINUTE), (6 * HOUR, 30 * MINUTE)]),
        ("7d", [(14 * MINUTE, MINUTE), (84 * MINUTE, 7 * MINUTE)]),
        ("90d", [(3 * HOUR, 15 * MINUTE), (18 * HOUR, 90 * MINUTE)]),
        ("1d", [(2 * MINUTE, MINUTE), (12 * MINUTE, MINUTE)]),
    ],
)
def test_a_profile_s_paces_look_back_in_proportion_to_the_window(
    window: str, paces: list[tuple[int, int]], tmp_path: Path
) -> None:
    """The same part of the budget is spent when an alert fires; a month is about 30 days."""
    demo = service(objectives=f"{{success_rate: {{min: 99%, window: {window}}}}}")
    found = one(resolved(tmp_path, demo, profile=profile(alerts={"Burn": BURN})))
    (alert,) = (alert for alert in found.alerts if alert.name == "Burn")
    assert [(burn.long, burn.short) for burn in alert.tiers[0].burns] == paces
    assert [burn.factor for burn in alert.tiers[0].burns] == [14.4, 6]


def test_paces_that_a_service_writes_stay_as_they_are(tmp_path: Path) -> None:
    demo = service(
        objectives="{success_rate: {min: 99%, window: 7d}}", alerts="{Burn: {critical: 5x in 2h and 10m}}"
    )
    found = one(resolved(tmp_path, demo, profile=profile(alerts={"Burn": BURN})))
    (alert,) = (alert for alert in found.alerts if alert.name == "Burn")
    assert [(burn.long, burn.short) for burn in alert.tiers[0].burns] == [(2 * HOUR, 10 * MINUTE)]


@pytest.mark.parametrize(
    ("window", "site", "says"), [("90d", "", None), ("200d", "", "150d"), ("200d", "20d", None)]
)
def test_a_window_must_fit_retention(window: str, site: str, says: str | None, tmp_path: Path) -> None:
    demo = service(objectives=f"{{success_rate: {{min: 99%, window: {window}}}}}")
    burn = BURN.replace("6h and 30m", "3d and 6h")
    others = {"site": f"retention: {site}\n"} if site else {}
    found = told(resolved(tmp_path, demo, profile=profile(alerts={"Burn": burn}), **others))
    assert [(each.code, each.at) for each in found] == ([("objective/retention", window)] if says else [])
    assert all(
        f"use an objective window of at most {says}, or keep samples longer" in each.help for each in found
    )


def test_a_default_out_of_reach_is_dropped_and_told(tmp_path: Path) -> None:
    result = resolved(
        tmp_path, service(objectives="{latency_p95: {max: 5s}}"), profile=profile(alerts={"Slow": SLOW})
    )
    (alert,) = one(result).alerts
    assert [str(tier.severity) for tier in alert.tiers] == ["warning"]
    (found,) = result.diagnostics
    assert (found.code, found.severity) == ("alert/tier-dropped", Severity.INFO)
    assert found.message == (
        "Slow of demo-agent is never critical: latency_p95 never shows more than its last bucket, 10s"
    )


def test_an_author_s_bound_that_moves_with_the_objective_must_be_within_reach_too(tmp_path: Path) -> None:
    demo = service(objectives="{latency_p95: {max: 5s}}", alerts="{Slow: {critical: 3x objective}}")
    (found,) = told(resolved(tmp_path, demo, profile=profile(alerts={"Slow": SLOW})))
    assert (found.code, found.at) == ("alert/never-fires", "3x objective")


def test_larger_buckets_bring_a_tier_back(tmp_path: Path) -> None:
    demo = service(objectives="{latency_p95: {max: 5s}}", metrics="{run_ms: {buckets: [1000, 5000, 20000]}}")
    result = resolved(tmp_path, demo, profile=profile(alerts={"Slow": SLOW}))
    assert result.diagnostics == ()
    assert len(one(result).alerts[0].tiers) == 2


@pytest.mark.parametrize(
    "alert",
    [
        LOW,
        "{threshold: {signal: success_rate}, warning: objective}",
        "{change: {signal: success_rate, over: 1h, beyond: objective}, warning: 5pp}",
        BURN,
    ],
)
def test_an_alert_without_the_objective_it_needs_is_off_and_told(alert: str, tmp_path: Path) -> None:
    result = resolved(tmp_path, profile=profile(alerts={"Own": alert}))
    assert one(result).alerts == ()
    assert set(codes(result)) == {"alert/no-objective"}
    assert all(
        found.message.startswith("Own of demo-agent is off: success_rate") for found in result.diagnostics
    )
    window = ", window: 30d" if alert == BURN else ""
    example = f"objectives: {{success_rate: {{min: 95%{window}}}}}"
    wanted = f"to turn it on, write in the service's spec what it promises, such as {example}"
    assert {found.help for found in result.diagnostics} == {wanted}


def test_a_burn_rate_needs_a_window_to_burn_in(tmp_path: Path) -> None:
    demo = service(objectives="{success_rate: {min: 97%}}")
    (found,) = told(resolved(tmp_path, demo, profile=profile(alerts={"Burn": BURN})))
    assert found.message == "Burn of demo-agent is off: success_rate has an objective without a window"


@pytest.mark.parametrize(
    ("objective", "code"),
    [
        ("latency_p95: {max: 9999ms}", None),
        ("latency_p95: {max: 10s}", "objective/never-missed"),
        ("latency_p95: {max: 20s}", "objective/never-missed"),
        ("success_rate: {min: 100%}", "objective/share"),
        ("success_rate: {min: 0%}", "objective/share"),
        ("success_rate: {max: 90%}", "objective/direction"),
        ("tool_error_rate: {min: 5%}", "objective/direction"),
        ("tool_error_rate: {min: 5%, max: 6%}", "objective/direction"),
    ],
)
def test_an_objective_can_be_missed_and_met(objective: str, code: str | None, tmp_path: Path) -> None:
    assert codes(resolved(tmp_path, service(objectives=f"{{{objective}}}"))) == ([code] if code else [])


# Promised traffic


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ("threshold: {signal: success_rate}, warning: 90%, min_events: N", 25),
        ("threshold: {signal: success_rate}, warning: 90%, min_bad_events: N", 25),
        ("change: {signal: success_rate, over: 1h}, warning: 5pp, min_events: N", 25),
        ("regression: {signal: success_rate}, warning: 5pp, min_events: N", 600),
        ("threshold: {signal: calls_per_run}, warning: 40, min_events: N", 25),
        ("change: {signal: reasons, by: reason, over: 1h}, warning: 5pp, min_bad_events: N", 25),
        ("burn_rate: {signal: success_rate}, critical: 14.4x in 1h and 5m, min_bad_events: N", 100),
        ("threshold: {signal: latency_p95}, warning: 2s, min_events: N", 25),
        ("threshold: {signal: latency_p95}, warning: 2s, min_bad_events: N", 25),
        ("change: {signal: latency_p95, over: 1h}, warning: 30%, min_events: N", 25),
        ("overflow: {signal: latency_p95}, warning: 5%, min_bad_events: N", 25),
        ("absence: {}, min_events: N", 300),
    ],
)
def test_a_floor_is_not_above_what_is_promised(body: str, most: int, tmp_path: Path) -> None:
    """100 runs an hour are 25 in the 15 minutes that a signal looks back over, and 600 in a release's 6 hours."""
    keys = {
        "traffic": "{min_runs_per_hour: 100}",
        "objectives": "{success_rate: {min: 97%, window: 30d}}",
    }
    timed = f"{profile()}streams: {{run_latency: {{of: run_ms}}}}\n"  # a run is one observation of it
    library = "streams: {run_latency: {type: histogram, unit: s, help: T., labels: [release]}}\nsignals: {}\n"
    enough = resolved(
        tmp_path / "enough", _own(body.replace("N", str(most)), **keys), profile=timed, signals=library
    )
    assert enough.diagnostics == ()
    more = resolved(
        tmp_path / "more", _own(body.replace("N", str(most + 1)), **keys), profile=timed, signals=library
    )
    (found,) = told(more)
    assert (found.code, found.at) == ("alert/too-little-traffic", str(most + 1))
    assert f"needs {most + 1} runs, but the promised 100 an hour make only {most} in " in found.message
    unpromised = {"objectives": keys["objectives"]}
    assert codes(resolved(tmp_path / "none", _own(body.replace("N", "9000"), **unpromised))) == []


@pytest.mark.parametrize(
    "body",
    [
        "threshold: {signal: tool_error_rate}, warning: 5%, min_events: 9000",
        "threshold: {signal: errors_per_run, by: model}, warning: 0.2, min_bad_events: 9000",
        "threshold: {signal: slow_tool}, warning: 1s, min_events: 9000, min_bad_events: 9000",
        "threshold: {signal: latency_p95}, warning: 2s, min_events: 9000, min_bad_events: 9000",
    ],
)
def test_how_many_calls_a_run_makes_is_nobody_s_promise(body: str, tmp_path: Path) -> None:
    slow = "{title: Slow, description: Slow., quantile: {of: call_ms, q: 0.95}, trend: {over: 1h}}"
    calls = "{type: histogram, unit: ms, help: Time., labels: [tool], buckets: [100, 5000]}"
    keys = {"signals": f"{{slow_tool: {slow}}}", "metrics": f"{{call_ms: {calls}}}"}
    assert codes(resolved(tmp_path, _own(body, traffic="{min_runs_per_hour: 1}", **keys))) == []


def test_a_profile_s_floor_is_only_told(tmp_path: Path) -> None:
    drop = "{change: {signal: success_rate, over: 1h}, warning: 5pp, min_events: 20}"
    result = resolved(
        tmp_path, service(traffic="{min_runs_per_hour: 30}"), profile=profile(alerts={"Drop": drop})
    )
    assert [alert.name for alert in one(result).alerts] == ["Drop"]
    (found,) = result.diagnostics
    assert (found.code, found.severity) == ("alert/too-little-traffic", Severity.INFO)
    assert found.message == (
        "Drop of demo-agent needs 20 runs, but the promised 30 an hour make only 7.5 in 15m: "
        "it is silent until there are more"
    )
    assert found.help == "lower min_events under alerts: Drop, or promise more traffic"


def test_the_run_counter_is_missed_without_a_floor(tmp_path: Path) -> None:
    gone = profile(alerts={"Gone": "{absence: {}, min_events: 20}"})
    (found,) = resolved(tmp_path, service(traffic="{min_runs_per_hour: 6}"), profile=gone).diagnostics
    assert found.message.endswith(": it is silent except for runs_total until there are more")


# Turned off


def test_an_alert_is_turned_off_with_a_reason(tmp_path: Path) -> None:
    demo = service(objectives="{success_rate: {min: 97%}}", alerts="{Low: {disabled: Nobody is there.}}")
    result = resolved(tmp_path, demo, profile=profile(alerts={"Low": LOW}))
    assert one(result).alerts == ()
    assert result.diagnostics == ()


@pytest.mark.parametrize(
    ("alert", "why"),
    [
        (LOW, "Own of demo-agent is off: success_rate has no objective"),
        ("{idle: {signal: run_count, over: 30m}}", "Own of demo-agent is off: no traffic is promised"),
    ],
)
def test_turning_off_what_is_off_anyway_is_told(alert: str, why: str, tmp_path: Path) -> None:
    demo = service(alerts="{Own: {disabled: Nobody is there.}}")
    result = resolved(tmp_path, demo, profile=profile(alerts={"Own": alert}))
    (found,) = told(result)
    assert (found.code, found.at) == ("alert/disabled-unused", "Nobody is there.")
    assert found.message == f"disabled turns off nothing: {why}"
    assert result.diagnostics[0].severity is Severity.WARNING


def test_a_profile_may_leave_an_alert_off_and_nobody_hears_of_it(tmp_path: Path) -> None:
    off = LOW.replace("{threshold", "{disabled: Off for most., threshold")
    result = resolved(tmp_path, profile=profile(alerts={"Low": off}))
    assert (one(result).alerts, result.diagnostics) == ((), ())


def test_a_floor_of_events_needs_events(tmp_path: Path) -> None:
    body = "threshold: {signal: spend}, warning: $5, min_events: 20"
    assert codes(resolved(tmp_path, _own(body))) == ["alert/no-events"]


@pytest.mark.parametrize(
    ("alerts", "at", "help_"),
    [
        (
            "{Low: {warning: 90%, critical: 95%}}",
            "95%",
            "exchange the two, or leave one of them out",
        ),
        (
            "{Low: {critical: 98%}}",
            "98%",
            (
                "the warning is the profile's: choose a critical bound beyond the objective of 97%, or write a "
                "warning that comes before the limit of 98% beside it"
            ),
        ),
        (
            "{Low: {warning: 80%}}",
            "80%",
            (
                "the critical bound is the profile's: choose a warning that comes before the limit of 90%, or write "
                "a critical bound beyond the limit of 80% beside it"
            ),
        ),
        (
            "{Mild: {for: 10m}}",
            "Mild",
            "both are the profile's: exchange them there, or write bounds of the service's own",
        ),
        (
            "{Own: {threshold: {signal: success_rate}, summary: It is so., warning: 90%, critical: 95%}}",
            "95%",
            "exchange the two, or leave one of them out",
        ),
    ],
)
def test_how_two_bounds_get_into_order_depends_on_whose_they_are(
    alerts: str, at: str, help_: str, tmp_path: Path
) -> None:
    bounds = {"Low": "warning: objective, critical: 90%"}
    if "Mild" in alerts:
        bounds["Mild"] = "warning: 80%, critical: 90%"
    of_profile: dict[str, str | None] = {
        name: f"{{threshold: {{signal: success_rate}}, {both}}}" for name, both in bounds.items()
    }
    demo = service(alerts=alerts, objectives="{success_rate: {min: 97%}}")
    (found,) = told(resolved(tmp_path, demo, profile=profile(alerts=of_profile)))
    assert (found.code, found.at, found.help) == ("alert/order", at, help_)


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_alert_without_a_bound_is_as_severe_as_it_says(severity: str, tmp_path: Path) -> None:
    kinds = ("idle: {signal: run_count, over: 1h}", "absence: {}", "undeclared: {}", "series_budget: {}")
    alerts: Section = {f"A{number}": f"{{{kind}}}" for number, kind in enumerate((*kinds, UNPRICED))}
    said = ", ".join(f"{name}: {{severity: {severity}}}" for name in alerts)
    result = resolved(
        tmp_path,
        service(alerts=f"{{{said}}}", traffic="{min_runs_per_hour: 60}"),
        profile=profile(alerts=alerts),
    )
    found = {(alert.name, tier.severity) for alert in one(result).alerts for tier in alert.tiers}
    assert found == {(name, severity) for name in alerts}


def test_an_environment_turns_on_what_its_service_turns_off(tmp_path: Path) -> None:
    own = "{threshold: {signal: success_rate}, warning: 90%, summary: It is low., disabled: Not yet.}"
    demo = service(
        alerts=f"{{Own: {own}, Low: {{disabled: Nobody is there.}}}}",
        objectives="{success_rate: {min: 97%}}",
        environments="{prod: {selector: {env: prod}, alerts: {Own: {disabled: false}, Low: {disabled: false}}}, "
        "staging: {selector: {env: staging}}}",
    )
    found = resolved(tmp_path, demo, profile=profile(alerts={"Low": LOW})).value
    assert found is not None
    assert {one.name: sorted(alert.name for alert in one.alerts) for one in found.services} == {
        "demo-agent-prod": ["Low", "Own"],
        "demo-agent-staging": [],
    }
