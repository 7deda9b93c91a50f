"""A refresh of a dashboard reads little: every open dashboard refreshes each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.cost import TimedQuery, costs
from tests.bench.refresh import shown_from
from tests.grafana.day import PROMISING, SHOWN
from tests.grafana.documents import targets, variables
from tests.grafana.substitution import ALL, Choice, ShownRange, substituted

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json, PanelQuery

#: Samples of one query. The error budget of each day reads when each of the last 367 days began.
_MOST = 300_000


def test_no_query_reads_more_than_its_share(boards: dict[str, Json], day: PrometheusApi) -> None:
    asked = [(target, _query(board, target)) for board in boards.values() for target in targets(board)]
    (found,) = costs(day, [[query for _, query in asked]], 1)
    read = {target.where: cost.samples for (target, _), cost in zip(asked, found, strict=True)}
    assert {where: samples for where, samples in read.items() if samples > _MOST} == {}
    assert sum(read.values()) > 0


def _query(board: Json, target: PanelQuery) -> TimedQuery:
    found = variables(board)
    chosen: dict[str, Choice] = {name: ALL for name, one in found.items() if one["multi"]}
    chosen |= {"service": PROMISING, "name": ""}
    start, step = shown_from(target.panel, SHOWN.start, SHOWN.end)
    expr = substituted(target.expr, found, chosen, ShownRange(start, SHOWN.end, step))
    return TimedQuery(expr, SHOWN.end) if target.json["instant"] else TimedQuery(expr, SHOWN.end, start, step)
