"""Tables use existing fields of their queries, and merge matching rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.grafana.asking import opened
from tests.grafana.day import BROKEN, PROMISING
from tests.grafana.documents import panels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from tests.grafana.asking import QueryResult
    from tests.grafana.documents import BoardPanel, Json


def test_columns_are_fields_of_the_answers(boards: dict[str, Json], day: PrometheusApi) -> None:
    fields: dict[str, set[str]] = defaultdict(set)
    named: dict[str, set[str]] = {}
    for panel, answers in _tables(boards, day):
        several = len(panel.targets) > 1
        fields[panel.where] |= {
            label for answer in answers for labels, _ in answer.series for label in labels
        }
        fields[panel.where] |= {f"Value #{one['refId']}" if several else "Value" for one in panel.targets}
        named[panel.where] = set(_named(panel))
    assert {where: names - fields[where] for where, names in named.items() if names - fields[where]} == {}


def test_a_row_has_one_value_of_each_query(boards: dict[str, Json], day: PrometheusApi) -> None:
    for panel, answers in _tables(boards, day):
        kept = {name for name in _kept(panel) if not name.startswith("Value")}
        rows = []
        # Grafana merges rows that agree in all labels that two answers share.
        shared = kept.intersection(*(_labels(answer) for answer in answers if answer.series))
        assert shared, panel.where
        for answer in answers:
            found = Counter(tuple(labels.get(name, "") for name in shared) for labels, _ in answer.series)
            assert set(found.values()) <= {1}, answer.target.where
            rows.append(set(found))
        assert set().union(*rows) == max(rows, key=len), panel.where


def test_a_list_of_alerts_cuts_no_row(boards: dict[str, Json]) -> None:
    """Half a row looks like the last one: Grafana draws 38 pixels a unit, 36 a row, and 90 around the rows."""
    lists = [panel for board in boards.values() for panel in panels(board) if panel.json["title"] == "Alerts"]
    assert len(lists) == 2
    for panel in lists:
        rows = (38 * panel.json["gridPos"]["h"] - 90) / 36
        assert abs(rows - round(rows)) < 0.1, panel.where


def _labels(answer: QueryResult) -> set[str]:
    return {label for labels, _ in answer.series for label in labels}


def _tables(boards: dict[str, Json], day: PrometheusApi) -> Iterator[tuple[BoardPanel, list[QueryResult]]]:
    for board in boards.values():
        for service in (PROMISING, BROKEN):
            answers: dict[str, list[QueryResult]] = defaultdict(list)
            for answer in opened(day, board, {"service": service}):
                answers[answer.target.panel.where].append(answer)
            yield from ((one, answers[one.where]) for one in panels(board) if one.type == "table")


def _kept(panel: BoardPanel) -> list[str]:
    names: list[str] = next(
        one["options"]["include"]["names"]
        for one in panel.json["transformations"]
        if one["id"] == "filterFieldsByName"
    )
    return names


def _named(panel: BoardPanel) -> Iterator[str]:
    for one in panel.json["transformations"]:
        options: dict[str, Any] = one["options"]
        yield from options.get("include", {}).get("names", ())
        yield from (sort["field"] for sort in options.get("sort", ()))
        yield from options.get("indexByName", ())
    for override in panel.json["fieldConfig"]["overrides"]:
        if override["matcher"]["id"] == "byName":
            yield override["matcher"]["options"]
