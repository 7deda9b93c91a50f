"""No service can break another: for any file of one service, the others' series and alerts stay unchanged.

Services are files of constants here, streams included, so that a server shows the results of rules within seconds.
Two servers run side by side: one has the good service alone, the other has it among services that are broken.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from generator.live.remote_write import TimeSeries, write
from generator.live.server import ServerConfig, prometheus_server
from generator.model import names
from generator.prometheus.shared import shared_rules
from tests.prometheus.vectors import asked, group_of, instant, records_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.rules import RuleGroup
    from generator.model.service import Model
    from tests.prometheus.vectors import Record

pytestmark = pytest.mark.long

GOOD = "support-agent"
#: Evaluating more often than every two seconds, a busy machine misses rounds; every value stays equal for some rounds.
_INTERVAL, _PAUSE, _LONGEST = "2s", 2.0, 300.0
#: A service whose label has far more values than any budget, and the limit of series for its group.
FLOOD, _VALUES, _LIMIT = "poison-flood", 12_000, 10_000


def named(records: Sequence[Record], service: str) -> list[Record]:
    """Assign records to another service."""
    return [(name, {**labels, names.SERVICE: service}, expr) for name, labels, expr in records]


def with_label(records: Sequence[Record], **odd: str) -> list[Record]:
    """Add labels to every record."""
    return [(name, {**labels, **odd}, expr) for name, labels, expr in records]


def doubled_values(records: Sequence[Record]) -> list[Record]:
    """Write every record again with another value and a distinguishing label."""
    again = [
        (name, {**labels, "copy": "2"}, re.sub(r"vector\(([0-9.]+)\)", r"(vector(\1) * 2)", expr))
        for name, labels, expr in records
    ]
    return [*records, *again]


POISONS: dict[str, Callable[[list[Record]], list[Record]]] = {
    "twice": lambda found: with_label(found) + with_label(found, copy="2"),
    "other-values": doubled_values,
    "two-owners": lambda found: (
        found + with_label([one for one in found if one[0] == names.INFO], owner="team-other")
    ),
    "two-profiles": lambda found: (
        found + with_label([one for one in found if one[0] == names.INFO], profile="other")
    ),
    "no-constants": lambda found: [one for one in found if one[0].startswith("stream:")],
    "no-streams": lambda found: [one for one in found if not one[0].startswith("stream:")],
    "odd-alert": lambda found: (
        found + with_label(found, alert="AgentSuccessRateLow", severity="critical", part="bound")
    ),
    "odd-words": lambda found: (
        found + with_label(found, words="odd", variant="odd", signal="odd", label="odd")
    ),
    "odd-board": lambda found: (
        found + with_label(found, worst="odd", over="odd", unit="odd", within="odd", metric="odd")
    ),
    "odd-values": lambda found: found + with_label(found, release="odd", tool="odd", model="odd"),
    "odd-meaning": lambda found: (
        found + with_label(found, **dict.fromkeys(("status", "token_type", "stop_reason", "url"), "odd"))
    ),
    "odd-bucket": lambda found: found + with_label(found, le="odd", bucket="odd", stream="odd", le_="x"),
    "no-name": lambda found: (
        found + [(name, {**labels, names.SERVICE: ""}, expr) for name, labels, expr in found]
    ),
}

FLOOD_METRIC = "flood"
_FLOODED: Record = (
    "stream:agent_tool_call:rate",
    {names.SERVICE: FLOOD, "status": "ok", "release": "v1"},
    f"sum by (tool) ({FLOOD_METRIC})",
)


@pytest.fixture(scope="module")
def served(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PrometheusApi]]:
    """Two servers: ``clean`` has the good service alone, ``poisoned`` all the broken ones beside it."""
    shared = shared_rules(model.library, model.site)
    good = records_of(next(one for one in model.services if one.name == GOOD), model.site, shared)
    broken = {f"poison-{name}": spoil(named(good, f"poison-{name}")) for name, spoil in POISONS.items()}
    folder = tmp_path_factory.mktemp("rules")

    def often(name: str, group: RuleGroup) -> Path:
        return written(folder / f"{name}.yml", [group], interval=_INTERVAL)

    common = [often(f"shared-{index}", group) for index, group in enumerate(shared.groups)]
    clean = [*common, often("good", group_of("good", good))]
    # The file of one of them is loaded under a second name as well.
    spoiled = [often(name, group_of(name, found)) for name, found in broken.items()]
    again = often("again", group_of("again", broken["poison-twice"]))
    flood = often("flood", replace(group_of(FLOOD, [*named(good, FLOOD), _FLOODED]), limit=_LIMIT))
    with (
        prometheus_server(ServerConfig(rule_files=tuple(clean))) as alone,
        prometheus_server(ServerConfig(rule_files=(*clean, *spoiled, again, flood))) as among,
    ):
        _flood(among.api)
        _settle(alone.api, among.api)
        yield {"clean": alone.api, "poisoned": among.api}


def test_no_shared_rule_fails(served: dict[str, PrometheusApi]) -> None:
    failing = {
        rule["name"]: rule["lastError"] for rule in _rules(served["poisoned"]) if rule.get("lastError")
    }
    assert failing == {}


def test_the_good_service_has_what_it_has_alone(served: dict[str, PrometheusApi]) -> None:
    alone, among = (_series(api, GOOD) for api in (served["clean"], served["poisoned"]))
    assert len(alone) > 200
    assert among == alone


def test_the_good_service_has_the_alerts_that_it_has_alone(served: dict[str, PrometheusApi]) -> None:
    alone, among = (_alerts(api, GOOD) for api in (served["clean"], served["poisoned"]))
    assert {"AgentSuccessRateLow", "AgentToolErrorRateHigh", "AgentTokensUnpriced"} <= {
        name for name, _ in alone
    }
    assert among == alone


def test_of_two_owners_there_is_none(served: dict[str, PrometheusApi]) -> None:
    alerts = instant(served["poisoned"], 'ALERTS{service="poison-two-owners"}')
    assert alerts
    assert {labels.get("owner") for labels in alerts} == {None}


def test_the_limit_of_its_group_stops_a_flood_of_series(served: dict[str, PrometheusApi]) -> None:
    api = served["poisoned"]
    assert asked(api, "/api/v1/query", query=f"count({FLOOD_METRIC})")["result"][0]["value"][1] == str(
        _VALUES
    )
    groups = asked(api, "/api/v1/rules")["groups"]
    rules = next(group["rules"] for group in groups if group["name"] == FLOOD)
    failing = {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")}
    assert failing == {_FLOODED[0]: f"exceeded limit of {_LIMIT} with {_VALUES} series"}
    assert len(_series(api, FLOOD)) < _LIMIT


def _flood(api: PrometheusApi) -> None:
    """Expose more values of a label than any group may write."""
    now = [round(time.time() * 1000)]
    write(
        api, (TimeSeries({"__name__": FLOOD_METRIC, "tool": f"t{one}"}, now, [1.0]) for one in range(_VALUES))
    )


def _settle(*apis: PrometheusApi) -> None:
    """Wait until both servers are equal for some rounds, or for long: alerts wait for enough events."""
    end, before, calm = time.monotonic() + _LONGEST, None, 0
    while time.monotonic() < end and calm < 4:
        now = [(_series(api, GOOD), _alerts(api, GOOD)) for api in apis]
        same = now == before and now[0] == now[-1] and now[0][1]
        calm, before = calm + 1 if same else 0, now
        time.sleep(_PAUSE)


def _rules(api: PrometheusApi) -> list[dict[str, Any]]:
    groups = asked(api, "/api/v1/rules")["groups"]
    return [
        rule for group in groups if group["name"].startswith(("agent-", "good")) for rule in group["rules"]
    ]


def _series(api: PrometheusApi, service: str) -> frozenset[tuple[tuple[str, str], ...]]:
    """List the recorded series of a service; alerts have their own test."""
    found = instant(api, f'{{service="{service}",__name__!~"ALERTS.*"}}')
    return frozenset(tuple(sorted(labels.items())) for labels in found)


def _alerts(api: PrometheusApi, service: str) -> frozenset[tuple[str, tuple[tuple[str, str], ...]]]:
    found = instant(api, f'ALERTS{{service="{service}"}}')
    return frozenset((one["alertname"], tuple(sorted(one.items()))) for one in found)
