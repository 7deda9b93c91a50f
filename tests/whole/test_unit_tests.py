"""The unit tests of rules for users load all rules that they need, and no other families."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.promql.syntax import references
from tests.whole.compiled import compile_specs
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator


RATIO = {"of": "tool_call", "per": "run"}
SIGNALS = {"calls": {"title": "Calls", "description": "For each run.", "ratio": RATIO, "by": ["release"]}}
USUAL = {"summary": "Something.", "min_events": 20}
ALERTS: dict[str, dict[str, object]] = {
    # The order of releases is recorded for all services.
    "CallsWorse": {"regression": {"signal": "calls"}, "warning": "30%", **USUAL},
    "CallsMany": {"threshold": {"signal": "calls"}, "warning": 20, **USUAL},
    # The promised runs of an hour are recorded beside the shared alert that reads them as well.
    "NobodyAsks": {"idle": {"signal": "run_count", "over": "1h"}, "summary": "Nobody asks."},
}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """The output of the shipped specs with these alerts."""
    specs = shipped()
    own = specs["services/support-agent.yaml"]
    own["signals"], own["alerts"] = {**own["signals"], **SIGNALS}, {**own["alerts"], **ALERTS}
    return compile_specs(specs).files


def test_the_tests_of_own_alerts_load_every_record_that_their_alerts_read(files: dict[str, str]) -> None:
    tested = dict(_own_tests(files))
    assert tested.keys() >= ALERTS.keys()
    for alert, paths in tested.items():
        assert _read(alert, files) <= {rule.get("record") for path in paths for rule in _of(files[path])}


def test_the_tests_of_own_alerts_load_no_family_that_none_of_them_needs(files: dict[str, str]) -> None:
    for alert, paths in _own_tests(files):
        beside = [one for one, others in _own_tests(files) if others == paths]
        read = set().union(*(_read(one, files) for one in beside))
        for path in paths:
            records = {rule.get("record") for rule in _of(files[path])}
            assert "support-agent" in path or records & read, (alert, path)


def _own_tests(files: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the own alerts that have tests, each with the paths of the loaded rule files."""
    for path, text in files.items():
        if re.fullmatch(r"prometheus/tests/support-agent\.\w+\.test\.yml", path):
            tests = yaml.load(text, yaml.CSafeLoader)
            paths = [one.replace("../", "prometheus/") for one in tests["rule_files"]]
            yield from ((alert, paths) for alert in {one["name"].split()[0] for one in tests["tests"]})


def _read(alert: str, files: dict[str, str]) -> set[str]:
    """Find all records that an alert reads, directly or indirectly."""
    rules = [rule for path in _rules(files) for rule in _of(files[path])]
    exprs: dict[str, list[str]] = {}
    for rule in rules:
        exprs.setdefault(rule.get("record", ""), []).append(rule["expr"])
    found: set[str] = set()
    waiting = [rule["expr"] for rule in rules if rule.get("alert") == alert]
    while waiting:
        names = {one.name for expr in waiting for one in references(expr)}
        fresh = names & exprs.keys() - found
        found |= fresh
        waiting = [expr for name in fresh for expr in exprs[name]]
    return found


def _rules(files: dict[str, str]) -> list[str]:
    return [path for path in files if re.match(r"prometheus/(rules|alerts)/(agent-|support-agent)", path)]


def _of(text: str) -> list[dict[str, str]]:
    return [rule for group in yaml.load(text, yaml.CSafeLoader)["groups"] for rule in group["rules"]]
