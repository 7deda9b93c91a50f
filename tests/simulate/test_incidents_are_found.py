"""Each incident is found by its own alerts, and by no other page; a quiet time by none.

A real Prometheus contains the simulated history. All compiled rules are evaluated over it, alerts with their own
``for``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.model.rules import AlertingRule, RuleGroup
from generator.model.units import DAY, HOUR, MINUTE
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.incidents import effects
from generator.simulate.scenario import RequestedIncident, scenario_with
from tests.models import renamed
from tests.prometheus.chain import T0
from tests.prometheus.trials import needed, priced, priced_models
from tests.simulate.firings import firings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from generator.model.service import Model, Service
    from generator.simulate.scenario import Scenario
    from tests.simulate.firings import SimulatedFiring

# Days of history, minute by minute, take long on a busy machine.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

#: Trouble begins here, and half an hour is left after it.
BEGIN, AFTERWARDS = T0 + 90 * MINUTE, 30 * MINUTE
REPLICAS = 3

#: From a Friday's afternoon to a Saturday's morning: a working day ends, and a weekend begins with its night.
QUIET_FROM, QUIET_UNTIL = T0 + 8 * HOUR + 4 * DAY, T0 + 5 * DAY

Found = tuple[str, str]  # an alert and its severity
WARNING, CRITICAL = "warning", "critical"


class Expected(Struct, frozen=True):
    """The alerts that must find an incident, with minutes from its start; and other pages that are right.

    It begins after ``before`` minutes of ordinary time.
    """

    within: Mapping[Found, int]
    pages: frozenset[str] = frozenset()
    lasting: int = 60
    before: int = 90


EXPECTED = {
    "tool-outage": Expected(
        {
            ("AgentToolErrorRateHigh", CRITICAL): 10,
            ("AgentToolErrorRateRising", WARNING): 6,
            ("AgentSuccessRateLow", WARNING): 20,
        },
        # Runs end by the errors of their tools.
        pages=frozenset({"AgentSuccessRateLow"}),
    ),
    "success-drop-after-release": Expected(
        {
            ("AgentSuccessRateLow", WARNING): 15,
            ("AgentSuccessRateLow", CRITICAL): 20,
            ("AgentSuccessRateDrop", WARNING): 15,
            ("AgentSuccessRateRegression", WARNING): 15,
            ("AgentSuccessRateRegression", CRITICAL): 15,
        }
    ),
    "token-growth-after-release": Expected(
        {
            ("AgentTokensPerRunRegression", WARNING): 30,
            ("AgentCostPerRunRegression", WARNING): 30,
        }
    ),
    "tool-spam-loop": Expected(
        {
            ("AgentToolCallsPerRunHigh", WARNING): 15,
            ("AgentToolCallsPerRunHigh", CRITICAL): 18,
            ("AgentNoRuns", WARNING): 40,
        },
        # An endless loop spends without end.
        pages=frozenset({"AgentCostBudgetExceeded"}),
    ),
    "latency-creep": Expected(
        {("AgentLatencyP95High", WARNING): 52, ("AgentLatencyP95Rising", WARNING): 25},
        # At its end it is twice the objective.
        pages=frozenset({"AgentLatencyP95High"}),
    ),
    "limit-reached": Expected(
        {
            ("AgentStopReasonShift", WARNING): 15,
            ("AgentStepsPerRunHigh", WARNING): 20,
        },
        # Thirty steps take their time.
        pages=frozenset({"AgentLatencyP95High"}),
    ),
    "cost-explosion": Expected(
        {
            ("AgentCostPerRunRising", WARNING): 15,
            ("AgentCostForecastExceeded", WARNING): 60,
            ("AgentCostBudgetExceeded", CRITICAL): 90,
        },
        lasting=120,
        # A forecast waits for a whole yesterday.
        before=31 * 60,
    ),
    "unpriced-model": Expected(
        {("AgentTokensUnpriced", WARNING): 15, ("AgentUndeclaredLabelValue", WARNING): 60}
    ),
    "exporter-gone": Expected({("AgentMetricAbsent", CRITICAL): 25}),
    "undeclared-label-value": Expected({("AgentUndeclaredLabelValue", WARNING): 15}),
    "night-low": Expected({}),
    "rolling-restart": Expected({}),
}


def test_every_incident_has_its_row(support: Service) -> None:
    known = {effect.name: effect.alerts for effect in effects(support)}
    assert EXPECTED.keys() == known.keys()
    for name, alerts in known.items():
        assert set(alerts) <= {alert for alert, _ in EXPECTED[name].within}, name


@pytest.fixture(scope="module")
def fired(prometheus: object, model: Model, support: Service) -> Mapping[str, tuple[SimulatedFiring, ...]]:  # noqa: ARG001
    """The firings in every incident: each happens to a service of its own, beside the others of the same span."""
    spans: dict[tuple[int, int], list[str]] = {}
    for name, expected in EXPECTED.items():
        spans.setdefault((expected.before, expected.lasting), []).append(name)
    found: dict[str, tuple[SimulatedFiring, ...]] = {}
    for (before, lasting), incidents in spans.items():
        start, end = BEGIN - before * MINUTE, BEGIN + lasting * MINUTE
        services = [renamed(support, f"agents-with-{name}") for name in incidents]
        histories = [
            scenario_with(service, start, end + AFTERWARDS, [RequestedIncident(name, BEGIN, end)])
            for name, service in zip(incidents, services, strict=True)
        ]
        sought = {alert for name in incidents for alert, _ in EXPECTED[name].within}
        found |= zip(incidents, _fired(model, services, histories, sought), strict=True)
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_an_incident_is_found_in_time_and_by_no_other_page(
    name: str, fired: Mapping[str, tuple[SimulatedFiring, ...]]
) -> None:
    expected, found = EXPECTED[name], fired[name]
    for (alert, severity), minutes in expected.within.items():
        starts = [
            one.start for one in found if (one.alert, one.severity) == (alert, severity) and one.start > BEGIN
        ]
        assert starts, f"{alert} ({severity}) stays silent: {_listed(found)}"
        assert starts[0] <= BEGIN + minutes * MINUTE, f"{alert} ({severity}): {_listed(found)}"
    right = expected.pages | {alert for alert, severity in expected.within if severity == CRITICAL}
    wrong = [one for one in found if one.severity == CRITICAL and one.alert not in right]
    assert not wrong, _listed(wrong)


def test_in_a_quiet_time_nothing_fires(prometheus: object, model: Model, support: Service) -> None:  # noqa: ARG001
    midnight = QUIET_FROM + 8 * HOUR
    wanted = [
        RequestedIncident(name, midnight + begin * HOUR, midnight + end * HOUR)
        for name, begin, end in (("night-low", 1, 4), ("rolling-restart", 6, 7))
    ]
    service = renamed(support, "quiet-agents")
    history = scenario_with(service, QUIET_FROM, QUIET_UNTIL, wanted)
    (found,) = _fired(model, [service], [history], set())
    assert not found, _listed(found)


def _fired(
    model: Model, services: Sequence[Service], histories: Sequence[Scenario], sought: AbstractSet[str]
) -> list[tuple[SimulatedFiring, ...]]:
    """Send histories of one span through the chain, and list the alerts that fire in each.

    Only the records that alerts read are evaluated; before the usual time ahead of trouble, only those of the alerts
    that are ``sought``.
    """
    start, end = int(histories[0].start), int(histories[0].end)
    groups = rule_set(services, model.library, model.site).groups
    alerts = [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]
    soon = BEGIN - Expected({}).before * MINUTE if sought else start
    with prometheus_server() as server:
        for service, history in zip(services, histories, strict=True):
            write(server.api, simulate(service, model.site, replace(history, replicas=REPLICAS)).series)
        if start < soon:
            early = needed(groups, [rule.expr for rule in alerts if rule.alert in sought])
            evaluate(server.api, priced(early, priced_models(services)), start, soon - 1)
        every = RuleGroup("alerts", model.site.rule_interval, tuple(alerts))
        read = needed(groups, [rule.expr for rule in alerts])
        evaluate(server.api, [*priced(read, priced_models(services)), every], soon, end)
        return [
            firings(server.api, service.name, soon, end, model.site.rule_interval) for service in services
        ]


def _listed(fired: Sequence[SimulatedFiring]) -> str:
    """List firings by minutes after the beginning of trouble."""
    return ", ".join(
        f"{one.alert} ({one.severity}) {dict(one.labels)} at {(one.start - BEGIN) / MINUTE:+.0f} min"
        for one in fired
    )
