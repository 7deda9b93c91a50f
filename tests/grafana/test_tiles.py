"""The colour of a single number is the status of its signal: red is a critical alert, green never hides one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from generator.grafana import colours
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json, PanelQuery

_SERVICES = count()
_SUCCESS = "service:agent_success_rate:ratio"
_SPEND, _BUDGET = "service:agent_spend:usd", "service:agent_spend:objective"
_FORECAST = "service:agent_spend:forecast"


@pytest.mark.parametrize(
    ("value", "status", "colour"),
    [
        # Far below the objective on a few runs: chance, as no alert is true.
        (0.5, 0, colours.BLUE),
        (0.99, 0, colours.GREEN),
        (0.97, 0, colours.GREEN),
        # An alert goes on firing for a while, and another alert than the bound's may be true.
        (0.99, 1, colours.AMBER),
        (0.99, 2, colours.RED),
        (0.5, 1, colours.AMBER),
        (0.5, 2, colours.RED),
        # Without a status nobody knows whether an alert is true.
        (0.99, None, colours.BLUE),
    ],
)
def test_a_number_has_the_colour_of_its_status(
    value: float, status: float | None, colour: str, boards: dict[str, Json], server: PrometheusApi
) -> None:
    written = {_SUCCESS: value, "service:agent_success_rate:objective": 0.97}
    service = _written(server, written, success_rate=status)
    assert _shown(server, boards["agent-runs"], "Success rate", service) == [("", value, colour)]


def test_a_number_without_an_objective_is_not_green(boards: dict[str, Json], server: PrometheusApi) -> None:
    for status, colour in ((0, colours.BLUE), (1, colours.AMBER), (2, colours.RED)):
        service = _written(server, {_SUCCESS: 0.9}, success_rate=status)
        assert _shown(server, boards["agent-runs"], "Success rate", service) == [("", 0.9, colour)]


def test_the_spend_shows_what_the_day_is_heading_for(boards: dict[str, Json], server: PrometheusApi) -> None:
    """The forecast's alert fires long before the budget is spent: neither number is green or calm then."""
    board = boards["agent-cost"]
    service = _written(server, {_SPEND: 90, _BUDGET: 200, _FORECAST: 560}, spend=1)
    assert _shown(server, board, "Spent in 24 hours", service) == [
        ("spent", 90, colours.AMBER),
        ("forecast", 560, colours.AMBER),
    ]
    assert _shown(server, board, "Budget used", service) == [("", 0.45, colours.AMBER)]
    service = _written(server, {_SPEND: 90, _BUDGET: 200, _FORECAST: 110}, spend=0)
    assert _shown(server, board, "Spent in 24 hours", service) == [
        ("spent", 90, colours.GREEN),
        ("forecast", 110, colours.TEXT),
    ]
    service = _written(server, {_SPEND: 90, _FORECAST: 110}, spend=0)
    assert _shown(server, board, "Spent in 24 hours", service) == [
        ("spent", 90, colours.BLUE),
        ("forecast", 110, colours.TEXT),
    ]


@pytest.mark.parametrize(
    ("spent", "status", "colour"),
    [
        (100, 0, colours.GREEN),
        (159, 0, colours.GREEN),
        (161, 0, colours.AMBER),
        # The service turned the alert off, or its bound is higher than the budget.
        (240, 0, colours.AMBER),
        (100, 1, colours.AMBER),
        (240, 2, colours.RED),
        (150, 2, colours.RED),
    ],
)
def test_a_budget_is_amber_before_it_is_used(
    spent: float, status: float, colour: str, boards: dict[str, Json], server: PrometheusApi
) -> None:
    service = _written(server, {_SPEND: spent, _BUDGET: 200}, spend=status)
    assert _shown(server, boards["agent-cost"], "Budget used", service) == [("", spent / 200, colour)]


@pytest.mark.parametrize(
    ("signal", "title", "share"),
    [("latency_p95", "Latency p95", 0.05), ("latency_p50", "Latency p50", 0.5)],
)
def test_a_quantile_beyond_the_last_bucket_says_so(
    signal: str, title: str, share: float, boards: dict[str, Json], server: PrometheusApi
) -> None:
    board, value = boards["agent-runs"], f"service:agent_{signal}:seconds"
    for beyond, said in ((share * 1.1, True), (share * 0.9, False)):
        service = _written(server, {value: 10, "service:agent_latency_p95:overflow": beyond})
        note = [("took more", round(beyond, 6), colours.AMBER)] if said else []
        assert _shown(server, board, title, service) == [("at least", 10, colours.BLUE), *note]


@pytest.mark.parametrize(("severity", "colour"), [("critical", colours.RED), ("warning", None), (None, None)])
def test_a_difference_of_releases_is_red_only_for_a_critical_alert(
    severity: str | None, colour: str | None, boards: dict[str, Json], server: PrometheusApi
) -> None:
    service = _written(server, {})
    for record, value, release in (
        ("release:agent_newest:seconds", SHOWN.end - 600, "new"),
        ("release:agent_previous:seconds", SHOWN.end - 6000, "old"),
        ("release:agent_run:newest", 500, "new"),
        ("release:agent_run:previous", 500, "old"),
        ("release:agent_success_rate:release_change", -0.2, "new"),
    ):
        write(server, [_series(value, __name__=record, service=service, release=release)])
    if severity:
        about = {"service": service, "severity": severity, "signal": "success_rate"}
        alert = {"alertname": "AgentSuccessRateRegression", "alertstate": "firing"}
        write(server, [_series(1, __name__="ALERTS", **alert, **about)])
    shown = _shown(server, boards["agent-releases"], "Success rate", service)
    assert [one for one in shown if one[0] == "due to release"] == [("due to release", -20, colour)]


def _written(api: PrometheusApi, records: Mapping[str, float], **statuses: float | None) -> str:
    """Write the records of a new service, and the statuses of signals."""
    service = f"tiles-{next(_SERVICES)}"
    write(api, [_series(value, __name__=name, service=service) for name, value in records.items()])
    for signal, status in statuses.items():
        if status is not None:
            write(api, [_series(status, __name__=names.BOARD_STATUS, service=service, signal=signal)])
    return service


def _series(value: float, **labels: str) -> TimeSeries:
    return TimeSeries(labels, [SHOWN.end * 1000], [value])


def _shown(api: PrometheusApi, board: Json, title: str, service: str) -> list[tuple[str, float, str | None]]:
    """List the names, the numbers and the fixed colours of a single number."""
    chosen = {"service": service, "release": "$__all", "model": "$__all"}
    return [
        (name, round(values[0], 6), _colour(target))
        for target in targets(board)
        if target.panel.json["title"] == title and target.panel.type == "stat"
        for answer in [ask(api, board, target, chosen)]
        for name, (_, values) in zip(answer.names, answer.series, strict=True)
    ]


def _colour(target: PanelQuery) -> str | None:
    """Read the colour that the panel fixes for a query."""
    overrides = target.panel.json["fieldConfig"]["overrides"]
    (properties,) = (
        {one["id"]: one["value"] for one in override["properties"]}
        for override in overrides
        if override["matcher"]["options"] == target.json["refId"]
    )
    colour: str | None = properties.get("color", {}).get("fixedColor")
    return colour
