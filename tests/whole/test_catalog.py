"""The catalogue and the files beside it name the same things."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.model import names
from tests.whole.compiled import CompilerOutput, compile_specs
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Recorded for the status board and the order of releases, and about no single signal.
_SHARED = {
    names.BOARD_CURRENT,
    names.BOARD_TREND,
    names.BOARD_STATUS,
    names.RUN_LENGTH,
    *names.OF_RELEASES,
}


@pytest.fixture(scope="module")
def compiled() -> CompilerOutput:
    """The shipped specs, compiled."""
    return compile_specs(shipped())


@pytest.fixture(scope="module")
def catalog(compiled: CompilerOutput) -> dict[str, Any]:
    """Their catalogue."""
    contents: dict[str, Any] = json.loads(compiled.files["catalog.json"])
    return contents


def test_every_service_is_there_with_its_rule_files(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    assert compiled.model is not None
    assert list(catalog["services"]) == [service.name for service in compiled.model.services]
    for service in catalog["services"].values():
        assert _own(service) <= compiled.files.keys()
    listed = {*catalog["rules"], *catalog["alerting_rules"]}
    of_services = {path for service in catalog["services"].values() for path in _own(service)}
    assert listed | of_services == {
        path for path in compiled.files if path.endswith((".rules.yml", ".alerts.yml"))
    }
    assert not listed & of_services


def test_every_dashboard_is_a_file_and_every_file_is_listed(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    assert set(catalog["dashboards"].values()) == {
        path for path in compiled.files if path.startswith("grafana/dashboards/")
    }
    for uid, path in catalog["dashboards"].items():
        assert json.loads(compiled.files[path])["uid"] == uid


def test_every_value_of_a_signal_is_recorded_and_listed(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    for service in catalog["services"].values():
        recorded = {rule["record"] for rule in _all_rules(compiled, catalog, service) if "record" in rule}
        listed = {record for signal in service["signals"].values() for record in signal["records"]}
        assert listed <= recorded
        values = {record for record in recorded if _is_a_value(record, service)}
        assert values <= listed


def test_labels_of_a_record_are_those_that_its_rule_keeps(catalog: dict[str, Any]) -> None:
    for service in catalog["services"].values():
        for signal in service["signals"].values():
            for record, labels in signal["records"].items():
                assert labels[0] == names.SERVICE
                assert record.partition(":")[0] == ("_".join(labels[1:]) or names.SERVICE)


def test_every_alert_has_its_rules_its_severities_and_its_runbook(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    for service in catalog["services"].values():
        rules = [rule for rule in _all_rules(compiled, catalog, service) if "alert" in rule]
        assert set(service["alerts"]) <= {rule["alert"] for rule in rules}
        for name, alert in service["alerts"].items():
            own = [rule for rule in rules if rule["alert"] == name]
            assert set(alert["severities"]) <= {rule["labels"]["severity"] for rule in own}
            assert {alert["summary"]} == {rule["annotations"]["summary"] for rule in own}
    alerts = {alert for service in catalog["services"].values() for alert in service["alerts"]}
    assert {f"runbooks/{alert}.md" for alert in alerts} == {
        path for path in compiled.files if path.startswith("runbooks/")
    }


def test_metrics_are_those_of_the_model(compiled: CompilerOutput, catalog: dict[str, Any]) -> None:
    assert compiled.model is not None
    for service in compiled.model.services:
        listed = catalog["services"][service.name]["metrics"]
        assert all(metric["help"] == service.metrics[name].help for name, metric in listed.items())
        assert {name: tuple(metric["labels"]) for name, metric in listed.items()} == {
            metric.name: metric.labels for metric in service.metrics.values()
        }


def test_labels_have_the_bounds_and_the_meanings_of_the_specs(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    assert compiled.model is not None
    for service in compiled.model.services:
        listed = catalog["services"][service.name]["labels"]
        assert listed.keys() == service.labels.keys()
        for label in service.labels.values():
            bound = {"values": list(label.values)} if label.values else {"max_live": label.max_live}
            assert listed[label.name] == {"description": label.description, **bound}


def test_objectives_are_those_that_are_recorded_or_the_profile_s(
    compiled: CompilerOutput, catalog: dict[str, Any]
) -> None:
    for service in catalog["services"].values():
        recorded = {
            rule["labels"]["signal"]: rule["expr"]
            for rule in _rules(compiled, service["rules"])
            if rule["record"] == names.OBJECTIVE
        }
        listed = {
            name: f"vector({signal['objective']:g})"
            for name, signal in service["signals"].items()
            if "objective" in signal
        }
        assert recorded.items() <= listed.items()
        assert listed.keys() >= {"success_rate", "latency_p95"}


def _own(service: dict[str, Any]) -> set[str]:
    return {service[key] for key in ("rules", "alerting_rules") if key in service}


def _all_rules(
    compiled: CompilerOutput, catalog: dict[str, Any], service: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Read the rules about a service: its own, and those about all."""
    for path in (*_own(service), *catalog["rules"], *catalog["alerting_rules"]):
        yield from _rules(compiled, path)


def _is_a_value(record: str, service: dict[str, Any]) -> bool:
    """Whether a record is named as the value of a signal, in its unit."""
    if record.count(":") < 2:
        return False  # service:agent_info
    _, stem, operation = record.split(":")
    signal = service["signals"].get(stem.removeprefix("agent_"))
    return record not in _SHARED and signal is not None and operation == signal["unit"]


def _rules(compiled: CompilerOutput, path: str) -> Iterator[dict[str, Any]]:
    for group in yaml.load(compiled.files[path], yaml.CSafeLoader)["groups"]:
        yield from group["rules"]
