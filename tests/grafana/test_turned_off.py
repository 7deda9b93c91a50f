"""Panels draw no bound of an alert that the chosen service does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.prometheus.rule_set import rule_set
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import documents, targets
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

_SERVICE = """
service: {name}
profile: agent
description: Answers.
owner: team
selector: {{job: {name}}}
labels: {{model: [gpt-4o], tool: [search]}}
objectives: {{success_rate: {{min: 97%{window}}}}}
{more}
"""
_OFF = "alerts: {{{}: {{disabled: Its team wants none.}}}}"
#: Each service, and whether its error budget and its success rate page.
_SERVICES = {
    "all-on": (_SERVICE.format(name="all-on", window=", window: 30d", more=""), True, True),
    "no-window": (_SERVICE.format(name="no-window", window="", more=""), False, True),
    "no-burn": (
        _SERVICE.format(name="no-burn", window=", window: 30d", more=_OFF.format("AgentErrorBudgetBurn")),
        False,
        True,
    ),
    "no-page": (
        _SERVICE.format(name="no-page", window=", window: 30d", more=_OFF.format("AgentSuccessRateLow")),
        True,
        False,
    ),
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("turned-off")
    (folder / "services").mkdir()
    for name, (text, _, _) in _SERVICES.items():
        (folder / f"services/{name}.yaml").write_text(text)
    return model_of(folder)


@pytest.fixture(scope="module")
def half_failing(prometheus: PrometheusApi, fleet: Model) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """All rules over twenty minutes in which half of the runs fail."""
    times = [1000 * time for time in range(SHOWN.end - 1500, SHOWN.end + 1, 15)]
    with prometheus_server() as server:
        for service in fleet.services:
            for status, reason in (("ok", "completed"), ("error", "tool_error")):
                labels = {
                    "__name__": "agent_run_total",
                    "job": service.name,
                    "instance": "one",
                    "release": "v1",
                }
                values = [10.0 * place for place in range(len(times))]
                write(
                    server.api,
                    [TimeSeries(labels | {"status": status, "stop_reason": reason}, times, values)],
                )
        evaluate(
            server.api,
            rule_set(fleet.services, fleet.library, fleet.site).groups,
            SHOWN.end - 1200,
            SHOWN.end,
        )
        yield server.api


@pytest.mark.parametrize("service", _SERVICES)
def test_the_paces_of_the_burn_rate_are_drawn_where_its_alert_can_fire(
    service: str, fleet: Model, half_failing: PrometheusApi
) -> None:
    board = documents(fleet)["agent-runs"]
    burn = [one for one in targets(board) if one.panel.json["title"] == "Error budget burn"]
    drawn = {name for target in burn for name in ask(half_failing, board, target, {"service": service}).names}
    paces = {"critical (1h)", "critical (6h)", "warning (1d)", "warning (3d)"}
    assert "1h" in drawn
    assert drawn & paces == (paces if _SERVICES[service][1] else set())


@pytest.mark.parametrize("service", _SERVICES)
def test_a_number_is_red_where_its_alert_pages(
    service: str, fleet: Model, half_failing: PrometheusApi
) -> None:
    board = documents(fleet)["agent-runs"]
    shown = [
        target.json["refId"]
        for target in targets(board)
        if "Success rate (stat)" in target.where
        and ask(half_failing, board, target, {"service": service}).series
    ]
    # A is red; D is blue: beyond the objective, but no alert says so.
    assert shown == (["A"] if _SERVICES[service][2] else ["D"])
    assert names.VARIANT in " ".join(one.expr for one in targets(board))
