"""A service's changes to a shared alert are records of its own file: numbers, forms, and alerts turned off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.agent import agent, service_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.model.alerts import Deviations

CALLS = "AgentToolCallsPerRunHigh"
PROMISED = {"tool_calls_per_run": {"max": 30}, "success_rate": {"min": "97%", "window": "30d"}}


def _deviations(directory: Path, objectives: object = None, **alerts: Mapping[str, object]) -> Deviations:
    return service_of(directory, agent(), alerts=alerts, objectives=objectives or PROMISED).deviations


def _numbers(found: Deviations) -> list[tuple[str, str, float, str]]:
    return [(one.severity, one.part, one.value, one.words) for one in found.overrides]


def test_who_changes_nothing_records_nothing(tmp_path: Path) -> None:
    found = _deviations(tmp_path)
    assert (found.overrides, found.variants, found.off) == ((), (), ())


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (40, ("warning", "bound", 40, "the limit of #")),
        # The default is not a multiple of the objective, so that the rule accepts only a number.
        ("2x objective", ("warning", "bound", 60, "#, 2x the objective")),
        ("objective", ("warning", "bound", 30, "the objective of #")),
    ],
)
def test_a_bound_in_place_of_a_plain_number_is_a_plain_number(
    bound: object, expected: tuple[str, str, float, str], tmp_path: Path
) -> None:
    assert _numbers(_deviations(tmp_path, **{CALLS: {"warning": bound}})) == [expected]


def test_a_bound_that_moves_with_the_objective_is_recorded_as_it_is_written(tmp_path: Path) -> None:
    low = {"warning": "objective - 2pp", "critical": "90%"}
    found = _deviations(tmp_path, AgentSuccessRateLow=low)
    assert sorted((severity, part, round(value, 9)) for severity, part, value, _ in _numbers(found)) == [
        ("critical", "bound", 0.9),
        ("warning", "bound_offset", -0.02),
    ]


def test_without_the_objective_that_it_stands_on_an_alert_is_off(tmp_path: Path) -> None:
    found = _deviations(
        tmp_path,
        {"success_rate": {"min": "97%", "window": "30d"}},
        AgentCostBudgetExceeded={"for": "7m"},
    )
    assert (found.off, found.overrides) == (("AgentCostBudgetExceeded",), ())


def test_windows_that_follow_from_an_objective_are_a_form_of_their_own(tmp_path: Path) -> None:
    week = {"success_rate": {"min": "99%", "window": "7d"}}
    (variant,) = _deviations(tmp_path, week).variants
    assert (variant.alert, variant.name) == (
        "AgentErrorBudgetBurn",
        "windows=14m/1m 1h24m/7m 5h36m/28m 16h48m/1h24m",
    )


def test_what_is_no_number_is_a_form_of_its_own_and_named(tmp_path: Path) -> None:
    (variant,) = _deviations(tmp_path, **{CALLS: {"for": "7m"}}).variants
    assert (variant.alert, variant.name) == (CALLS, "for=7m")


def test_an_alert_that_is_turned_off_is_nothing_else(tmp_path: Path) -> None:
    found = _deviations(tmp_path, **{CALLS: {"disabled": "Tools are cheap.", "for": "7m", "warning": 3}})
    assert (found.off, found.overrides, found.variants) == ((CALLS,), (), ())


def test_a_budget_of_its_own_is_what_its_alert_is_held_against(tmp_path: Path) -> None:
    found = service_of(tmp_path, agent(), series_budget={"service": 60_000}, objectives=PROMISED)
    assert [
        (one.alert, *one_numbers)
        for one, one_numbers in zip(found.deviations.overrides, _numbers(found.deviations), strict=True)
    ] == [("AgentSeriesBudgetExceeded", "warning", "bound", 60_000, "#")]
    assert found.series_budget is not None
    # The keys that it does not set are the site's.
    assert (found.series_budget.service, found.series_budget.metric) == (60_000, 5_000)
