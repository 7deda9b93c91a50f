"""On a broken day panels show the failures, including odd names; for a silent service they show the silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours
from tests.grafana.asking import ask, offered, opened
from tests.grafana.day import BROKEN, ODD_RELEASE, PROMISING, SHOWN, SILENT
from tests.grafana.documents import events, targets, variables
from tests.grafana.quiet import ALWAYS, HEALTHY, judges, of_others, warns
from tests.grafana.rules.variable import referred
from tests.grafana.substitution import substituted

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json


def test_everything_has_data(boards: dict[str, Json], day: PrometheusApi) -> None:
    answers = [one for board in boards.values() for one in opened(day, board, {"service": BROKEN})]
    silent = [answer.target for answer in answers if not answer.series]
    assert {one.where for one in silent if not (of_others(one) or judges(one) or warns(one))} == set(ALWAYS)
    marked = {one for answer in answers if warns(answer.target) for one in answer.names}
    assert marked >= {"p95 beyond the last bucket", "took more", "too low: tokens without a price"}
    assert {answer.target.where for answer in answers} >= set(HEALTHY)


def test_a_number_is_red_where_an_alert_is_critical(boards: dict[str, Json], day: PrometheusApi) -> None:
    shown = {
        answer.target.panel.where: answer.target
        for answer in opened(day, boards["agent-runs"], {"service": BROKEN})
        if judges(answer.target) and answer.series
    }
    latency = shown["agent-runs / Latency p95 (stat)"]
    (override,) = (
        one
        for one in latency.panel.json["fieldConfig"]["overrides"]
        if one["matcher"]["options"] == latency.json["refId"]
    )
    assert override["properties"][0]["value"]["fixedColor"] == colours.CRITICAL.colour


def test_a_release_with_an_odd_name_can_be_chosen(boards: dict[str, Json], day: PrometheusApi) -> None:
    board = boards["agent-releases"]
    assert ODD_RELEASE in offered(day, board, BROKEN)["release"]
    for answer in opened(day, board, {"service": BROKEN, "release": ODD_RELEASE}):
        if "release" in referred(answer.target.expr):
            assert {labels["release"] for labels, _ in answer.series} <= {ODD_RELEASE}, answer.target.where
    assert [
        labels["release"]
        for target in targets(board)
        if target.where == "agent-releases / Live releases (table) / A"
        for labels, _ in ask(day, board, target, {"service": BROKEN, "release": ODD_RELEASE}).series
    ] == [ODD_RELEASE]


def test_releases_and_alerts_are_marked(boards: dict[str, Json], day: PrometheusApi) -> None:
    for board in boards.values():
        for where, event in events(board):
            for service, alerts in ((BROKEN, True), (PROMISING, False)):
                if not alerts and "service" not in referred(event["expr"]):
                    continue  # marks the alerts of all services
                expr = substituted(event["expr"], variables(board), {"service": service}, SHOWN)
                found = day.query(expr, SHOWN.end)
                assert bool(found) is (alerts or "ALERTS" not in event["expr"]), (where, service)


def test_what_has_no_price_is_named(boards: dict[str, Json], day: PrometheusApi) -> None:
    models = {
        service: {
            labels["model"]
            for answer in opened(day, boards["agent-cost"], {"service": service})
            if "Tokens without a price" in answer.target.where
            for labels, _ in answer.series
        }
        for service in (BROKEN, PROMISING)
    }
    assert models == {
        BROKEN: {"experimental-model"},
        PROMISING: {"every model and token type in use has a price"},
    }


def test_a_silent_service_can_be_chosen_and_breaks_nothing(
    boards: dict[str, Json], day: PrometheusApi
) -> None:
    for board in boards.values():
        assert SILENT in offered(day, board, SILENT).get("service", [SILENT])
        for answer in opened(day, board, {"service": SILENT}):
            promised = "objective" in answer.target.expr or "vector" in answer.target.expr
            everybody = "service" not in referred(answer.target.expr)
            assert not answer.series or promised or everybody, answer.target.where
