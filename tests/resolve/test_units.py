"""Amounts with units: right ones become base units, wrong ones are reported with the right spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model.units import HOUR, MINUTE, Unit, human, parse_quantity
from tests.resolve.build import codes, one, profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("2s", "duration", 2),
        ("500ms", "duration", 0.5),
        ("1h30m", "duration", 5400),
        ("5%", "share", 0.05),
        ("99.95%", "share", 0.9995),
        ("5pp", "points", 0.05),
        ("$200", "money", 200),
        ("$0.25", "money", 0.25),
        ("2x", "factor", 2),
        ("14.4x", "factor", 14.4),
        ("40", "number", 40),
    ],
)
def test_an_amount_is_read_in_base_units(written: str, kind: str, value: float) -> None:
    found = parse_quantity(written)
    assert found
    assert found.kind == kind
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "s",
        "-3",
        "+3",
        "1e3",
        "5 %",
        "5%%",
        "200$",
        "$",
        ".5",
        "5.",
        "0s",
        "30m1h",
        "1.5h",
        "4k",
        "½",
        "٣",
        "nan",
    ],
)
def test_what_is_no_amount_is_none(written: str) -> None:
    assert parse_quantity(written) is None


@given(st.text(max_size=25))
def test_any_text_is_an_amount_or_none(text: str) -> None:
    found = parse_quantity(text)
    assert found is None or found.value >= 0


@given(st.integers(1, 100_000))
def test_a_share_is_read_as_it_is_told(hundredths: int) -> None:
    text = human(hundredths / 10_000, Unit.RATIO)
    found = parse_quantity(text)
    assert found
    assert found.value == pytest.approx(hundredths / 10_000)


@pytest.mark.parametrize(
    ("signal", "written", "unit", "help_"),
    [
        ("latency_p95: {max: 2}", "2", "2s", "write the unit, such as 2s"),
        (
            "latency_p95: {max: 5%}",
            "5%",
            "2s",
            "it is a time: write a whole number and its unit, such as 2s or 5m",
        ),
        (
            "latency_p95: {max: $5}",
            "$5",
            "2s",
            "it is a time: write a whole number and its unit, such as 2s or 5m",
        ),
        ("latency_p95: {max: 20 minutes}", "20 minutes", "2s", "write 20m"),
        ("latency_p95: {max: 5sec}", "5sec", "2s", "write 5s"),
        ("latency_p95: {max: 2 Hours}", "2 Hours", "2s", "write 2h"),
        (
            "latency_p95: {max: 2 months}",
            "2 months",
            "2s",
            "it is a time: write a whole number and its unit, such as 2s or 5m",
        ),
        ("success_rate: {min: 0.97}", "0.97", "97%", "write the unit, such as 97%"),
        ("success_rate: {min: 97}", "97", "97%", "write the unit, such as 97%"),
        ("success_rate: {min: 5pp}", "5pp", "97%", "it is a share: write it in percent, such as 97%"),
        ("cost_per_run: {max: 2}", "2", "$0.25", "write the unit, such as $2"),
        ("cost_per_run: {max: 2s}", "2s", "$0.25", "it is money: write it in USD, such as $0.25"),
        ("calls_per_run: {max: 40%}", "40%", "40", "it counts things: write a plain number, such as 0.4"),
    ],
)
def test_an_objective_in_another_unit_is_told_where_it_stands(
    signal: str, written: str, unit: str, help_: str, tmp_path: Path
) -> None:
    (found,) = told(resolved(tmp_path, service(objectives=f"{{{signal}}}")))
    name = signal.partition(":")[0]
    message = f'an objective of {name} is written like {unit}, not "{written}"'
    assert found == ("unit/mismatch", message, written, help_)


@pytest.mark.parametrize(
    ("objective", "bound"),
    [
        ("latency_p95: {max: 1500ms}", 1.5),
        ("success_rate: {min: 99.5%}", 0.995),
        ("cost_per_run: {max: $0.25}", 0.25),
        ("calls_per_run: {max: 40}", 40),
    ],
)
def test_an_objective_is_kept_in_base_units(objective: str, bound: float, tmp_path: Path) -> None:
    found = one(resolved(tmp_path, service(objectives=f"{{{objective}}}")))
    assert found.objectives[objective.partition(":")[0]].bound == pytest.approx(bound)


BOUNDS = {
    "objective": 0.05,
    "2x objective": 0.1,
    "0.5x objective": 0.025,
    "objective + 10pp": 0.15,
    "2x objective - 1pp": 0.09,
    "7%": 0.07,
}


@pytest.mark.parametrize("written", BOUNDS)
def test_a_bound_may_stand_on_the_objective(written: str, tmp_path: Path) -> None:
    demo = service(
        objectives="{tool_error_rate: {max: 5%}}",
        alerts=f"{{Own: {{threshold: {{signal: tool_error_rate}}, warning: {written}, summary: It fails.}}}}",
    )
    (alert,) = one(resolved(tmp_path, demo)).alerts
    assert alert.tiers[0].bound == pytest.approx(BOUNDS[written])


@pytest.mark.parametrize(
    "written", ["twice objective", "objective - 5%", "objective - 2s", "2 objective", "5% objective"]
)
def test_a_bound_of_other_words_is_told(written: str, tmp_path: Path) -> None:
    demo = service(
        objectives="{tool_error_rate: {max: 5%}}",
        alerts=f"{{Own: {{threshold: {{signal: tool_error_rate}}, warning: {written}, summary: It fails.}}}}",
    )
    (found,) = told(resolved(tmp_path, demo))
    assert (found.code, found.message, found.at) == ("unit/bound", f'"{written}" is no bound', written)


@pytest.mark.parametrize(
    ("change", "signal", "bound"), [("5pp", "success_rate", 0.05), ("30%", "latency_p95", 0.3)]
)
def test_a_share_changes_by_points_and_all_else_in_percent(
    change: str, signal: str, bound: float, tmp_path: Path
) -> None:
    alert = f"{{Own: {{change: {{signal: {signal}, over: 1h}}, warning: {change}, summary: It changed.}}}}"
    (found,) = one(resolved(tmp_path / "right", service(alerts=alert))).alerts
    assert found.tiers[0].bound == pytest.approx(bound)
    other = alert.replace(change, {"5pp": "5%", "30%": "30pp"}[change])
    assert codes(resolved(tmp_path / "wrong", service(alerts=other))) == ["unit/mismatch"]


@pytest.mark.parametrize(("written", "waits"), [("0s", 0), ("90s", 90), ("1h30m", 5400), (None, 5 * MINUTE)])
def test_an_alert_waits_as_long_as_it_says(written: str | None, waits: int, tmp_path: Path) -> None:
    for_ = f", for: {written}" if written else ""
    alert = f"{{Own: {{threshold: {{signal: success_rate}}, warning: 90%{for_}, summary: It is low.}}}}"
    (found,) = one(resolved(tmp_path, service(alerts=alert))).alerts
    assert (found.for_, found.keep_firing_for) == (waits, 0)


def test_a_duration_beyond_ten_years_is_told(tmp_path: Path) -> None:
    alert = "{Own: {threshold: {signal: success_rate}, warning: 90%, for: 9999w, summary: It is low.}}"
    (found,) = told(resolved(tmp_path, service(alerts=alert)))
    assert (found.code, found.at) == ("unit/duration", "9999w")


@pytest.mark.parametrize(
    ("site", "window", "proposed"),
    [
        ("", "90s", "1m or 2m"),
        ("", "15m10s", "15m or 16m"),
        ("scrape_interval: 5s\nrule_interval: 30s\n", "45s", "30s or 1m"),
        ("scrape_interval: 5s\nrule_interval: 30s\n", "90s", None),
    ],
)
def test_a_window_is_a_whole_number_of_rule_intervals(
    site: str, window: str, proposed: str | None, tmp_path: Path
) -> None:
    kind = "count: {of: runs_total}, trend: {over: 1h}"
    signal = f"{{own: {{title: O, description: O., {kind}, window: {window}}}}}"
    found = told(resolved(tmp_path, service(signals=signal), **({"site": site} if site else {})))
    assert [(one.code, one.at) for one in found] == ([("unit/window", window)] if proposed else [])
    assert all((one.help or "").startswith(f"write {proposed};") for one in found)


@pytest.mark.parametrize(
    ("site", "shortest", "too_short"),
    [
        ("", "60s", "59s"),
        ("scrape_interval: 30s\n", "120s", "119s"),
        ("scrape_interval: 5s\nrule_interval: 30s\n", "30s", "29s"),
    ],
)
def test_a_window_holds_an_interval_and_four_scrapes(
    site: str, shortest: str, too_short: str, tmp_path: Path
) -> None:
    def found(window: str, directory: Path) -> list[str]:
        kind = "count: {of: runs_total}, trend: {over: 1h}"
        signal = f"{{own: {{title: O, description: O., {kind}, window: {window}}}}}"
        more = {"site": site} if site else {}
        return codes(resolved(directory, service(signals=signal), **more))

    assert found(shortest, tmp_path / "enough") == []
    assert found(too_short, tmp_path / "short") == ["unit/window"]


@pytest.mark.parametrize(
    "alert",
    [
        "{change: {signal: latency_p95, over: 30s}, warning: 30%, summary: It rises.}",
        "{burn_rate: {signal: success_rate}, critical: 14.4x in 1h and 30s, summary: It burns.}",
        "{idle: {signal: run_count, over: 30s}, summary: It is idle.}",
    ],
)
def test_the_window_of_an_alert_is_long_enough_too(alert: str, tmp_path: Path) -> None:
    demo = service(
        objectives="{success_rate: {min: 97%, window: 30d}}",
        traffic="{min_runs_per_hour: 600}",
        alerts=f"{{Own: {alert}}}",
    )
    (found,) = told(resolved(tmp_path, demo))
    assert (found.code, "30s" in found.at) == ("unit/window", True)


def test_a_trend_looks_back_over_a_window(tmp_path: Path) -> None:
    signal = "{title: O, description: O., count: {of: runs_total}, trend: {over: 10s}}"
    assert codes(resolved(tmp_path, profile=profile(signals={"own": signal}))) == ["unit/window"]


@pytest.mark.parametrize(
    "pace",
    ["14.4 in 1h and 5m", "14.4x in 5m and 1h", "14.4x in 1h", "0x in 1h and 5m", "2x in 1h and 0m", "often"],
)
def test_a_pace_of_other_words_is_told(pace: str, tmp_path: Path) -> None:
    demo = service(
        objectives="{success_rate: {min: 97%, window: 30d}}",
        alerts=f"{{Own: {{burn_rate: {{signal: success_rate}}, critical: {pace}, summary: It burns.}}}}",
    )
    assert codes(resolved(tmp_path, demo)) == ["unit/burn-rate"]


def test_paces_are_read_whole(tmp_path: Path) -> None:
    demo = service(
        objectives="{success_rate: {min: 97%, window: 30d}}",
        alerts='{Own: {burn_rate: {signal: success_rate}, critical: "14.4x in 1h and 5m, 6x in 6h and 30m", '
        "summary: It burns.}}",
    )
    (alert,) = (alert for alert in one(resolved(tmp_path, demo)).alerts if alert.name == "Own")
    paces = [(burn.factor, burn.long, burn.short) for burn in alert.tiers[0].burns]
    assert paces == [(14.4, HOUR, 5 * MINUTE), (6, 6 * HOUR, 30 * MINUTE)]


@pytest.mark.parametrize(
    ("written", "bounds"),
    [
        ("[500ms, 10s, 1m, 1h30m]", (500, 10_000, 60_000, 5_400_000)),
        ("[100, 10s, 60000]", (100, 10_000, 60_000)),
        ("[1e3, 2500.5]", (1000, 2500.5)),
    ],
)
def test_bounds_of_buckets_carry_their_unit_or_are_numbers_of_the_metric_s(
    written: str, bounds: tuple[float, ...], tmp_path: Path
) -> None:
    found = one(resolved(tmp_path, service(metrics=f"{{run_ms: {{buckets: {written}}}}}")))
    assert found.metrics["run_ms"].buckets == bounds
    assert found.signals["latency_p95"].of.buckets == pytest.approx([bound / 1000 for bound in bounds])
