"""No series is recorded in vain: an alert, a dashboard or the catalogue uses each, directly or through others."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from generator.live.plan import records_read
from generator.model import names
from tests.grafana.documents import events, targets
from tests.whole.compiled import CompilerOutput, compile_specs, rules
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("research-agent", "support-agent")
Rule = dict[str, Any]


@pytest.fixture(scope="module")
def compiled() -> CompilerOutput:
    """The shipped specs, compiled."""
    return compile_specs(shipped())


def test_these_are_the_services(compiled: CompilerOutput) -> None:
    assert tuple(sorted(service.name for service in compiled.services)) == SERVICES


def test_every_record_of_the_shipped_specs_is_read(compiled: CompilerOutput) -> None:
    assert _unread(compiled, [*rules(compiled.files)]) == set()


def test_what_only_unread_records_read_is_noticed(compiled: CompilerOutput) -> None:
    more = [
        {"record": "service:agent_nobody:first", "expr": "service:agent_run:increase15m"},
        {"record": "service:agent_nobody:second", "expr": "service:agent_nobody:first"},
        {"record": "service:agent_nobody:alone", "expr": "last_over_time(service:agent_nobody:alone[1h])"},
    ]
    assert _unread(compiled, [*rules(compiled.files), *more]) == {rule["record"] for rule in more}


@pytest.mark.parametrize(
    "reader",
    [
        {"alert": "Somebody", "expr": "service:agent_nobody:first > 1"},
        {"record": "service:agent_run:increase15m", "expr": '{__name__=~"service:agent_no.+:first"}'},
    ],
)
def test_what_an_alert_or_a_record_that_counts_reads_is_read(compiled: CompilerOutput, reader: Rule) -> None:
    alone = {"record": "service:agent_nobody:first", "expr": "vector(1)"}
    assert _unread(compiled, [*rules(compiled.files), alone, reader]) == set()


def _for_a_change(record: str) -> bool:
    """Whether a record is for optional text of a service: an objective, an alert's floor, a link of annotations."""
    return record.endswith((":objective", ":upper")) or record == names.LINK


def _unread(compiled: CompilerOutput, rules: list[Rule]) -> set[str]:
    """Follow the used records to all their inputs; name the rest."""
    records = {rule["record"] for rule in rules if "record" in rule}
    asked = chain(_shown(compiled), (rule["expr"] for rule in rules if "alert" in rule))
    read: set[str] = set()
    found = (records & _published(compiled)) | set(filter(_for_a_change, records))
    found |= set(chain.from_iterable(records_read(expr, records) for expr in asked))
    while found:
        read |= found
        through = (rule["expr"] for rule in rules if rule.get("record") in found)
        found = set(chain.from_iterable(records_read(expr, records) for expr in through)) - read
    return {record for record in records - read if record.split(":")[1] not in _unfed(compiled)}


def _unfed(compiled: CompilerOutput) -> set[str]:
    """List the streams of the library that none of these services feeds, so that no dashboard queries them."""
    assert compiled.model is not None
    fed = {stream.stem for service in compiled.services for stream in service.streams.values()}
    return {stream.stem for stream in compiled.model.library.streams.values()} - fed


def _shown(compiled: CompilerOutput) -> Iterator[str]:
    """List the queries of dashboards."""
    for path, text in compiled.files.items():
        if path.startswith("grafana/dashboards/"):
            board = json.loads(text)
            yield from (target.expr for target in targets(board))
            yield from (event["expr"] for _, event in events(board))


def _published(compiled: CompilerOutput) -> set[str]:
    """Name the values of signals, which the catalogue offers to everybody."""
    services = json.loads(compiled.files["catalog.json"])["services"].values()
    signals = (signal for service in services for signal in service["signals"].values())
    return {record for signal in signals for record in signal["records"]}
