"""Dashboards of format v2 have all of the classic ones, are valid, and hide sections with nothing to show."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.artifact import Artifact
from generator.compiler import generate
from generator.live.remote_write import TimeSeries, write
from generator.spec.sources import read_sources
from tests.grafana.documents import Json, documents, documents_v2, panels
from tests.grafana.published import findings_v2
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

_SPECS = Path(__file__).parents[2] / "specs"
#: A service that measures neither tools, nor stop reasons, nor releases, beside those of the project.
_GATEWAY = """\
service: gateway
profile: litellm
owner: team-platform
selector: {job: litellm}
labels: {model: [gpt-4o]}
"""
_NOW = 1_700_467_200


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The project's services, and one with another profile."""
    specs = tmp_path_factory.mktemp("mixed") / "specs"
    shutil.copytree(_SPECS, specs)
    (specs / "services/gateway.yaml").write_text(_GATEWAY)
    return model_of(specs)


@pytest.fixture(scope="module")
def both(mixed: Model) -> list[tuple[Json, Json]]:
    """Each dashboard of the mixed services in the classic format, and in format v2."""
    new = documents_v2(mixed)
    return [(classic, new[uid]) for uid, classic in documents(mixed).items()]


def test_only_a_site_that_asks_for_them_has_them(tmp_path: Path) -> None:
    classic = _files(tmp_path / "classic", "")
    asked = _files(tmp_path / "asked", "grafana_v2: true\n")
    new = {path for path in asked if path.startswith("grafana/dashboards-v2/")}
    assert len(new) == 7
    assert {path: text for path, text in asked.items() if path not in new | {"manifest.json"}} == {
        path: text for path, text in classic.items() if path != "manifest.json"
    }


def test_grafanas_schema_allows_every_dashboard(boards: dict[str, Json], model: Model, both: Any) -> None:  # noqa: ANN401
    new = documents_v2(model)
    assert new.keys() == boards.keys()
    assert [found for one in (*new.values(), *(each for _, each in both)) for found in findings_v2(one)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cursorSync",), "Everywhere"),
        (("links", 0, "keepTime"), "yes"),
        (("variables", 1, "spec", "sort"), 7),
        (("variables", 1, "spec", "refresh"), "always"),
        (("variables", 1, "spec", "query", "spec"), "up"),
        (("elements", "panel-101", "spec", "data", "spec", "queryOptions", "intervall"), "1m"),
        (("layout", "spec", "rows", 0, "spec", "layout", "spec", "items", 0, "spec", "x"), "0"),
        (("layout", "spec", "rows", 1, "spec", "conditionalRendering", "spec", "visibility"), "never"),
        (("layout", "spec", "rows", 1, "spec", "colapse"), True),
        (("annotations", 0, "spec", "enable"), 1),
    ],
)
def test_the_schema_is_strict(
    path: tuple[str | int, ...], value: object, both: list[tuple[Json, Json]]
) -> None:
    board = deepcopy(next(new for _, new in both if new["metadata"]["name"] == "agent-tools"))
    inside: Any = board["spec"]
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    assert list(findings_v2(board)) != []


def test_every_panel_is_there_as_it_was(both: list[tuple[Json, Json]]) -> None:
    for classic, new in both:
        elements = new["spec"]["elements"]
        found = list(panels(classic))
        assert set(elements) == {f"panel-{one.json['id']}" for one in found}
        for panel in found:
            spec = elements[f"panel-{panel.json['id']}"]["spec"]
            shown = spec["vizConfig"]
            for key in ("id", "title", "description", "transparent"):
                assert spec[key] == panel.json[key], panel.where
            assert shown["group"] == panel.type
            assert shown["spec"]["options"] == panel.json["options"]
            assert shown["spec"]["fieldConfig"] == panel.json.get(
                "fieldConfig", {"defaults": {}, "overrides": []}
            )
            assert [(one["title"], one["url"], one["targetBlank"]) for one in spec["links"]] == [
                (one["title"], one["url"], one["targetBlank"]) for one in panel.json["links"]
            ]


def test_every_query_is_there_as_it_was(both: list[tuple[Json, Json]]) -> None:
    for classic, new in both:
        for panel in panels(classic):
            data = new["spec"]["elements"][f"panel-{panel.json['id']}"]["spec"]["data"]["spec"]
            asked = [_classic_target(one["spec"]) for one in data["queries"]]
            assert asked == panel.targets, panel.where
            assert [{"id": one["group"], **one["spec"]} for one in data["transformations"]] == panel.json.get(
                "transformations", []
            )
            assert data["queryOptions"] == {
                key: panel.json[key] for key in ("interval", "timeFrom") if key in panel.json
            }


def test_every_variable_is_there_as_it_was(both: list[tuple[Json, Json]]) -> None:
    hidden, refreshed = (
        ("dontHide", "hideLabel", "hideVariable"),
        ("never", "onDashboardLoad", "onTimeRangeChanged"),
    )
    for classic, new in both:
        found = {one["spec"]["name"]: one["spec"] for one in new["spec"]["variables"]}
        names = [name for name in found if not name.startswith("folded_")]
        assert names == [one["name"] for one in classic["templating"]["list"]]
        for one in classic["templating"]["list"]:
            spec = found[one["name"]]
            assert (spec["label"], spec["hide"]) == (one["label"], hidden[one["hide"]])
            if one["type"] == "query":
                assert spec["query"]["spec"] == {"__legacyStringValue": one["query"]}
                assert spec["query"]["datasource"]["name"] == one["datasource"]["uid"]
                assert [spec[key] for key in ("regex", "multi", "includeAll")] == [
                    one[key] for key in ("regex", "multi", "includeAll")
                ]
                assert spec.get("allValue") == one.get("allValue")
                assert spec["refresh"] == refreshed[one["refresh"]]
                assert spec["current"]["value"] == (["$__all"] if one["multi"] else "")
            elif one["type"] == "datasource":
                assert spec["pluginId"] == one["query"]


def test_every_link_event_and_time_is_there_as_it_was(both: list[tuple[Json, Json]]) -> None:
    for classic, new in both:
        spec = new["spec"]
        for key in ("title", "description", "tags", "editable", "links"):
            assert spec[key] == classic[key]
        times = spec["timeSettings"]
        assert (times["from"], times["to"]) == (classic["time"]["from"], classic["time"]["to"])
        assert (times["autoRefresh"], times["timezone"]) == (classic["refresh"], classic["timezone"])
        assert [_classic_event(one["spec"]) for one in spec["annotations"]] == classic["annotations"]["list"]
        assert new["metadata"]["name"] == classic["uid"]


def test_every_panel_has_its_place_in_its_section(both: list[tuple[Json, Json]]) -> None:
    for classic, new in both:
        expected: list[tuple[str, list[tuple[Any, ...]]]] = []
        top = 0
        for one in classic["panels"]:
            if one["type"] == "row" or not expected:
                at = one["gridPos"]
                expected.append((one["title"] if one["type"] == "row" else "", []))
                top = at["y"] + at["h"] if one["type"] == "row" else at["y"]
            if one["type"] != "row":
                at = one["gridPos"]
                repeat = (one.get("repeat"), one.get("maxPerRow"))
                expected[-1][1].append(
                    (f"panel-{one['id']}", at["x"], at["y"] - top, at["w"], at["h"], *repeat)
                )
        assert [(title, list(_places(grid))) for title, grid, _ in _sections(new)] == [
            (title or ("Now" if _is_tabbed(new) else ""), places) for title, places in expected
        ]


def test_the_overview_has_tabs(both: list[tuple[Json, Json]]) -> None:
    assert [new["metadata"]["name"] for _, new in both if _is_tabbed(new)] == ["agent-overview"]


def test_sections_hide_that_not_every_service_measures(both: list[tuple[Json, Json]], model: Model) -> None:
    hiding = {new["metadata"]["name"]: _hiding(new) for _, new in both}
    assert hiding["agent-tools"] == [
        "Which tool fails, and how?",
        "Which tool is slow, or called too often?",
        "Which release is it?",
    ]
    assert hiding["agent-stop-reasons"] == ["Which limits and refusals?", "Which release is it?"]
    assert hiding["agent-overview"] == [
        "Newest release against the previous one",
        "This service's own signals",
    ]
    assert hiding["agent-fleet"] == []
    alike = {uid: _hiding(new) for uid, new in documents_v2(model).items()}
    assert {uid: found for uid, found in alike.items() if found} == {
        "agent-overview": ["This service's own signals"]
    }


def test_a_dashboard_never_hides_its_first_section(both: list[tuple[Json, Json]]) -> None:
    assert all(next(iter(_sections(new)))[2] is None for _, new in both)


def test_a_section_hides_for_the_services_that_lack_all_of_it(
    both: list[tuple[Json, Json]], prometheus: PrometheusApi
) -> None:
    tools = next(new for _, new in both if new["metadata"]["name"] == "agent-tools")
    title, _, condition = list(_sections(tools))[1]
    assert title == "Which tool fails, and how?"
    assert condition is not None
    assert (condition["visibility"], condition["condition"]) == ("hide", "and")
    (one,) = condition["items"]
    query = _query_of(tools, one["spec"]["variable"])
    series = {"__name__": "tool:agent_tool_error_rate:ratio", "tool": "t", "service": "v2-tools"}
    times = [second * 1000 for second in range(_NOW - 7200, _NOW - 3600, 60)]
    write(prometheus, [TimeSeries(series, times, [0.1] * len(times))])
    for service, values in {"v2-tools": [], "v2-gateway": [one["spec"]["value"]]}.items():
        answer = prometheus.query(query.replace("$service", service), _NOW)
        assert [dict(found.labels)[one["spec"]["variable"]] for found in answer] == values


def _files(specs: Path, more: str) -> dict[str, str]:
    shutil.copytree(_SPECS, specs)
    site = specs / "site.yaml"
    site.write_text(site.read_text() + more)
    found = generate(read_sources(specs))
    assert not found.failed
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


def _classic_target(spec: Json) -> Json:
    assert (spec["hidden"], spec["query"]["group"]) == (False, "prometheus")
    source = {"type": spec["query"]["group"], "uid": spec["query"]["datasource"]["name"]}
    return {**spec["query"]["spec"], "refId": spec["refId"], "datasource": source}


def _classic_event(spec: Json) -> Json:
    query = spec["query"]
    return {
        **spec["legacyOptions"],
        "name": spec["name"],
        "enable": spec["enable"],
        "iconColor": spec["iconColor"],
        "expr": query["spec"]["expr"],
        "step": query["spec"]["interval"],
        "datasource": {"type": query["group"], "uid": query["datasource"]["name"]},
    }


def _is_tabbed(new: Json) -> bool:
    return bool(new["spec"]["layout"]["kind"] == "TabsLayout")


def _sections(new: Json) -> Iterator[tuple[str, Json, Json | None]]:
    """Yield the title, the grid and the condition of each row or tab."""
    layout = new["spec"]["layout"]["spec"]
    for one in layout.get("tabs", layout.get("rows")):
        spec = one["spec"]
        assert spec.get("hideHeader", False) == (not spec["title"])
        yield spec["title"], spec["layout"], spec.get("conditionalRendering", {}).get("spec")


def _places(grid: Json) -> Iterator[tuple[Any, ...]]:
    for item in grid["spec"]["items"]:
        at = item["spec"]
        repeat = at.get("repeat", {})
        yield (
            *(at["element"]["name"], at["x"], at["y"], at["width"], at["height"]),
            *(repeat.get("value"), repeat.get("maxPerRow")),
        )


def _hiding(new: Json) -> list[str]:
    return [title for title, _, condition in _sections(new) if condition is not None]


def _query_of(new: Json, name: str) -> str:
    (spec,) = (one["spec"] for one in new["spec"]["variables"] if one["spec"]["name"] == name)
    assert (spec["hide"], spec["skipUrlSync"]) == ("hideVariable", True)
    query: str = spec["query"]["spec"]["__legacyStringValue"]
    return query.removeprefix("query_result(").removesuffix(")")
