"""The cost of a query in a Prometheus, by its own figures: samples read, which no noise changes, and time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from generator.live.answers import read_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.live.api import PrometheusApi

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TimedQuery(Struct, frozen=True):
    """An expression at an instant, or where ``step`` is given from ``start`` to ``end``; Unix seconds."""

    expr: str
    end: int
    start: int = 0
    step: int = 0


class QueryCost(Struct, frozen=True):
    """Samples read, and seconds of evaluation in the server, without the answer's way."""

    samples: float
    seconds: float

    def times(self, factor: float) -> QueryCost:
        """The cost of ``factor`` such queries."""
        return QueryCost(self.samples * factor, self.seconds * factor)


def total(costs: Iterable[QueryCost]) -> QueryCost:
    """Add up."""
    every = list(costs)
    return QueryCost(sum(one.samples for one in every), sum(one.seconds for one in every))


def costs(api: PrometheusApi, sets: Sequence[Sequence[TimedQuery]], times: int) -> list[list[QueryCost]]:
    """Run sets of queries in turn, ``times`` over; keep the shortest time of each query, the least disturbed one.

    Raises:
        LiveError: a query fails.
    """
    found = [[_cost(api, query) for query in queries] for queries in sets]
    for _ in range(times - 1):
        for known, queries in zip(found, sets, strict=True):
            known[:] = [_lesser(_cost(api, query), one) for query, one in zip(queries, known, strict=True)]
    return found


def _lesser(new: QueryCost, known: QueryCost) -> QueryCost:
    return QueryCost(known.samples, min(known.seconds, new.seconds))


def _cost(api: PrometheusApi, query: TimedQuery) -> QueryCost:
    fields = {"query": query.expr, "stats": "all"}
    path = "/api/v1/query"
    if query.step:
        path += "_range"
        fields |= {"start": str(query.start), "end": str(query.end), "step": str(query.step)}
    else:
        fields |= {"time": str(query.end)}
    response = api.connection.send("POST", path, urlencode(fields).encode(), _FORM)
    stats = json.loads(bytes(read_answer(response.body).data))["stats"]
    return QueryCost(stats["samples"]["totalQueryableSamples"], stats["timings"]["evalTotalTime"])
