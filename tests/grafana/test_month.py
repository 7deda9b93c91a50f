"""Days and months of spend: sums of records, each day at its own midnight, of this month alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model.units import DAY, HOUR
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import targets, variables
from tests.grafana.substitution import ShownRange, substituted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json, PanelQuery
    from tests.grafana.substitution import Choice

#: A dollar a quarter of an hour, since the end of October.
_A_DAY = 96.0
_OCTOBER_30 = 1_698_624_000
_NOVEMBER_1 = 1_698_796_800
_CHOSEN: Mapping[str, Choice] = {"service": "steady", "model": "$__all", "release": "$__all"}


@pytest.fixture(scope="module")
def steady(prometheus: PrometheusApi) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """A service that spends steadily, on its own server."""
    times = [1000 * time for time in range(_OCTOBER_30, SHOWN.end + 1, 60)]
    with prometheus_server() as server:
        for record, value, labels in (
            ("model:agent_cost:increase15m", 1.0, {"model": "gpt-4o"}),
            ("service:agent_cost:increase15m", 1.0, {}),
            ("service:agent_known:info", 1.0, {}),
        ):
            found = {"__name__": record, "service": "steady", **labels}
            write(server.api, [TimeSeries(found, times, [value] * len(times))])
        yield server.api


def test_a_month_is_what_was_spent_since_it_began(boards: dict[str, Json], steady: PrometheusApi) -> None:
    (target,) = _of(boards, "Month to date, max 15d")
    ((_, (spent,)),) = ask(steady, boards["agent-cost"], target, _CHOSEN).series
    assert spent == pytest.approx((SHOWN.end - _NOVEMBER_1) / DAY * _A_DAY, rel=0.001)


def test_a_month_at_this_pace_is_as_long_as_this_month(
    boards: dict[str, Json], steady: PrometheusApi
) -> None:
    (target,) = _of(boards, "Month at this pace")
    ((_, (spent,)),) = ask(steady, boards["agent-cost"], target, _CHOSEN).series
    assert spent == pytest.approx(30 * _A_DAY)


def test_each_day_stands_at_its_own_midnight_and_today_is_what_it_was_so_far(
    boards: dict[str, Json], steady: PrometheusApi
) -> None:
    days, others = _of(boards, "Spend by day")
    assert days.panel.json["timeFrom"] == "30d"
    board = boards["agent-cost"]
    window = ShownRange(SHOWN.end - 30 * DAY, SHOWN.end, DAY)
    expr = substituted(days.expr, variables(board), _CHOSEN, window)
    midnight = SHOWN.end // DAY * DAY
    (series,) = steady.query_range(expr, midnight - 5 * DAY, midnight, DAY).series
    so_far = (SHOWN.end - midnight) / HOUR * 4
    assert series.values == pytest.approx([*[_A_DAY] * 5, so_far])
    assert ask(steady, board, others, _CHOSEN).series == ()


def _of(boards: dict[str, Json], title: str) -> list[PanelQuery]:
    return [one for one in targets(boards["agent-cost"]) if one.panel.json["title"] == title]
