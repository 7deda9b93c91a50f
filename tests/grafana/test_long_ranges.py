"""With distant points no value between two of them is lost: lines show the worst of a step, areas the mean."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.grafana.day import BROKEN, PROMISING, SHOWN
from tests.grafana.documents import targets, variables
from tests.grafana.substitution import ALL, ShownRange, substituted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json, PanelQuery

#: As at a range of a week in a panel of a third of the screen.
_FAR = replace(SHOWN, step=1800)
#: The step of the rules, for records and queries of dashboards.
_NEAR = replace(SHOWN, step=60)

Lines = dict[tuple[tuple[str, str], ...], tuple[float, ...]]


@pytest.mark.parametrize(("over", "worst"), [("max", max), ("min", min)])
def test_lines_show_the_worst_of_all_instants(
    over: str, worst: Callable[[tuple[float, ...]], float], boards: dict[str, Json], day: PrometheusApi
) -> None:
    met = 0
    for board, target in _drawn(boards, over):
        near, far = (_lines(day, board, target, window) for window in (_NEAR, _FAR))
        for labels, values in near.items():
            assert worst(far[labels]) == pytest.approx(worst(values)), (target.where, labels)
            met += 1
    assert met > 3


def test_areas_show_the_mean_of_all_instants(boards: dict[str, Json], day: PrometheusApi) -> None:
    ((board, target),) = [
        (board, target)
        for board, target in _drawn(boards, "avg")
        if target.where == "agent-runs / Runs by status (timeseries) / A"
    ]
    near, far = (_lines(day, board, target, window, PROMISING) for window in (_NEAR, _FAR))
    assert near.keys() == far.keys()
    for labels, values in near.items():
        # The first point looks back to before the range.
        assert mean(far[labels][1:]) == pytest.approx(mean(values[30:]), rel=0.03)


def test_every_course_looks_at_all_of_a_step(boards: dict[str, Json]) -> None:
    for board in boards.values():
        for target in targets(board):
            course = target.panel.type == "timeseries" and "timeFrom" not in target.panel.json
            assert ("[$__interval" in target.expr) is (course and not _promised(target)), target.where


def _promised(target: PanelQuery) -> bool:
    """Whether a query is drawn dashed: an objective, which is constant."""
    return any(
        one["matcher"] == {"id": "byFrameRefID", "options": target.json["refId"]}
        and any(
            found["id"] == "custom.lineStyle" and found["value"]["fill"] == "dash"
            for found in one["properties"]
        )
        for one in target.panel.json["fieldConfig"]["overrides"]
    )


def _drawn(boards: dict[str, Json], over: str) -> Iterator[tuple[Json, PanelQuery]]:
    for board in boards.values():
        for target in targets(board):
            if target.expr.startswith(f"{over}_over_time(") and "$__interval" in target.expr:
                yield board, target


def _lines(
    api: PrometheusApi, board: Json, target: PanelQuery, window: ShownRange, service: str = BROKEN
) -> Lines:
    found = variables(board)
    chosen = {name: ALL for name, one in found.items() if one["multi"]} | {"service": service}
    expr = substituted(target.expr, found, chosen, window)
    series = api.query_range(expr, window.start, window.end, window.step).series
    return {tuple(sorted(one.labels.items())): one.values for one in series}
