"""No series is recorded in vain: an alert, a dashboard or the catalogue leads to each, directly or through others."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.live.reads import records_read
from tests.grafana.documents import events, targets
from tests.whole.compiled import Compilation, compile_specs
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("research-agent", "support-agent")
Rule = dict[str, Any]


@pytest.fixture(scope="module")
def compiled() -> Compilation:
    """The shipped specs, compiled."""
    return compile_specs(shipped())


def test_these_are_the_services(compiled: Compilation) -> None:
    assert tuple(sorted(service.name for service in compiled.services)) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_every_record_of_the_shipped_specs_is_read(compiled: Compilation, service: str) -> None:
    assert _unread(compiled, service, _rules(compiled, service)) == set()


def test_what_only_unread_records_read_is_noticed(compiled: Compilation) -> None:
    more = [
        {"record": "service:agent_nobody:first", "expr": "service:agent_run_count:count"},
        {"record": "service:agent_nobody:second", "expr": "service:agent_nobody:first"},
        {"record": "service:agent_nobody:alone", "expr": "last_over_time(service:agent_nobody:alone[1h])"},
    ]
    service = SERVICES[0]
    assert _unread(compiled, service, [*_rules(compiled, service), *more]) == {
        rule["record"] for rule in more
    }


@pytest.mark.parametrize(
    "reader",
    [
        {"alert": "Somebody", "expr": "service:agent_nobody:first > 1"},
        {"record": "service:agent_run_count:count", "expr": '{__name__=~"service:agent_no.+:first"}'},
    ],
)
def test_what_an_alert_or_a_record_that_counts_reads_is_read(compiled: Compilation, reader: Rule) -> None:
    service, alone = SERVICES[0], {"record": "service:agent_nobody:first", "expr": "vector(1)"}
    assert _unread(compiled, service, [*_rules(compiled, service), alone, reader]) == set()


def _unread(compiled: Compilation, service: str, rules: list[Rule]) -> set[str]:
    """Follow what is looked at to all that it is computed from; name the rest."""
    records = {rule["record"] for rule in rules if "record" in rule}
    asked = chain(_shown(compiled), (rule["expr"] for rule in rules if "alert" in rule))
    read: set[str] = set()
    found = records & _published(compiled, service)
    found |= set(chain.from_iterable(records_read(expr, records) for expr in asked))
    while found:
        read |= found
        through = (rule["expr"] for rule in rules if rule.get("record") in found)
        found = set(chain.from_iterable(records_read(expr, records) for expr in through)) - read
    return records - read


def _rules(compiled: Compilation, service: str) -> list[Rule]:
    texts = (compiled.files[f"prometheus/{kind}/{service}.{kind}.yml"] for kind in ("rules", "alerts"))
    documents = (yaml.load(text, yaml.CSafeLoader) for text in texts)
    return [rule for document in documents for group in document["groups"] for rule in group["rules"]]


def _shown(compiled: Compilation) -> Iterator[str]:
    """List what dashboards ask."""
    for path, text in compiled.files.items():
        if path.startswith("grafana/dashboards/"):
            board = json.loads(text)
            yield from (target.expr for target in targets(board))
            yield from (event["expr"] for _, event in events(board))


def _published(compiled: Compilation, service: str) -> set[str]:
    """Name the values of signals, which the catalogue offers to everybody."""
    signals = json.loads(compiled.files["catalog.json"])["services"][service]["signals"]
    return {record for signal in signals.values() for record in signal["records"]}
