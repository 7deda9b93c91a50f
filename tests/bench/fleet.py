"""A simulated fleet in its own Prometheus: raw series of any number of instances, and their records."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.scenario import ordinary
from tests.bench.line import Goal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.rules import RuleGroup
    from generator.model.service import Model, Service

#: A Monday morning, and the end of a minute.
START = 1_700_467_200
NAME = "support-agent"
_MANY = 100


class InstanceFleet(Struct, frozen=True):
    """A service of ``instances`` instances, from ``start`` to ``end`` (Unix seconds), and all rules about it."""

    api: PrometheusApi
    service: Service
    groups: tuple[RuleGroup, ...]
    rule_interval: int
    instances: int
    start: int
    end: int

    @property
    def named(self) -> str:
        """Its size, for people."""
        return named(self.instances)

    def goal(self, times_less: float) -> Goal | None:
        """A goal against raw series, whose cost grows with instances: it was set for some hundreds of them."""
        return Goal(times_less, at_least=True) if self.instances >= _MANY else None


def named(instances: int) -> str:
    """Write a number of instances."""
    return f"{instances} instance" + ("s" if instances > 1 else "")


@contextmanager
def fleet(model: Model, instances: int, minutes: int) -> Iterator[InstanceFleet]:
    """Run a fleet for ``minutes``: the same traffic, spread over more or fewer instances."""
    service = next(service for service in model.services if service.name == NAME)
    groups = rule_set([service], model.library, model.site).groups
    with prometheus_server() as server:
        end = START + minutes * 60
        living = InstanceFleet(server.api, service, groups, model.site.rule_interval, instances, START, end)
        scenario = ordinary(service, living.start, living.end)
        scenario = replace(scenario, replicas=instances, mean_life=None)
        write(server.api, simulate(service, model.site, scenario).series)
        evaluate(server.api, groups, living.start, living.end)
        yield living
