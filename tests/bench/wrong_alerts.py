"""Which share of wrong versions of the alerts their own test cases notice, on a real Prometheus."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from generator.live.server import prometheus_server
from tests.bench.context import Found
from tests.bench.fleet import project
from tests.bench.line import Figure, Goal, Line, Unit
from tests.prometheus.alert_mutations import alert_mutants
from tests.prometheus.chain import Chain, renamed
from tests.prometheus.test_alert_cases import UNSEEN, caught, tiers
from tests.prometheus.trials import try_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model
    from tests.bench.context import Effort
    from tests.prometheus.trials import Tried

_PART = "Wrong alerts"


def measure(effort: Effort) -> Found:
    """Try every wrong version of every alert, or of the first few; versions that mean the same do not count."""
    model = project()
    with prometheus_server() as server:
        found = dict(one for tried in _tried(server.api, model, effort.tiers) for one in _outcomes(tried))
    noticed = Figure(sum(found.values()), Unit.COUNT, "noticed by a case")
    made = Figure(len(found), Unit.COUNT, "wrong versions")
    goal = Goal(1, at_least=True, source="every one")
    line = Line(_PART, "wrong versions of alerts that are noticed", noticed, made, goal)
    return Found([line], [f"not noticed: {name}" for name, seen in found.items() if not seen])


def _tried(api: PrometheusApi, model: Model, most: int | None) -> Iterator[list[Tried]]:
    services = {service.name: service for service in model.services}
    for number, (name, alert, tier, _) in enumerate(islice(tiers(), most)):
        yield try_out(Chain(api, renamed(services[name], f"s{number}"), model.site), alert, tier)


def _outcomes(tried: list[Tried]) -> Iterator[tuple[str, bool]]:
    """Name each wrong version, and say whether it is noticed."""
    case = tried[0].case
    for place, rule in enumerate(tried[0].rules):
        for number, (mistake, _) in enumerate(alert_mutants(rule)):
            seen = caught(tried, place, number)
            if seen or (case.alert.name, mistake) not in UNSEEN:
                where = f"{tried[0].chain.service.name} {case.alert.name} {case.severity} {place}.{number}"
                yield f"{where}: {mistake}", seen
