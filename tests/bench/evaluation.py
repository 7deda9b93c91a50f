"""All rules about one service, evaluated for an hour: ours, and a flat rule of raw series for each recorded signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.rules import RecordingRule
from tests.bench.cost import QueryCost, TimedQuery, costs, total
from tests.bench.line import Figure, FigureUnit, RatioLine
from tests.bench.raw import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.fleet import InstanceFleet

_PART = "All rules about a service, an hour of evaluations"
_HOUR = 3600
#: The usual interval of flat rules: every scrape.
_FLAT_INTERVAL = 15


def lines(living: InstanceFleet, times: int) -> Iterator[RatioLine]:
    """Evaluate both kinds."""
    ours, theirs = _costs(living, times)
    rules, flat_rules = sum(len(group.rules) for group in living.groups), len([*_flat(living)])
    kinds = f"all {rules} rules", f"{flat_rules} flat [5m] rules every {_FLAT_INTERVAL}s, no alerts"
    for what, unit, bound in (("samples", FigureUnit.SAMPLES, 25), ("time", FigureUnit.SECONDS, 6)):
        measured, against = (
            Figure(cost.samples if unit is FigureUnit.SAMPLES else cost.seconds, unit, kind)
            for cost, kind in zip((ours, theirs), kinds, strict=True)
        )
        item = f"an hour of all rules, {what}, {living.named}"
        goal = living.goal(bound)
        yield RatioLine(_PART, item, measured, against, goal, inverse=True, headline=goal is not None)


def _costs(living: InstanceFleet, times: int) -> tuple[QueryCost, QueryCost]:
    """The cost of an hour: all our rules, alerts included, and the flat ones without alerts."""
    ours = [(group.interval, rule) for group in living.groups for rule in group.rules]
    sets = [[TimedQuery(rule.expr, living.end) for _, rule in ours], [*_flat(living)]]
    each, theirs = costs(living.api, sets, times)
    hourly = (cost.times(_HOUR / interval) for (interval, _), cost in zip(ours, each, strict=True))
    return total(hourly), total(theirs).times(_HOUR / _FLAT_INTERVAL)


def _flat(living: InstanceFleet) -> Iterator[TimedQuery]:
    """The flat query for each recorded value of a signal."""
    rules = [rule for group in living.groups for rule in group.rules]
    records = dict.fromkeys(rule.record for rule in rules if isinstance(rule, RecordingRule))
    for record in records:
        if expr := flat(record, living.service.selector["job"]):
            yield TimedQuery(expr, living.end)
