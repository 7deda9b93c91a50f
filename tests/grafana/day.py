"""A simulated day of several services, raw and recorded: two healthy ones, a broken one, a silent one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import HOUR, MINUTE
from generator.prometheus.compiled import compile_rules
from generator.model.rules import AlertingRule
from generator.simulate.history import simulate
from generator.simulate.incidents import incident
from generator.simulate.scenario import Scenario, ordinary
from tests.grafana.substitution import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service, Site

#: A Monday morning, and the end of a minute.
START = 1_700_467_200
#: What dashboards show when they are opened; also the shortest ordinary time with a release in it.
END = START + 6 * HOUR
SHOWN = Window(START, END)
#: Services of the project: one promises much, one nothing that its profile does not.
PROMISING, PLAIN = "support-agent", "research-agent"
HEALTHY = (PROMISING, PLAIN)
#: A service on which everything goes wrong, and one that never ran.
BROKEN, SILENT = "broken-agent", "silent-agent"
#: A release whose name means something else in a regular expression.
ODD_RELEASE = "2.0+fix(b)|c"
#: What goes wrong with the broken service, and how many hours before the end; slow twice is slow squared.
_INCIDENTS = (
    ("limit-reached", 3.0),
    ("undeclared-label-value", 2.0),
    ("unpriced-model", 2.0),
    ("latency-creep", 1.5),
    ("latency-creep", 1.5),
    ("tool-outage", 1.0),
)


def live_through(api: PrometheusApi, model: Model) -> None:
    """Let the day happen: simulate, write, record; what Prometheus itself would say of alerts included."""
    services = {service.name: service for service in model.services}
    for name in HEALTHY:
        _happen(api, services[name], model.site, _ordinary(services[name]))
    promising = services[PROMISING]
    broken, silent = _with_own_signals(_named(promising, BROKEN)), _named(promising, SILENT)
    _happen(api, broken, model.site, _bad(broken))
    evaluate(api, compile_rules(silent, model.site).recording, END - HOUR, END)
    write(api, _alerts(api, broken, model.site))


def _happen(api: PrometheusApi, service: Service, site: Site, scenario: Scenario) -> None:
    write(api, simulate(service, site, scenario).series)
    evaluate(api, compile_rules(service, site).recording, START, END)


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
        signals[own] = replace(service.signals[name], name=own, own=True)
    return replace(service, signals=signals)


def _named(service: Service, name: str) -> Service:
    return replace(service, name=name, selector={"job": name})


def _alerts(api: PrometheusApi, service: Service, site: Site) -> Iterator[TimeSeries]:
    """Write down which alerts' expressions are true at the end, as a Prometheus does that runs the rules."""
    for group in compile_rules(service, site).alerting:
        for rule in (rule for rule in group.rules if isinstance(rule, AlertingRule)):
            for sample in api.query(rule.expr, END).samples:
                labels = {**sample.labels, **rule.labels, "alertname": rule.alert, "alertstate": "firing"}
                at = [(END - MINUTE) * 1000, END * 1000]
                yield TimeSeries({**labels, "__name__": "ALERTS"}, at, [1, 1])
