"""A round of all rules about many services that share rules: against as many services that share none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.scenario import ordinary
from tests.bench.context import Found
from tests.bench.cost import QueryCost, TimedQuery, costs, total
from tests.bench.fleet import NAME, START
from tests.bench.line import Figure, FigureUnit, RatioLine
from tests.models import SPECS, model_of, renamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.service import Model
    from tests.bench.context import Effort

_PART = "A round of all rules"
#: More than the quarter of an hour over which most signals are computed.
_SECONDS = 20 * 60


def measure(effort: Effort) -> Found:
    """Evaluate the rules about one service once, and those about many."""
    model, times = model_of(SPECS), max(effort.times // 2, 1)
    alone, together = (_round(model, count, times) for count in (1, effort.together))
    return Found(list(_lines(together, alone.times(effort.together), effort.together)))


def _round(model: Model, count: int, times: int) -> QueryCost:
    """Simulate the same minutes for a number of services, and evaluate each rule about them at the end."""
    one = next(service for service in model.services if service.name == NAME)
    services = [renamed(one, f"agent-{number:04}") for number in range(count)]
    groups = rule_set(services, model.library, model.site).groups
    end = START + _SECONDS
    scenario = replace(ordinary(one, START, end), replicas=1, mean_life=None)
    history = tuple(simulate(one, model.site, scenario).series)
    with prometheus_server() as server:
        for service in services:
            write(server.api, _exposed(history, service.selector))
        evaluate(server.api, groups, START, end)
        queries = [TimedQuery(rule.expr, end) for group in groups for rule in group.rules]
        (found,) = costs(server.api, [queries], times)
        return total(found)


def _exposed(history: tuple[TimeSeries, ...], selector: Mapping[str, str]) -> Iterator[TimeSeries]:
    return (replace(series, labels={**series.labels, **selector}) for series in history)


def _lines(together: QueryCost, alone: QueryCost, count: int) -> Iterator[RatioLine]:
    for what, unit in (("samples", FigureUnit.SAMPLES), ("time", FigureUnit.SECONDS)):
        ours, theirs = (
            one.samples if unit is FigureUnit.SAMPLES else one.seconds for one in (together, alone)
        )
        against = Figure(theirs, unit, "if nothing were shared")
        item = f"a round of all rules about {count} services, {what}"
        yield RatioLine(_PART, item, Figure(ours, unit, ""), against, inverse=True, headline=True)
