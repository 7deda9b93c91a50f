"""No board is green while an alert is true: for any alert, the worst status of overview and fleet is as bad.

Each alert of the library and each of a service's own, in each of its severities, is true for a service without any
other alert. Its name and its labels are inferred from its rule.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule
from generator.prometheus.rule_set import rule_set
from generator.promql.infer import infer
from tests.grafana.asking import ask
from tests.grafana.day import SHOWN
from tests.grafana.documents import documents, known, targets
from tests.prometheus.test_own_alerts import with_own_alerts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.model.rules import RuleGroup
    from generator.model.service import Model
    from tests.grafana.documents import Json

_CODES = {"critical": 2, "warning": 1, "info": 0}
#: Two times, as an alert without a service is in every service's row.
_OF_ONE, _OF_ALL = SHOWN.end - 1800, SHOWN.end
_GROUP = "rule_group"
#: The alert about an unknown service.
_UNKNOWN = "AgentConstantsMissing"
_BYSTANDER = "bystander"


class TrueAlert(Struct, frozen=True):
    """A true alert: its labels, and its service, if any."""

    labels: Mapping[str, str]

    @property
    def service(self) -> str:
        """Its service; empty for all."""
        return self.labels.get(names.SERVICE, "")

    @property
    def status(self) -> int:
        """The best status that a board may show."""
        return _CODES[self.labels[names.SEVERITY]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The project's specs with own alerts of a service, of every kind."""
    return with_own_alerts(tmp_path_factory.mktemp("own") / "specs")


@pytest.fixture(scope="module")
def alerts(own: Model) -> tuple[TrueAlert, ...]:
    """Every alert of them."""
    return tuple(_true(own))


def test_every_alert_is_among_them(own: Model, alerts: tuple[TrueAlert, ...]) -> None:
    named = {one.labels["alertname"] for one in alerts}
    assert named == {one.name for one in own.library.alerts} | {
        one.name for service in own.services for one in service.alerts if not one.shared
    }
    assert {one.labels[names.SEVERITY] for one in alerts} >= {"critical", "warning"}


def test_no_board_is_greener_than_an_alert(
    own: Model, alerts: tuple[TrueAlert, ...], fresh_prometheus: PrometheusServer
) -> None:
    _happen(fresh_prometheus.api, alerts, _board_rules(own))
    assert list(_greener(fresh_prometheus.api, documents(own), alerts)) == []


#: Parts of the rules of statuses, a possible mistake in each, and the alerts that no board then shows.
_MISTAKES = {
    "no row of spend": (
        'signal!=""',
        'signal!~"|spend"',
        {"AgentCostBudgetExceeded", "AgentCostForecastExceeded"},
    ),
    "no row of what all share": (
        'service=""',
        'service="nobody"',
        {"AgentRulesFailing", "AgentRulesLate"},
    ),
    "no row of who is unknown": (
        'or group by (service) (ALERTS{alertname="AgentConstantsMissing",service!=""})',
        "",
        {_UNKNOWN},
    ),
}


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_row_that_is_lost_is_noticed(
    mistake: str, own: Model, alerts: tuple[TrueAlert, ...], fresh_prometheus: PrometheusServer
) -> None:
    right, wrong, missed = _MISTAKES[mistake]
    rules = [
        replace(
            group,
            rules=tuple(
                replace(rule, expr=" ".join(rule.expr.split()).replace(right, wrong)) for rule in group.rules
            ),
        )
        for group in _board_rules(own)
    ]
    _happen(fresh_prometheus.api, alerts, rules)
    assert {name for name, _ in _greener(fresh_prometheus.api, documents(own), alerts)} == missed


def _true(model: Model) -> Iterator[TrueAlert]:
    """Make each rule's alert true for a service of its own, or for all."""
    rules = rule_set(model.services, model.library, model.site)
    worlds = {
        one.service.name: {**one.world.builtin, **one.world.raw, **one.world.recorded} for one in known(model)
    }
    some = next(iter(worlds.values()))
    number = count(1)
    for group in rules.groups:
        for rule in group.rules:
            if isinstance(rule, AlertingRule):
                world = worlds.get(rule.labels.get(names.SERVICE, ""), some)
                found = infer(rule.expr, world).shape.names | rule.labels.keys()
                # An alert about a group of rules may be about a service as well, but never about both.
                for whose in {names.SERVICE, _GROUP} & found:
                    labels = {name: f"some {name}" for name in found - {names.SERVICE, _GROUP}}
                    yield _alerted(rule, labels | {whose: f"{whose}-{next(number):03}"})


def _alerted(rule: AlertingRule, labels: Mapping[str, str]) -> TrueAlert:
    of_one = {names.SERVICE: labels[names.SERVICE]} if names.SERVICE in labels else {}
    return TrueAlert({**labels, **rule.labels, **of_one, "alertname": rule.alert, "alertstate": "pending"})


def _board_rules(model: Model) -> list[RuleGroup]:
    """Keep the rules of statuses."""
    kept = {names.BOARD_STATUS, names.BOARD_WORST, names.BOARD_SINCE}
    groups = rule_set(model.services, model.library, model.site).groups
    found = (
        replace(
            group,
            rules=tuple(one for one in group.rules if isinstance(one, RecordingRule) and one.record in kept),
        )
        for group in groups
    )
    return [group for group in found if group.rules]


def _happen(api: PrometheusApi, alerts: Iterable[TrueAlert], rules: Iterable[RuleGroup]) -> None:
    """Write the alerts as Prometheus does, and record the inputs of boards."""
    write(api, _written(alerts))
    for at in (_OF_ONE, _OF_ALL):
        evaluate(api, list(rules), at, at)


def _written(alerts: Iterable[TrueAlert]) -> Iterator[TimeSeries]:
    services = {_BYSTANDER}
    for one in alerts:
        at = _OF_ONE if one.service else _OF_ALL
        since = {name: value for name, value in one.labels.items() if name != "alertstate"}
        yield TimeSeries({"__name__": names.ALERTS, **one.labels}, [at * 1000], [1])
        yield TimeSeries({"__name__": names.ALERTS_FOR_STATE, **since}, [at * 1000], [at - 600])
        if one.service and one.labels["alertname"] != _UNKNOWN:
            services.add(one.service)
    for service in services:
        times = [_OF_ONE * 1000, _OF_ALL * 1000]
        yield TimeSeries({"__name__": names.KNOWN, names.SERVICE: service, "owner": "x"}, times, [1, 1])


def _greener(
    api: PrometheusApi, boards: Mapping[str, Json], alerts: Iterable[TrueAlert]
) -> Iterator[tuple[str, str]]:
    """List the alerts that a board shows as better than they are, with the board."""
    fleet = {at: _worst(api, boards["agent-fleet"], "Services", at) for at in (_OF_ONE, _OF_ALL)}
    for one in alerts:
        service, at = one.service or _BYSTANDER, _OF_ONE if one.service else _OF_ALL
        overview = _worst(api, boards["agent-overview"], "Status", at, service)
        for board, worst in (
            ("fleet", fleet[at].get(service, -1)),
            ("overview", max(overview.values(), default=-1)),
        ):
            if worst < one.status:
                yield one.labels["alertname"], board


def _worst(api: PrometheusApi, board: Json, title: str, at: int, service: str = "") -> dict[str, float]:
    """Query the statuses of a table: by service, or the rows of one service by signal."""
    where = f"{board['uid']} / {title} (table) / A"
    (target,) = (one for one in targets(board) if one.where == where)
    chosen = {"service": service} if service else {"name": ""}
    label = names.SIGNAL if service else names.SERVICE
    return {labels[label]: values[0] for labels, values in ask(api, board, target, chosen, end=at).series}
