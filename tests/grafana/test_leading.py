"""Charts of many tools: those leading in the time range have their own lines, all others share one, none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.grafana.queries import APART
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from tests.grafana.asking import QueryResult
    from tests.grafana.documents import Json

_SERVICE = "many-tools"
_TOOLS = [f"tool_{number:02}" for number in range(APART + 4)]
#: Of each tool its calls and failures within a window; those of the last one began with the last sample.
_MADE = {tool: 10.0 * place for place, tool in enumerate(_TOOLS)}
_LATE = _TOOLS[1]


@pytest.fixture(scope="module")
def many(prometheus: PrometheusApi) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """A service with more tools than a chart distinguishes, of which the first is never called."""
    with prometheus_server() as server:
        times = range(SHOWN.start, SHOWN.end + 1, SHOWN.step)
        for record, factor in (
            ("tool:agent_tool_call:increase15m", 1.0),
            ("tool:agent_tool_error_rate:numerator", 0.1),
            ("tool:agent_tool_error_rate:ratio", 0.001),
        ):
            series = [
                TimeSeries(
                    {"__name__": record, "service": _SERVICE, "tool": tool},
                    [1000 * time for time in times],
                    [factor * _value(tool, time) for time in times],
                )
                for tool in _TOOLS
            ]
            write(server.api, series)
        yield server.api


def _value(tool: str, time: int) -> float:
    if tool == _LATE:
        return 1e6 if time > SHOWN.end - 2 * SHOWN.step else 0.0
    return _MADE[tool]


def test_those_with_most_calls_lead_and_the_rest_is_summed(
    boards: dict[str, Json], many: PrometheusApi
) -> None:
    led, others = _answers(boards, many, "Tool calls")
    assert {labels["tool"] for labels, _ in led.series} == {_LATE, *_TOOLS[-APART + 1 :]}
    rest = sum(_MADE[tool] for tool in _TOOLS[2 : -APART + 1])
    assert [values[len(values) // 2] for _, values in others.series] == [pytest.approx(rest)]


def test_of_lines_the_highest_of_the_rest_is_drawn(boards: dict[str, Json], many: PrometheusApi) -> None:
    led, others, _ = _answers(boards, many, "Tool error rate")
    assert len(led.series) == APART
    ((_, values),) = others.series
    assert values[len(values) // 2] == pytest.approx(0.001 * _MADE[_TOOLS[-APART]])


def test_the_largest_reasons_have_room_in_the_legend_beside_the_other_ones(
    boards: dict[str, Json], many: PrometheusApi
) -> None:
    shares = {
        "completed": 0.5,
        "quota": 0.005,
        **{f"reason_{number}": 0.01 * number for number in range(1, 9)},
    }
    times = range(SHOWN.start, SHOWN.end + 1, SHOWN.step)
    for reason, share in shares.items():
        labels = {
            "__name__": "stop_reason:agent_stop_reason_distribution:ratio",
            "service": _SERVICE,
            "stop_reason": reason,
        }
        write(many, [TimeSeries(labels, [1000 * time for time in times], [share] * len(times))])
    led, others = _answers(boards, many, "Runs not completed", "agent-overview")
    assert {labels["stop_reason"] for labels, _ in led.series} == {
        f"reason_{number}" for number in range(3, 9)
    }
    assert [values[-1] for _, values in others.series] == [pytest.approx(0.03)]


def _answers(
    boards: dict[str, Json], api: PrometheusApi, title: str, uid: str = "agent-tools"
) -> list[QueryResult]:
    board = boards[uid]
    chosen = {"service": _SERVICE, "tool": "$__all", "model": "$__all", "release": "$__all"}
    found = [one for one in targets(board) if one.panel.json["title"] == title]
    return [ask(api, board, target, chosen) for target in found]
