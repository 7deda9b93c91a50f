"""The queries of a dashboard to its data source when it is opened, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from generator.live.answers import decoded, read_answer
from tests.grafana.day import SHOWN
from tests.grafana.documents import targets, variables
from tests.grafana.substitution import ALL, Choice, substituted
from tests.grafana.test_closed_world import LABEL, RESULT, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from tests.grafana.documents import Json, PanelQuery


class QueryResult(Struct, frozen=True):
    """The result of a query: each series' labels and values; one value for an instant query."""

    target: PanelQuery
    series: tuple[tuple[Mapping[str, str], tuple[float, ...]], ...]

    @property
    def names(self) -> list[str]:
        """The names of the series."""
        return [_named(self.target.json["legendFormat"], labels) for labels, _ in self.series]


def opened(api: PrometheusApi, board: Json, chosen: Mapping[str, Choice]) -> Iterator[QueryResult]:
    """Run all queries of a dashboard; variables not in ``chosen`` have all values, and text boxes are empty."""
    found = variables(board)
    typed = {name: "" for name, one in found.items() if one["type"] == "textbox"}
    every = {name: ALL for name, one in found.items() if one["multi"]} | typed | dict(chosen)
    for target in targets(board):
        yield ask(api, board, target, every)


def ask(
    api: PrometheusApi, board: Json, target: PanelQuery, chosen: Mapping[str, Choice], *, end: int = SHOWN.end
) -> QueryResult:
    """Run one query, at an instant or over the whole range, as it is configured."""
    expr = substituted(target.expr, variables(board), chosen, SHOWN)
    if target.json["instant"]:
        samples = api.query(expr, end)
        return QueryResult(target, tuple((one.labels, (one.value,)) for one in samples))
    series = api.query_range(expr, end - (SHOWN.end - SHOWN.start), end, SHOWN.step).series
    return QueryResult(target, tuple((one.labels, one.values) for one in series))


def offered(api: PrometheusApi, board: Json, service: str) -> dict[str, list[str]]:
    """Query the values of a dashboard's variables, with ``service`` chosen."""
    found = variables(board)
    chosen: dict[str, Choice] = {"service": service}
    return {
        name: _values(api, substituted(one["query"], found, chosen, SHOWN), name)
        for name, one in found.items()
        if one["type"] == "query"
    }


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return LABEL.sub(lambda found: labels.get(found[1], ""), legend)


def _values(api: PrometheusApi, query: str, label: str) -> list[str]:
    if result := RESULT.fullmatch(query):
        return sorted({one.labels[label] for one in api.query(result[1], SHOWN.end)})
    match = VALUES.fullmatch(query)
    assert match, query
    fields = {"match[]": match[1], "start": SHOWN.start, "end": SHOWN.end}
    response = api.connection.send("GET", f"/api/v1/label/{match[2]}/values?{urlencode(fields)}")
    return decoded(read_answer(response.body).data, list[str], "the values of a label")
