"""On a healthy day every query of every panel has data, for any choice."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.grafana.asking import offered, opened
from tests.grafana.day import HEALTHY, PROMISING
from tests.grafana.documents import variables
from tests.grafana.quiet import QUIET, judges, of_others, warns
from tests.grafana.rules.variable import referred

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from tests.grafana.asking import QueryResult
    from tests.grafana.documents import Json
    from tests.grafana.substitution import Choice


@pytest.mark.parametrize("service", HEALTHY)
def test_every_query_has_data_but_those_with_a_reason(
    service: str, boards: dict[str, Json], day: PrometheusApi
) -> None:
    silent = [answer.target for answer in _opened(day, boards, service) if not answer.series]
    found = {one.where for one in silent if not (of_others(one) or warns(one) or judges(one))}
    assert found == set(QUIET[service])


@pytest.mark.parametrize("service", HEALTHY)
def test_nothing_is_marked_as_too_low_and_nothing_is_left_to_others(
    service: str, boards: dict[str, Json], day: PrometheusApi
) -> None:
    named = [one for one in _opened(day, boards, service) if of_others(one.target) or warns(one.target)]
    assert len(named) > 10
    assert [one.target.where for one in named if one.series] == []


@pytest.mark.parametrize("service", HEALTHY)
def test_a_number_has_one_colour(service: str, boards: dict[str, Json], day: PrometheusApi) -> None:
    answers = Counter(
        (one.target.panel.where, one.target.json["legendFormat"])
        for one in _opened(day, boards, service)
        if judges(one.target) and one.series
    )
    found = {panel for panel, _ in answers}
    assert found >= {"agent-runs / Success rate (stat)", "agent-runs / Latency p95 (stat)"}
    assert set(answers.values()) == {1}


@pytest.mark.parametrize("service", HEALTHY)
def test_values_are_finite(service: str, boards: dict[str, Json], day: PrometheusApi) -> None:
    for answer in _opened(day, boards, service):
        assert all(math.isfinite(value) for _, values in answer.series for value in values), (
            answer.target.where
        )


@pytest.mark.parametrize("service", HEALTHY)
def test_no_two_lines_of_a_panel_have_the_same_name(
    service: str, boards: dict[str, Json], day: PrometheusApi
) -> None:
    names: dict[str, list[str]] = defaultdict(list)
    for answer in _opened(day, boards, service):
        if answer.target.panel.type in {"timeseries", "bargauge"}:
            names[answer.target.panel.where] += answer.names
    for where, found in names.items():
        assert "" not in found, where
        assert len(set(found)) == len(found), where


@pytest.mark.parametrize("service", HEALTHY)
def test_every_variable_offers_something(service: str, boards: dict[str, Json], day: PrometheusApi) -> None:
    for uid, board in boards.items():
        for name, values in offered(day, board, service).items():
            # Signals of the service's own: see the panels that it is for.
            assert values or f"{uid} / ${{{name}}} (timeseries) / A" in QUIET[service], (uid, name)


def test_what_is_chosen_is_what_is_shown(boards: dict[str, Json], day: PrometheusApi) -> None:
    met: dict[str, bool] = {}
    for board in boards.values():
        for name, choice in _choices(board, offered(day, board, PROMISING)):
            values = {choice} if isinstance(choice, str) else set(choice)
            for panel, found in _panels(day, board, name, choice).items():
                # At a single instant an earlier release, or a rare stop reason, may not occur.
                instant = panel.endswith(("(bargauge)", "(table)"))
                assert found <= values if instant else found == values, (panel, name, choice, found)
                if not panel.endswith("(bargauge)"):
                    met[f"{panel} by {name}"] = met.get(f"{panel} by {name}", False) or found == values
    assert [panel for panel, once in met.items() if not once] == []
    assert len(met) > 20


def _panels(api: PrometheusApi, board: Json, name: str, choice: Choice) -> dict[str, set[str]]:
    """For each panel that reads a variable, collect the chosen values that it shows."""
    found: dict[str, set[str]] = defaultdict(set)
    for answer in opened(api, board, {"service": PROMISING, name: choice}):
        if name in referred(answer.target.expr) and answer.target.where not in QUIET[PROMISING]:
            found[answer.target.panel.where] |= _shown(answer, name, choice)
    return found


def _opened(api: PrometheusApi, boards: Mapping[str, Json], service: str) -> Iterator[QueryResult]:
    for board in boards.values():
        chosen: dict[str, Choice] = {"service": service} if "service" in variables(board) else {}
        yield from opened(api, board, chosen)


def _choices(board: Json, values: Mapping[str, list[str]]) -> Iterator[tuple[str, Choice]]:
    """Choose one value of each variable, another one, and both; the value ``other`` may have no data."""
    for name, one in variables(board).items():
        if one["multi"]:
            some = [value for value in values[name] if value != "other"][:2]
            yield from ((name, value) for value in some)
            yield name, tuple(some)


def _shown(answer: QueryResult, name: str, choice: Choice) -> set[str]:
    """Name the values of a label in an answer; a sum over the chosen values shows all of them."""
    choices = {choice} if isinstance(choice, str) else set(choice)
    found = {labels[name] for labels, _ in answer.series if name in labels}
    return found if found or not answer.series else choices
