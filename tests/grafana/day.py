"""A simulated day of several services, raw and recorded: two healthy ones, a broken one, a silent one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.model.units import HOUR
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.incidents import incident
from generator.simulate.scenario import Scenario, ordinary
from tests.grafana.substitution import ShownRange
from tests.models import renamed

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service

#: A Monday morning, and the end of a minute.
START = 1_700_467_200
#: The time range of dashboards when they are opened; also the shortest ordinary time with a release in it.
END = START + 6 * HOUR
SHOWN = ShownRange(START, END)
#: Services of the project: one with many objectives, one with its profile's only.
PROMISING, PLAIN = "support-agent", "research-agent"
HEALTHY = (PROMISING, PLAIN)
#: A service on which everything fails, and one that never ran.
BROKEN, SILENT = "broken-agent", "silent-agent"
#: A release whose name has another meaning as a regular expression.
ODD_RELEASE = "2.0+fix(b)|c"
#: The incidents of the broken service, with hours before the end; slow twice is slow squared.
_INCIDENTS = (
    ("limit-reached", 3.0),
    ("undeclared-label-value", 2.0),
    ("unpriced-model", 2.0),
    ("latency-creep", 1.5),
    ("latency-creep", 1.5),
    ("tool-outage", 1.0),
)


def live_through(api: PrometheusApi, model: Model) -> None:
    """Simulate the day, write it, and evaluate all rules, alerts included."""
    services = {service.name: service for service in model.services}
    healthy, promising = [services[name] for name in HEALTHY], services[PROMISING]
    broken, silent = _with_own_signals(renamed(promising, BROKEN)), renamed(promising, SILENT)
    stories = [(service, _ordinary(service)) for service in healthy]
    for service, scenario in (*stories, (broken, _bad(broken))):
        write(api, simulate(service, model.site, scenario).series)
    rules = rule_set([*healthy, broken, silent], model.library, model.site)
    evaluate(api, rules.groups, START, END)


def _ordinary(service: Service) -> Scenario:
    return replace(ordinary(service, START, END), replicas=1)


def _bad(service: Service) -> Scenario:
    scenario = _ordinary(service)
    (rollout,) = scenario.rollouts
    released = ("success-drop-after-release", "token-growth-after-release")
    return replace(
        scenario,
        rollouts=(replace(rollout, release=ODD_RELEASE),),
        incidents=(
            *(incident(name, service, rollout.at, END, ODD_RELEASE) for name in released),
            *(incident(name, service, END - hours * HOUR, END) for name, hours in _INCIDENTS),
        ),
    )


def _with_own_signals(service: Service) -> Service:
    """Declare signals of the service's own, in the units that those of the project lack."""
    signals = {**service.signals}
    for name in ("latency_p95", "cost_per_run", "step_count"):
        own = f"own_{name}"
        signals[own] = replace(service.signals[name], name=own, own=True, shared=False)
    return replace(service, signals=signals)
