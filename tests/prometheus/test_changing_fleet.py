"""A fleet that changes: a bound, a switch, a removed service; unchanged services go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.request import urlopen

import pytest

from generator.live.process import launch
from generator.live.server import ServerConfig, prometheus_server
from generator.model import names
from generator.prometheus.shared import shared_rules
from tests.prometheus.vectors import asked, group_of, instant, records_of, written
from tests.waiting import soon, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from generator.live.server import PrometheusServer
    from generator.model.service import Model
    from tests.prometheus.vectors import Record

pytestmark = pytest.mark.long

SERVICE = "support-agent"
LOW = "AgentSuccessRateLow"
#: A constant reaches its alert over two groups.
_TWO_ROUNDS = 2
#: Prometheus waits two intervals before it ends the series of a removed group, and two groups depend on it.
_FOUR_ROUNDS = 4
_ITERATIONS = re.compile(
    r'^prometheus_rule_group_iterations_total\{rule_group="([^"]+)"\} (\d+)$', re.MULTILINE
)


class ChangingFleet:
    """A server with the shared rules and one service, which can be changed."""

    def __init__(self, server: PrometheusServer, model: Model, folder: Path) -> None:
        self.server, self.folder = server, folder
        shared = shared_rules(model.library, model.site)
        self.shared = tuple(
            written(folder / f"shared-{index}.yml", [group], interval="2s", wait="3s")
            for index, group in enumerate(shared.groups)
        )
        service = next(one for one in model.services if one.name == SERVICE)
        self.records = records_of(service, model.site, shared)

    def load(self, records: list[Record]) -> None:
        """Make the server read the service's file, or none."""
        own = (written(self.folder / "service.yml", [group_of("service", records)], interval="2s"),)
        self.server.load(ServerConfig(rule_files=(*self.shared, *(own if records else ()))))

    def alert(
        self, severity: str = "critical", states: tuple[str, ...] = ("firing",)
    ) -> dict[str, Any] | None:
        """Find the alert on the service's success rate."""
        alerts = asked(self.server.api, "/api/v1/alerts")["alerts"]
        found = (one for one in alerts if one["labels"]["alertname"] == LOW and one["state"] in states)
        return next((one for one in found if one["labels"]["severity"] == severity), None)

    def within(self, rounds: int, true: Callable[[], object]) -> bool:
        """Wait for a condition until every group has been evaluated more than ``rounds`` times.

        A busy machine evaluates late; seconds would be its fault. An evaluation counts when it begins, so the one after
        the last must have begun.
        """
        before = self._iterations()
        return soon(lambda: true() or self._rounds_since(before) > rounds + 1) and bool(true())

    def _iterations(self) -> dict[str, int]:
        text = urlopen(f"{self.server.api.url}/metrics").read().decode()  # noqa: S310 - our own server
        return {group: int(number) for group, number in _ITERATIONS.findall(text)}

    def _rounds_since(self, before: Mapping[str, int]) -> int:
        """The fewest evaluations of a group; a group whose file changed counts from 0."""
        now = self._iterations()
        same = {group: number for group, number in before.items() if number <= now.get(group, 0)}
        return min(number - same.get(group, 0) for group, number in now.items())


@pytest.fixture(scope="module")
def started(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingFleet]:
    """One server for all tests here: none of them waits for another's series to end."""
    with prometheus_server() as server:
        yield ChangingFleet(server, model, tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def fleet(started: ChangingFleet) -> ChangingFleet:
    """The unchanged service, with its alert firing."""
    started.load(started.records)
    until(started.alert)
    return started


def with_objective(records: list[Record], value: str) -> list[Record]:
    return [
        (
            name,
            labels,
            f"vector({value})" if name == names.OBJECTIVE and labels["signal"] == "success_rate" else expr,
        )
        for name, labels, expr in records
    ]


def test_a_changed_bound_acts_within_two_intervals_and_restarts_no_wait(fleet: ChangingFleet) -> None:
    before = fleet.alert()
    assert before is not None
    assert "below 87%, 10pp below the objective" in before["annotations"]["description"]
    fleet.load(with_objective(fleet.records, "0.99"))
    changed = "below 89%, 10pp below the objective"
    assert fleet.within(
        _TWO_ROUNDS, lambda: changed in (fleet.alert() or before)["annotations"]["description"]
    )
    after = fleet.alert()
    assert after is not None
    assert after["activeAt"] == before["activeAt"]


def test_a_bound_out_of_reach_ends_the_alert(fleet: ChangingFleet) -> None:
    fleet.load(with_objective(fleet.records, "0.85"))
    assert fleet.within(_TWO_ROUNDS, lambda: fleet.alert("critical") is None)


def test_an_alert_that_is_turned_off_ends(fleet: ChangingFleet) -> None:
    labels = {names.SERVICE: SERVICE, names.ALERT: LOW, names.VARIANT_LABEL: "off"}
    fleet.load([*fleet.records, (names.VARIANT, labels, "vector(1)")])
    assert fleet.within(_TWO_ROUNDS, lambda: fleet.alert() is None)


def test_a_service_that_is_gone_leaves_no_alert_and_no_row(fleet: ChangingFleet) -> None:
    row = f'service:agent_signal:status{{service="{SERVICE}"}} > 0'
    assert fleet.within(_FOUR_ROUNDS, lambda: instant(fleet.server.api, row))
    fleet.load([])
    gone = f'ALERTS{{service="{SERVICE}"}} or service:agent_signal:status{{service="{SERVICE}"}}'
    assert fleet.within(_FOUR_ROUNDS + 1, lambda: not instant(fleet.server.api, gone))


def test_after_a_restart_alerts_come_back_in_the_first_round(
    model: Model, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with prometheus_server() as server:
        fleet = ChangingFleet(server, model, tmp_path_factory.mktemp("restarted"))
        fleet.load(fleet.records)
        until(fleet.alert)
        server.process.terminate()
        server.process.wait()
        again = launch(cast("list[str]", server.process.args), server.directory)
        try:
            until(server.api.ready)
            assert fleet.within(1, lambda: fleet.alert(states=("pending", "firing")))
            assert fleet.within(_TWO_ROUNDS, fleet.alert)
        finally:
            again.terminate()
            again.wait()


def test_streams_without_constants_are_told(fleet: ChangingFleet) -> None:
    fleet.load([one for one in fleet.records if one[0] != names.INFO])
    missing = f'ALERTS{{alertname="AgentConstantsMissing",service="{SERVICE}",alertstate="firing"}}'
    assert fleet.within(_FOUR_ROUNDS + 2, lambda: instant(fleet.server.api, missing))


def test_two_owners_are_told(fleet: ChangingFleet) -> None:
    other = {names.SERVICE: SERVICE, names.OWNER: "team-other", names.PROFILE: "agent"}
    fleet.load([*fleet.records, (names.INFO, other, "vector(1)")])
    conflict = f'ALERTS{{alertname="AgentOwnersConflict",service="{SERVICE}",alertstate="firing"}}'
    assert fleet.within(_FOUR_ROUNDS + 2, lambda: instant(fleet.server.api, conflict))
