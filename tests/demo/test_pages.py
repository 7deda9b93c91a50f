"""The generated dashboards as pages of the demo: every panel is drawn, in its units and colours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from markupsafe import escape

from generator.demo.chart import Axes, ChartLine, chart, formatted_amount
from generator.demo.pages import Pages, served
from generator.demo.panels import Window, drawn
from generator.live.api import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = sorted((Path(__file__).parents[2] / "output/grafana/dashboards").glob("*.json"))
WINDOW = Window(1_000_000, 1_003_600, 60)
PANELS = [
    (f"{path.stem} {panel['id']}", panel)
    for path in FILES
    for panel in json.loads(path.read_text("utf-8"))["panels"]
    if panel["type"] != "row"
]


def _answer(_target: Any) -> list[tuple[dict[str, str], dict[float, float]]]:  # noqa: ANN401 - JSON
    labels = {
        name: f"<{name}>" for name in ("service", "release", "tool", "model", "signal", "metric", "more")
    }
    return [(labels, {float(at): 0.25 for at in range(1_000_000, 1_003_601, 60)})]


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[name for name, _ in PANELS])
def test_every_generated_panel_is_drawn_and_what_it_shows_is_escaped(name: str, panel: Any) -> None:  # noqa: ANN401
    shown = str(drawn(panel, _answer, WINDOW))
    assert "Grafana draws this panel" not in shown, name
    assert re.search(r"<(svg|table|div)", shown), name
    assert "<service>" not in shown
    assert not re.search(r"\{\{|\$\{|nan|None", shown), name


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[name for name, _ in PANELS])
def test_a_panel_without_data_says_so(name: str, panel: Any) -> None:  # noqa: ANN401 - JSON
    assert 'class="nothing"' in str(drawn(panel, lambda _: [], WINDOW)), name


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.0225, "percentunit", None, "2.25%"),
        (0.973, "percentunit", 1, "97.3%"),
        (-0.0001, "percentunit", 1, "0.0%"),
        (0.225, "s", None, "225 ms"),
        (1.77, "s", None, "1.77 s"),
        (7_200, "s", None, "2 hours"),
        (0.0026, "currencyUSD", None, "$0.0026"),
        (-12.5, "currencyUSD", 2, "-$12.50"),
        (1_250, "short", None, "1.25 K"),
        (14.4, "suffix: x", None, "14.4 x"),
        (5, "suffix: pp", 1, "5.0 pp"),
        (276, "none", 0, "276"),
        (float("nan"), "s", None, "-"),
        (0, "none", None, "0"),
    ],
)
def test_amounts_are_written_in_their_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert formatted_amount(value, unit, decimals) == text


def _axes(**changes: Any) -> Axes:  # noqa: ANN401 - of several types
    usual = {"least": 0.0, "most": None, "soft_least": None, "soft_most": None}
    return Axes(0, 600, 60, "none", None, **(usual | changes))


def test_a_line_has_a_gap_where_samples_are_missing_and_a_dash_where_it_promises() -> None:
    values = {0.0: 1.0, 60.0: 2.0, 300.0: 3.0, 360.0: 2.0}
    svg = str(chart([ChartLine("a", values, "#123456", dashed=True)], _axes(), 400, 200))
    assert svg.count("<polyline") == 2
    assert svg.count("stroke-dasharray") == 2


def test_stacked_lines_stand_on_each_other() -> None:
    lines = [ChartLine(name, {0.0: 10.0, 60.0: 10.0}, "#123456", stacked=True) for name in "ab"]
    svg = str(chart(lines, _axes(), 400, 200))
    tops = [float(found[1]) for found in re.finditer(r'<polyline points="[\d.]+,([\d.]+)', svg)]
    zero = 200 - 20
    assert zero - tops[1] == pytest.approx(2 * (zero - tops[0]), abs=0.2)


class _Api:
    """Answers every query with one series, and remembers the queries."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, expr: str, _at: float) -> Any:  # noqa: ANN401 - looks like an answer
        self.asked.append(expr)
        labels = {"service": "support-agent", "signal": "own_rate"}
        return (SimpleNamespace(labels=labels, value=1.0),)

    def query_range(self, expr: str, start: float, end: float, _step: float) -> Any:  # noqa: ANN401
        self.asked.append(expr)
        series = SimpleNamespace(labels={"tool": "search"}, timestamps=(start, end), values=(0.1, 0.2))
        return SimpleNamespace(series=(series,))


@pytest.fixture
def place() -> Iterator[tuple[str, _Api]]:
    api = _Api()
    with served(api, "support-agent", (path.read_text("utf-8") for path in FILES)) as url:  # type: ignore[arg-type]
        yield url, api


def _page(url: str) -> str:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - a server of ours
        text: str = answer.read().decode()
        return text


def test_pages_are_those_of_the_dashboards_and_ask_for_this_service(place: tuple[str, _Api]) -> None:
    url, api = place
    for path in FILES:
        dashboard = json.loads(path.read_text("utf-8"))
        page = _page(f"{url}/d/{path.stem}")
        assert f"<title>{dashboard['title']} - support-agent</title>" in page
        titles = [panel["title"] for panel in dashboard["panels"] if "repeat" not in panel]
        assert [title for title in titles if f">{escape(title)}</h2>" not in page] == []
    assert api.asked
    assert not [expr for expr in api.asked if re.search(r"\$\{?[a-z]", expr)]
    assert any('service="support-agent"' in expr for expr in api.asked)


def test_a_panel_of_each_own_signal_is_drawn(place: tuple[str, _Api]) -> None:
    assert ">own_rate</h2>" in _page(f"{place[0]}/d/agent-overview/1h")


def test_any_other_address_leads_to_the_overview(place: tuple[str, _Api]) -> None:
    for path in ("/", "/d/none", "/x/../etc", "/d/agent-overview/?var-service=x"):
        assert "<title>Agent overview" in _page(place[0] + path)


def test_grafana_s_own_variables_are_durations_of_the_window() -> None:
    pages = Pages(connect("http://127.0.0.1:9"), "demo", {})
    expr = 'rate(a{service="$service",tool=~"$tool"}[$__interval]) + b[$__range]'
    filled = pages._filled(expr, Window(0, 3600, 30))  # noqa: SLF001 - what Grafana does by itself
    assert filled == 'rate(a{service="demo",tool=~".+"}[30s]) + b[3600s]'
