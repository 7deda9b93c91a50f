"""Dashboards of services that are not alike: profiles, segments, environments and words of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.alerts.registry import panel_of
from generator.grafana import colours
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.spec.load import load
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import documents, everything, panels, targets
from tests.grafana.test_rules import RULES
from tests.models import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.service import Model
    from tests.grafana.documents import Json
    from tests.grafana.substitution import Choice

_PROFILES = sorted(path.stem for path in (Path(__file__).parents[2] / "specs/profiles").glob("*.yaml"))
_ONE = """
service: {profile}-service
profile: {profile}
description: Answers.
owner: team
selector: {{job: one}}
{more}
"""
_MODELS = "labels: {model: [gpt-4o]}\nbudget: {per_day: $100}"
#: One of these fits a profile, by the labels that it leaves open.
_OPEN = (_MODELS, _MODELS.replace("]}", "], tool: [search]}"), "")
#: First by its name, of which the dashboards learn what signals are.
_TIERED = """
service: coding-agent
profile: agent
description: Writes code.
owner: team-coding
selector: {job: coding-agent}
labels: {model: [gpt-4o], tool: [read_file]}
segments: {tenant_tier: {values: [free, pro], of: [run, run_latency, token_usage]}}
budget: {per_day: $100}
environments:
  prod: {selector: {env: prod}}
  staging: {selector: {env: staging}, severity_at_most: warning}
"""


def _model(folder: Path, *services: str) -> Model | None:
    (folder / "services").mkdir()
    for place, text in enumerate(services):
        (folder / f"services/{place}.yaml").write_text(text)
    specs = load(folder).specs
    return resolve(specs).value if specs else None


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Model:
    gateway = _ONE.format(profile="litellm", more=_MODELS)
    found = _model(tmp_path_factory.mktemp("mixed"), _TIERED, gateway)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def boards_of_mixed(mixed: Model) -> dict[str, Json]:
    return documents(mixed)


def _leads_nowhere(model: Model) -> set[str]:
    there = {(uid, panel["id"]) for uid, board in documents(model).items() for panel in everything(board)}
    alerts = (alert for service in model.services for alert in service.alerts)
    return {alert.name for alert in alerts if (at := panel_of(alert)) and (at.uid, at.number) not in there}


@pytest.mark.parametrize("profile", _PROFILES)
def test_each_alert_of_a_profile_leads_to_a_panel_that_exists(profile: str, tmp_path: Path) -> None:
    for place, more in enumerate(_OPEN):
        folder = tmp_path / str(place)
        folder.mkdir()
        if found := _model(folder, _ONE.format(profile=profile, more=more)):
            assert _leads_nowhere(found) == set()
            return
    pytest.fail(f"no labels make a service of {profile}")


def test_each_alert_of_a_mixed_fleet_leads_to_a_panel_that_exists(mixed: Model) -> None:
    assert _leads_nowhere(mixed) == set()


@pytest.mark.parametrize("name", RULES)
def test_the_dashboards_of_a_mixed_fleet_keep_the_rules(name: str, boards_of_mixed: dict[str, Json]) -> None:
    assert [found for board in boards_of_mixed.values() for found in RULES[name](board)] == []


def test_a_dashboard_of_what_nobody_measures_says_so(tmp_path: Path) -> None:
    model = _model(tmp_path, _ONE.format(profile="litellm", more=_MODELS))
    assert model is not None
    boards = documents(model)
    for uid in ("agent-stop-reasons", "agent-releases"):
        (only,) = panels(boards[uid])
        assert only.type == "text"
        assert "No service here measures that" in only.json["options"]["content"]


def test_prices_are_no_matter_where_sources_say_what_calls_cost(
    tmp_path: Path, boards_of_mixed: dict[str, Json]
) -> None:
    model = _model(tmp_path, _ONE.format(profile="litellm", more=_MODELS))
    assert model is not None
    title = "Tokens without a price"
    assert title not in {one.json["title"] for one in panels(documents(model)["agent-cost"])}
    (listed,) = (one for one in panels(boards_of_mixed["agent-cost"]) if one.json["title"] == title)
    assert "unless on (service)" in " ".join(listed.targets[0]["expr"].split())
    assert "stream:agent_cost:rate" in listed.targets[0]["expr"]


def test_titles_begin_with_a_capital_whatever_a_run_is_called(boards_of_mixed: dict[str, Json]) -> None:
    board = boards_of_mixed["agent-runs"]
    titles = {panel.json["title"] for panel in panels(board)}
    assert {"${run_title}s by status", "Steps per ${run}"} <= titles
    (capital,) = (one for one in board["templating"]["list"] if one["name"] == "run_title")
    assert capital["hide"] == 2
    assert all(word in capital["query"] for word in ('"Run"', '"Request"'))


def test_spend_is_told_apart_by_the_segments_of_tokens(boards_of_mixed: dict[str, Json]) -> None:
    board = boards_of_mixed["agent-cost"]
    (spent,) = (one for one in panels(board) if one.json["title"] == "Spend per hour by tenant tier")
    assert all("tenant_tier:agent_cost:increase15m" in target["expr"] for target in spent.targets)
    assert "tenant_tier" in {one["name"] for one in board["templating"]["list"]}


def test_text_that_looks_like_a_number_stays_text(boards: dict[str, Json]) -> None:
    """Grafana would shorten release 1.10 to 1.1."""
    (live,) = (one for one in panels(boards["agent-releases"]) if one.json["title"] == "Live releases")
    overrides = {
        one["matcher"]["options"]: one["properties"] for one in live.json["fieldConfig"]["overrides"]
    }
    assert {"id": "unit", "value": "string"} in overrides["release"]


@pytest.fixture(scope="module")
def everywhere(prometheus: PrometheusApi) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """Services that run in one environment each, one that runs in none, and one that only an alert knows."""
    times = [1000 * time for time in range(SHOWN.end - 600, SHOWN.end + 1, 60)]
    places = {"a-prod": "prod", "b-staging": "staging", "c": "", "unknown": None}
    with prometheus_server() as server:
        for service, place in places.items():
            known = {"__name__": names.KNOWN, "environment": place or ""}
            status = {"__name__": names.BOARD_WORST}
            for labels in (known, status) if place is not None else (status,):
                write(server.api, [TimeSeries({**labels, "service": service}, times, [2.0] * len(times))])
        yield server.api


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("$__all", {"a-prod", "b-staging", "c", "unknown"}),
        ("prod", {"a-prod", "unknown"}),
        (("prod", "staging"), {"a-prod", "b-staging", "unknown"}),
    ],
)
def test_the_fleet_keeps_to_the_chosen_environments(
    boards_of_mixed: dict[str, Json], everywhere: PrometheusApi, chosen: Choice, shown: set[str]
) -> None:
    """An unknown service that an alert is about has no environment, and is always included."""
    board = boards_of_mixed["agent-fleet"]
    status = next(one for one in targets(board) if one.panel.json["title"] == "Services")
    answer = ask(everywhere, board, status, {"environment": chosen, "name": ""})
    assert {labels["service"] for labels, _ in answer.series} == shown


def test_each_row_of_the_board_has_a_name(
    boards_of_mixed: dict[str, Json], everywhere: PrometheusApi
) -> None:
    """A signal that the profile of the chosen service does not measure has a row too, with that status."""
    board = boards_of_mixed["agent-overview"]
    chosen: dict[str, Choice] = {"environment": "$__all", "service": "c", "run": "run", "run_title": "Run"}
    status, current = (
        {labels["signal"]: labels for labels, _ in ask(everywhere, board, target, chosen).series}
        for target in targets(board)
        if target.panel.json["title"] == "Status" and target.json["refId"] in {"A", "B"}
    )
    assert status.keys() == current.keys() >= {"step_count", "tool_error_rate"}
    assert current["step_count"]["metric"] == "Steps per run (p95)"


def test_the_fleet_names_signals_without_the_word_of_one_service(boards_of_mixed: dict[str, Json]) -> None:
    exprs = " ".join(target.expr for target in targets(boards_of_mixed["agent-fleet"]))
    assert "Run latency (p95)" in exprs
    assert "${run" not in exprs


def test_the_history_is_of_the_services_that_are_not_well_at_the_end(
    boards: dict[str, Json], prometheus: PrometheusApi
) -> None:
    """Otherwise a fleet that is well would fill it with lines that say nothing."""
    times = [1000 * time for time in range(SHOWN.end - 1200, SHOWN.end + 1, 60)]
    begun = {"history-well": 0.0, "history-was-bad": 2.0, "history-warns": 0.0, "history-bad": 2.0}
    ended = {"history-well": 0.0, "history-was-bad": 0.0, "history-warns": 1.0, "history-bad": 2.0}
    for service, first in begun.items():
        values = [first] * 10 + [ended[service]] * (len(times) - 10)
        write(prometheus, [TimeSeries({"__name__": names.BOARD_WORST, "service": service}, times, values)])
    board = boards["agent-fleet"]
    title = "Status of the worst services"
    (history,) = (one for one in targets(board) if one.panel.json["title"] == title)
    shown = {
        labels["service"]: values
        for labels, values in ask(prometheus, board, history, {"name": "history-"}).series
    }
    assert set(shown) == {"history-warns", "history-bad"}
    assert (shown["history-warns"][0], shown["history-warns"][-1]) == (0.0, 1.0)
    assert "No service warns" in history.panel.json["fieldConfig"]["defaults"]["noValue"]


def _write(api: PrometheusApi, name: str, service: str, values: Sequence[float]) -> None:
    """Write one value a minute, the last one at the end unless there are fewer than twenty."""
    times = [1000 * time for time in range(SHOWN.end - 19 * 60, SHOWN.end + 1, 60)]
    write(api, [TimeSeries({"__name__": name, "service": service}, times[: len(values)], values)])


def test_a_service_is_one_line_of_the_history_whatever_its_status_was(
    boards: dict[str, Json], prometheus: PrometheusApi
) -> None:
    service, half = "one-line", [0.0] * 10
    _write(prometheus, names.KNOWN, service, [1.0] * 20)
    _write(prometheus, "service:agent_run:increase15m", service, half)
    _write(prometheus, names.BOARD_WORST, service, half + [2.0] * 10)
    board = boards["agent-fleet"]
    (history,) = (one for one in targets(board) if "Status of the worst services" in one.where)
    ((labels, values),) = ask(prometheus, board, history, {"name": service}).series
    assert labels == {"service": service}
    assert (values[0], values[-1]) == (colours.NO_RUNS.code, colours.CRITICAL.code)


@pytest.mark.parametrize(
    ("title", "record"),
    [
        ("Lowest success rates", "service:agent_success_rate:ratio"),
        ("Highest latencies (p95)", "service:agent_latency_p95:seconds"),
        ("Most runs", "service:agent_run:increase15m"),
        ("Highest spend per hour", "service:agent_cost_rate:usd"),
    ],
)
def test_a_service_in_trouble_stands_out_when_it_has_no_value_any_more(
    boards: dict[str, Json], prometheus: PrometheusApi, title: str, record: str
) -> None:
    """Its exporter is gone, or nothing finishes: its last minutes are what an engineer looks for."""
    board, prefix = boards["agent-fleet"], f"silent-{record.split(':')[1]}-"
    drawn = [one for one in targets(board) if one.panel.json["title"] == title]
    assert any(record in one.expr for one in drawn)
    for place in range(12):
        _write(prometheus, record, f"{prefix}{place}", [1.0 + place] * 20)
        _write(prometheus, names.BOARD_WORST, f"{prefix}{place}", [0.0] * 20)
    _write(prometheus, record, f"{prefix}gone", [0.5] * 10)
    _write(prometheus, names.BOARD_WORST, f"{prefix}gone", [2.0] * 20)
    critical = next(one for one in drawn if one.json["refId"] == "A")
    assert ask(prometheus, board, critical, {"name": prefix}).names == [f"{prefix}gone"]
