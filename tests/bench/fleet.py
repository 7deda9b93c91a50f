"""A simulated fleet in a Prometheus of its own: raw series of any number of instances, and what is recorded of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.prometheus.compiled import compile_rules
from generator.resolve.model import resolve
from generator.simulate.history import simulate
from generator.simulate.scenario import ordinary
from generator.spec.load import load
from tests.bench.line import Goal
from tests.bench.specs import SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service
    from generator.prometheus.compiled import Compiled

#: A Monday morning, and the end of a minute.
START = 1_700_467_200
_NAME = "support-agent"
_MANY = 100


class Fleet(Struct, frozen=True):
    """A service of ``instances`` instances, from ``start`` to ``end`` (Unix seconds)."""

    api: PrometheusApi
    model: Model
    instances: int
    start: int
    end: int

    @property
    def service(self) -> Service:
        """The one service that runs."""
        return next(service for service in self.model.services if service.name == _NAME)

    @property
    def rules(self) -> Compiled:
        """Its rules."""
        return compile_rules(self.service, self.model.site)

    @property
    def named(self) -> str:
        """Its size, for people."""
        return named(self.instances)

    def goal(self, times_less: float) -> Goal | None:
        """A goal against raw series, whose cost grows with instances: it was set for some hundreds of them."""
        return Goal(times_less, at_least=True) if self.instances >= _MANY else None


def named(instances: int) -> str:
    """Say a number of instances."""
    return f"{instances} instance" + ("s" if instances > 1 else "")


def project() -> Model:
    """Resolve the project's own specs."""
    specs = load(SPECS).specs
    model = None if specs is None else resolve(specs).value
    if model is None:
        message = f"{SPECS} has errors: see make check"
        raise SystemExit(message)
    return model


@contextmanager
def fleet(model: Model, instances: int, minutes: int) -> Iterator[Fleet]:
    """Let a fleet work for ``minutes``: the same traffic, spread over more or fewer instances."""
    with prometheus_server() as server:
        living = Fleet(server.api, model, instances, START, START + minutes * 60)
        scenario = ordinary(living.service, living.start, living.end)
        scenario = replace(scenario, replicas=instances, mean_life=None)
        write(server.api, simulate(living.service, model.site, scenario).series)
        evaluate(server.api, living.rules.recording, living.start, living.end)
        yield living
