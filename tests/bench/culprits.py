"""The culprit in an alert's description: how often it is right, and the cost of its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.culprit import query
from generator.alerts.registry import conditions
from generator.live.server import prometheus_server
from generator.model import names
from generator.prometheus.shared import ground_of
from generator.streams.scope import Scope
from tests.bench.context import Found
from tests.bench.cost import TimedQuery, costs, total
from tests.bench.fleet import fleet
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.models import SPECS, model_of
from tests.prometheus.culprits import filled, incidents, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Model
    from tests.bench.context import Effort
    from tests.bench.fleet import InstanceFleet

_PART = "The culprit in a description"
_GOAL, _COST = 0.95, 1.2
_SEED = 2026
#: The alerts that fire when a failing tool ends runs.
_OUTAGE = {
    "AgentToolErrorRateHigh",
    "AgentToolErrorRateRising",
    "AgentSuccessRateLow",
    "AgentSuccessRateDrop",
}
#: Values of the alerts' labels, as in the fleet.
_LABELS = {"tool": "search_docs", "model": "gpt-4o", "stop_reason": "max_steps"}


def measure(effort: Effort) -> Found:
    """Simulate incidents, and query the culprits of their alerts; then let all alerts of a service fire at once."""
    model, count = model_of(SPECS), 2 * effort.together
    with prometheus_server() as server:
        found = said(server.api, model, incidents(_SEED, count), _SEED)
    wrong = [one for one in found if not one.right]
    right = Figure(
        len(found) - len(wrong), FigureUnit.COUNT, "named right, or silent where nothing stands out"
    )
    goal = Goal(_GOAL, at_least=True, source="the goal")
    line = RatioLine(
        _PART, "random incidents of ten kinds", right, Figure(count, FigureUnit.COUNT, "all"), goal
    )
    with fleet(model, min(effort.instances), effort.minutes) as living:
        lines = [line, *_costs(living, model, effort.times)]
    notes = [f"{one.incident.cause}: {dict(one.named)} for {dict(one.incident.must)}" for one in wrong]
    return Found(lines, notes)


def _costs(living: InstanceFleet, model: Model, times: int) -> Iterator[RatioLine]:
    """Evaluate all rules about a service, and the culprit queries in an outage, or if all alerts fire at once."""
    rules = [TimedQuery(rule.expr, living.end) for group in living.groups for rule in group.rules]
    asked = [(name, TimedQuery(text, living.end)) for name, text in _queries(living, model)]
    found, more = costs(living.api, [rules, [each for _, each in asked]], times)
    ours = total(found).seconds
    every = [(name, cost.seconds) for (name, _), cost in zip(asked, more, strict=True)]
    outage = [seconds for name, seconds in every if name in _OUTAGE]
    for what, seconds, goal in (
        (f"{len(outage)} alerts of a tool's outage firing", outage, Goal(_COST, source="the goal")),
        (f"all {len(every)} alerts that ask firing at once", [seconds for _, seconds in every], None),
    ):
        with_them = Figure(ours + sum(seconds), FigureUnit.SECONDS, "with the culprits")
        without = Figure(ours, FigureUnit.SECONDS, "without")
        yield RatioLine(_PART, f"a round of all rules about a service, {what}", with_them, without, goal)


def _queries(living: InstanceFleet, model: Model) -> Iterator[tuple[str, str]]:
    ground = ground_of(model.library, Scope(model.site))
    release = living.api.query("release:agent_newest:seconds or release:agent_run:rate", living.end)
    labels = {**_LABELS, names.SERVICE: living.service.name, names.RELEASE: release[0].labels[names.RELEASE]}
    for alert in model.library.alerts:
        found = query(alert, ground)
        for _ in conditions(alert, ground) if found else ():
            assert found is not None
            yield alert.name, filled(found.text, labels)
