"""One refresh of each dashboard: its queries of recorded series, and their equivalents of raw ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model.units import DAY
from tests.bench.cost import QueryCost, TimedQuery, costs, total
from tests.bench.fleet import named
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.raw import equivalents
from tests.grafana.documents import documents, panels, targets, variables
from tests.grafana.substitution import ALL, Choice, ShownRange, substituted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.service import Model
    from tests.bench.fleet import InstanceFleet
    from tests.grafana.documents import BoardPanel, Json

_PART = "A dashboard's refresh (Prometheus's totalQueryableSamples)"
_STEP = 60
#: By dashboard: recorded, raw.
Refreshed = dict[str, tuple[QueryCost, QueryCost]]


def compiled(model: Model) -> dict[str, Json]:
    """Compile the dashboards: by uid."""
    return documents(model)


def exprs(boards: Mapping[str, Json]) -> Iterator[str]:
    """All queries of dashboards, with their variables."""
    return (target.expr for board in boards.values() for target in targets(board))


def refreshed(living: InstanceFleet, boards: Mapping[str, Json], times: int) -> Refreshed:
    """Refresh every dashboard: its cost, and the cost of its panels from raw series."""
    return {uid: _refresh(living, board, times) for uid, board in boards.items()}


def lines(found: Mapping[int, Refreshed]) -> Iterator[RatioLine]:
    """Compare fleets, and recorded with raw."""
    yield from _recorded(found)
    yield from _raw(found)
    yield from _time(found)


def _refresh(living: InstanceFleet, board: Json, times: int) -> tuple[QueryCost, QueryCost]:
    ours = [_query(living, board, target.panel, target.json) for target in targets(board)]
    raw = [one for panel in panels(board) for one in _equivalents(living, board, panel)]
    asked, instead = costs(living.api, [ours, raw], times)
    return total(asked), total(instead)


def _query(living: InstanceFleet, board: Json, panel: BoardPanel, target: Json) -> TimedQuery:
    """The query of Grafana when the dashboard is opened: every value is chosen, and no text is typed."""
    found = variables(board)
    start, step = shown_from(panel, living.start, living.end)
    chosen: dict[str, Choice] = {name: ALL for name, one in found.items() if one["multi"]}
    chosen |= {name: "" for name, one in found.items() if one["type"] == "textbox"}
    chosen["service"] = living.service.name
    expr = substituted(target["expr"], found, chosen, ShownRange(start, living.end, step))
    return TimedQuery(expr, living.end) if target["instant"] else TimedQuery(expr, living.end, start, step)


def shown_from(panel: BoardPanel, start: int, end: int) -> tuple[int, int]:
    """Return the start of a panel shown until ``end``, and its step; a panel of days has a point a day."""
    days = panel.json.get("timeFrom")
    return (end - int(days.removesuffix("d")) * DAY, DAY) if days else (start, _STEP)


def _equivalents(living: InstanceFleet, board: Json, panel: BoardPanel) -> Iterator[TimedQuery]:
    """The raw equivalents of a panel's queries, each expression once."""
    asked = [_query(living, board, panel, target) for target in panel.targets]
    job = living.service.selector["job"]
    found = {replace(query, expr=expr) for query in asked for expr in equivalents(query.expr, job)}
    yield from sorted(found, key=lambda query: (query.expr, query.step))


def _recorded(found: Mapping[int, Refreshed]) -> Iterator[RatioLine]:
    """The cost of records does not grow with instances."""
    few, many = min(found), max(found)
    for uid in found[few]:
        ours, floor = (
            Figure(found[size][uid][0].samples, FigureUnit.SAMPLES, named(size)) for size in (many, few)
        )
        yield RatioLine(_PART, f"{uid}, recorded", ours, floor, Goal(1.01))


def _raw(found: Mapping[int, Refreshed]) -> Iterator[RatioLine]:
    """Against raw: all dashboards with every fleet, each of them with the largest."""
    for instances, refreshed in found.items():
        # 2,000 times fewer at 330 instances; the cost of raw series grows with instances.
        goal = Goal(2000 / 330 * instances, at_least=True, source="performance.md, by instances")
        item = f"one refresh of all dashboards, {named(instances)}"
        yield replace(_fewer(item, _all(refreshed), goal), headline=True)
    most = max(found)
    for uid, pair in found[most].items():
        yield _fewer(f"{uid}, {named(most)}", pair, None)


def _fewer(item: str, pair: tuple[QueryCost, QueryCost], goal: Goal | None) -> RatioLine:
    ours, raw = pair
    recorded = Figure(ours.samples, FigureUnit.SAMPLES, "recorded")
    against = Figure(raw.samples, FigureUnit.SAMPLES, "raw, at least")
    return RatioLine(_PART, item, recorded, against, goal, inverse=True)


def _time(found: Mapping[int, Refreshed]) -> Iterator[RatioLine]:
    for instances, refreshed in found.items():
        ours, raw = _all(refreshed)
        seconds = (
            Figure(ours.seconds, FigureUnit.SECONDS, "recorded"),
            Figure(raw.seconds, FigureUnit.SECONDS, "raw"),
        )
        item = f"the same, time, {named(instances)}"
        yield RatioLine(_PART, item, *seconds, inverse=True, headline=instances == max(found))


def _all(refreshed: Refreshed) -> tuple[QueryCost, QueryCost]:
    return total(ours for ours, _ in refreshed.values()), total(raw for _, raw in refreshed.values())
