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
from tests.prometheus.test_alert_cases import caught, tiers
from tests.prometheus.trials import try_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model
    from tests.bench.context import Effort
    from tests.prometheus.trials import Tried

_PART = "Wrong alerts"


def measure(effort: Effort) -> Found:
    """Try every wrong version of every alert, or of the first few."""
    model = project()
    with prometheus_server() as server:
        found = [one for tried in _tried(server.api, model, effort.tiers) for one in _outcomes(tried)]
    noticed = Figure(sum(found), Unit.COUNT, "noticed by a case")
    made = Figure(len(found), Unit.COUNT, "wrong versions")
    goal = Goal(1, at_least=True, source="every one")
    return Found([Line(_PART, "wrong versions of alerts that are noticed", noticed, made, goal)])


def _tried(api: PrometheusApi, model: Model, most: int | None) -> Iterator[list[Tried]]:
    services = {service.name: service for service in model.services}
    for number, (name, alert, tier, _) in enumerate(islice(tiers(), most)):
        yield try_out(Chain(api, renamed(services[name], f"s{number}"), model.site), alert, tier)


def _outcomes(tried: list[Tried]) -> Iterator[bool]:
    """Say of each wrong version whether it is noticed."""
    for place, rule in enumerate(tried[0].rules):
        for number, _ in enumerate(alert_mutants(rule)):
            yield caught(tried, place, number)
