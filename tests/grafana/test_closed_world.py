"""Dashboards read only records and existing labels: never a raw metric, never a name that no rule writes."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING

import pytest

from generator.checks.world import states_of
from generator.model import names
from generator.promql.infer import infer
from generator.promql.shape import Shape, relabelled, union
from generator.promql.syntax import references
from tests.grafana import documents
from tests.grafana.documents import Json, events, targets, variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.service import Model
    from generator.promql.shape import Shape

LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
VALUES = re.compile(r"label_values\((.+), (\w+)\)")
RESULT = re.compile(r"query_result\((.+)\)")
#: Texts made of values are not stored series; tables show them.
_TEXTS = ("makes ", "copies ")


@pytest.fixture(scope="module")
def known(model: Model) -> dict[str, Shape]:
    """The readable series: the records of all services with their labels, and Prometheus's series of alerts."""
    worlds = [one.world for one in documents.known(model)]
    recorded = reduce(_both, (one.recorded for one in worlds))
    alerts = reduce(union, (one.builtin[names.ALERTS] for one in worlds))
    return {name: _of_any(shape) for name, shape in {**recorded, **states_of(alerts)}.items()}


def _of_any(shape: Shape) -> Shape:
    """Allow any value of the labels that dashboards choose by."""
    chosen = ((name, (f"any {name}",)) for name in (names.SERVICE, names.SIGNAL) if name in shape.names)
    return relabelled(shape, tuple(chosen))


def _both(one: Mapping[str, Shape], other: Mapping[str, Shape]) -> dict[str, Shape]:
    shared = {name: union(one[name], other[name]) for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def test_queries_read_recorded_series_by_labels_that_they_have(
    boards: dict[str, Json], known: dict[str, Shape]
) -> None:
    wrong = [f"{where}: {found}" for where, expr, _ in _expressions(boards) for found in _wrong(expr, known)]
    assert wrong == []


def test_legends_name_labels_that_are_there(boards: dict[str, Json], known: dict[str, Shape]) -> None:
    missing = [
        f"{where}: {sorted(found)}"
        for where, expr, legend in _expressions(boards)
        if (found := set(LABEL.findall(legend)) - infer(expr, known).shape.names)
    ]
    assert missing == []


def test_variables_offer_labels_of_recorded_series(boards: dict[str, Json], known: dict[str, Shape]) -> None:
    wrong = [
        f"{uid}: {name}: {found}"
        for uid, board in boards.items()
        for name, one in variables(board).items()
        if one["type"] == "query"
        for found in _not_offered(one["query"], known)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "expr",
    [
        "agent_run_total",
        'service:agent_success_rate:percent{service="$service"}',
        'service:agent_success_rate:ratio{tool=~"$tool"}',
        "sum by (tool) (service:agent_success_rate:ratio)",
        "{service='$service'}",
    ],
)
def test_what_is_not_there_is_noticed(expr: str, known: dict[str, Shape]) -> None:
    assert _wrong(expr, known)


@pytest.mark.parametrize(
    "query",
    [
        "label_values(service:agent_success_rate:ratio, tool)",
        "label_values(agent_run_total, release)",
        'label_values({__name__=~"service:agent_success_rate:ratio|agent_run_total"}, service)',
        "label_values(release)",
        "query_result(group by (tool) (service:agent_success_rate:ratio))",
        "query_result(agent_run_total)",
    ],
)
def test_what_cannot_be_offered_is_noticed(query: str, known: dict[str, Shape]) -> None:
    assert list(_not_offered(query, known))


def _expressions(boards: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """List every expression: its place, its text, and the texts that name its labels."""
    for board in boards.values():
        for target in targets(board):
            yield target.where, target.expr, target.json["legendFormat"]
        for where, event in events(board):
            yield where, event["expr"], f"{event['titleFormat']} {event['textFormat']}"


def _wrong(expr: str, known: Mapping[str, Shape]) -> list[str]:
    return [found for found in infer(expr, known).problems if not found.startswith(_TEXTS)]


def _not_offered(query: str, known: Mapping[str, Shape]) -> Iterator[str]:
    if result := RESULT.fullmatch(query):
        yield from _wrong(result[1], known)
        return
    match = VALUES.fullmatch(query)
    if not match:
        yield f"{query} is not of our form"
        return
    (read,) = references(match[1])
    for name in _names(read.name, read.matchers):
        shape = known.get(name)
        if shape is None or not {match[2], *read.labels} - {"__name__"} <= shape.names:
            yield f"{name} has no {match[2]}, or nothing records it"


def _names(name: str, matchers: tuple[tuple[str, str, str], ...]) -> list[str]:
    """A choice of names is written as a matcher."""
    return [name] if name else next(value.split("|") for label, _, value in matchers if label == "__name__")
