"""Many services in one real Prometheus, and their shared rules: its counts match the report, spread over time."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from generator.compiler import check
from generator.live.remote_write import write
from generator.live.server import ServerConfig, prometheus_server
from generator.prometheus.files import rule_files, shared_files
from generator.prometheus.rule_set import rule_set
from generator.reports.cardinality import overview, service_row
from generator.spec.sources import read_sources
from tests.bench.specs import directory
from tests.waiting import until
from tests.whole.exposed import exposed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.checks.cardinality.account import Account
    from generator.compiler import Compilation
    from generator.live.answers import GroupState
    from generator.live.server import PrometheusServer
    from generator.model.service import Model

SERVICES = 100
#: Mimir's default limit for a group (``ruler_max_rules_per_rule_group``).
LARGEST = 20
#: Seconds between evaluations, in place of a minute.
QUICK = 2
ROUNDS = 3
ATTEMPTS = 240
#: The smallest and the largest share of groups in a quarter of the interval, for a fair draw of 144 groups.
FAIR = (0.1, 0.4)


class Seen(Struct, frozen=True):
    """Prometheus's counts, by the names of rule groups; some of its iterations may be ``missed``."""

    rules: Mapping[str, float]
    intervals: Mapping[str, float]
    iterations: Mapping[str, float]
    missed: Mapping[str, float]
    evaluations: Mapping[str, float]

    def in_whole_rounds(self, group: str, missed: Mapping[str, float]) -> float:
        """Count the evaluations of a group by its iterations, but those that were ``missed`` at another moment."""
        return (self.iterations[group] - missed[group]) * self.rules[group]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    return check(read_sources(directory(tmp_path_factory.mktemp("fleet") / "specs", SERVICES)))


@pytest.fixture(scope="module")
def accounts(checked: Compilation) -> dict[str, Account]:
    return {each.service.name: each.account for each in checked.facts}


@pytest.fixture(scope="module")
def server(
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
    checked: Compilation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PrometheusServer]:
    """A server that runs the rules of the whole fleet, and has evaluated each group a few times."""
    assert checked.model is not None
    files = _quick(checked, checked.model, tmp_path_factory.mktemp("rules"))
    with prometheus_server() as started:
        now = int(time.time())
        write(started.api, exposed(checked.model.services[0], now - 600, now + 120))
        started.load(ServerConfig(rule_files=files))
        until(lambda: _is_settled(started))
        yield started


def test_every_group_is_there_healthy_and_no_larger_than_rulers_allow(
    server: PrometheusServer, checked: Compilation
) -> None:
    assert checked.shared is not None
    groups, loads = server.api.rules(), [each.account.load for each in checked.facts]
    loads.append(checked.shared.load)
    assert len(groups) == sum(load.groups for load in loads)
    assert max(len(group.rules) for group in groups) <= LARGEST
    states = [rule for group in groups for rule in group.rules]
    assert len(states) == sum(load.rules for load in loads)
    assert [(rule.name, rule.last_error) for rule in states if rule.health != "ok"] == []


def test_a_service_s_file_is_about_it_alone_and_no_two_rules_of_the_fleet_write_the_same_series(
    server: PrometheusServer, accounts: Mapping[str, Account]
) -> None:
    written: Counter[tuple[object, ...]] = Counter()
    for group in _own(server, accounts):
        service = Path(group.file).name.partition(".")[0]
        for rule in group.rules:
            assert rule.labels["service"] == service, (group.name, rule.name)
            assert set(re.findall(r'service="(.*?)"', rule.expr)) <= {service}, (group.name, rule.name)
            if rule.kind == "recording":
                written[rule.name, *sorted(rule.labels.items())] += 1
    assert [each for each, times in written.items() if times > 1] == []


def test_a_thousand_such_services_are_as_many_groups_and_rules_as_prometheus_runs_of_each(
    server: PrometheusServer, accounts: Mapping[str, Account], checked: Compilation
) -> None:
    assert checked.model is not None
    assert checked.shared is not None
    site, shared = checked.model.site, checked.shared
    load = overview(tuple(service_row(each, site) for each in checked.facts), shared, site).thousand.load
    groups = _own(server, accounts)
    assert load.groups == pytest.approx(1000 / SERVICES * len(groups) + shared.load.groups)
    rules = sum(len(group.rules) for group in groups)
    assert load.rules == pytest.approx(1000 / SERVICES * rules + shared.load.rules)
    # One shared rule runs once an hour.
    assert load.evaluations == pytest.approx((load.rules - 1) / 60 + 1 / 3600)


def test_prometheus_counts_as_many_evaluations_as_promised(
    server: PrometheusServer, accounts: Mapping[str, Account]
) -> None:
    # A busy server collects the counts of one answer seconds apart: each is held against the others' next or last.
    seen, after = _seen(server), _seen(server)
    for group, rules in seen.rules.items():
        # Of a running iteration some rules are counted, and perhaps the iteration itself.
        assert seen.evaluations[group] <= after.in_whole_rounds(group, seen.missed) + rules, group
        assert seen.in_whole_rounds(group, after.missed) <= after.evaluations[group] + rules, group
    for name, found in accounts.items():
        own = [group for group in seen.rules if group.rpartition("/")[2].startswith(f"{name}.")]
        quick = sum(seen.rules[group] / seen.intervals[group] for group in own)
        assert quick * QUICK / 60 == pytest.approx(found.load.evaluations)


def test_no_more_series_are_recorded_than_promised(
    server: PrometheusServer, accounts: Mapping[str, Account]
) -> None:
    name, found = next(iter(accounts.items()))
    series = server.api.query(f'{{service="{name}", __name__=~".+:.+"}}', time.time())
    count = Counter(sample.labels["__name__"] for sample in series)
    assert {one.record for one in found.records if count[one.record] > one.live} == set()
    assert 100 < len(series) <= found.recorded.live


def test_groups_are_evaluated_all_over_the_interval(server: PrometheusServer) -> None:
    """Prometheus shifts a group by its name and its file's: a thousand groups do not start at once."""
    seen = []
    for _ in range(ROUNDS):  # a busy machine evaluates some of them later, in one round or another
        groups = server.api.look("/api/v1/rules", {}, dict[str, list[dict[str, Any]]], "rules")["groups"]
        seen.append(_quarters(_moment(group["lastEvaluation"]) for group in groups))
        if FAIR[0] < min(seen[-1]) <= max(seen[-1]) < FAIR[1]:
            return
        time.sleep(QUICK)
    raise AssertionError(seen)


def _own(server: PrometheusServer, accounts: Mapping[str, Account]) -> list[GroupState]:
    """List the groups of the services' own files."""
    return [one for one in server.api.rules() if Path(one.file).name.partition(".")[0] in accounts]


def _quick(checked: Compilation, model: Model, directory: Path) -> tuple[Path, ...]:
    """Write the rule files, with a shorter interval."""
    files, site = [], model.site
    own = (one for each in checked.facts for one in rule_files(each.service, each.compiled, site))
    for artifact in (*own, *shared_files(rule_set(model.services, model.library, site).shared, site)):
        files.append(directory / artifact.path.rpartition("/")[2])
        quick = re.sub("^  interval: 1[mh]$", f"  interval: {QUICK}s", artifact.text, flags=re.MULTILINE)
        files[-1].write_text(quick, "utf-8")
    return tuple(files)


def _is_settled(server: PrometheusServer) -> bool:
    """Whether every group was evaluated a few times."""
    return min(_seen(server).iterations.values(), default=0) >= ROUNDS


def _seen(server: PrometheusServer) -> Seen:
    text = server.api.connection.send("GET", "/metrics").body.decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if "rule_group" in sample.labels:
                found.setdefault(sample.name, {})[sample.labels["rule_group"]] = sample.value
    return Seen(
        *(
            found.get(f"prometheus_rule_{name}", {})
            for name in (
                "group_rules",
                "group_interval_seconds",
                "group_iterations_total",
                "group_iterations_missed_total",
                "evaluations_total",
            )
        )
    )


def _quarters(moments: Iterable[float]) -> list[float]:
    """Compute the share of moments in each quarter of the interval."""
    found = Counter(int(moment % QUICK * 4 / QUICK) for moment in moments)
    return [found[quarter] / found.total() for quarter in range(4)]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text[:19] + text[19:26].rstrip("Z") + "+00:00").timestamp()
