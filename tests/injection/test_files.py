"""YAML, JSON and Alertmanager's configuration, read again by others' readers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from generator.live.server import alertmanager_server, find_alertmanager
from generator.promql.syntax import references
from generator.spec.source import FORBIDDEN
from tests.injection.hostile import TEXTS, sentence
from tests.injection.specs import OWNER, SERVICE, alert, own, selector
from tests.programs import needed

if TYPE_CHECKING:
    from tests.injection.conftest import CompiledFiles

_RULES = f"prometheus/rules/{SERVICE}.rules.yml"
_ALERTS = f"prometheus/alerts/{SERVICE}.alerts.yml"


def test_no_file_holds_a_character_that_a_spec_may_not_hold(hostile: CompiledFiles) -> None:
    files = [path for path in hostile.output.rglob("*") if path.is_file()]
    assert len(files) > len(TEXTS)
    assert [path.name for path in files if FORBIDDEN.search(path.read_bytes().decode())] == []


def test_json_says_the_texts(hostile: CompiledFiles) -> None:
    for path in hostile.output.rglob("*.json"):
        assert orjson.loads(path.read_bytes()) == json.loads(path.read_text("utf-8"))
    catalog = orjson.loads(hostile.read("catalog.json"))
    text = json.dumps(catalog)
    for signal in hostile.service.signals.values():
        assert json.dumps(signal.title) in text
    assert {signal.title for signal in hostile.service.signals.values()} >= set(TEXTS)


def test_yaml_says_the_texts(hostile: CompiledFiles) -> None:
    rules = _rules(hostile, _ALERTS)
    said = {rule["alert"]: rule["annotations"]["summary"] for rule in rules}
    assert [said[alert(index)] for index in range(len(TEXTS))] == [sentence(text) for text in TEXTS]
    assert {rule["labels"]["owner"] for rule in rules} == {OWNER}
    assert _rules(hostile, f"prometheus/tests/{SERVICE}.test.yml", "tests")


def test_each_expression_selects_the_values_as_they_are(hostile: CompiledFiles) -> None:
    matched: dict[str, set[str]] = {}
    for rule in _rules(hostile, _RULES):
        for reference in references(rule["expr"]):
            for label, operator, value in reference.matchers:
                if operator == "=":
                    matched.setdefault(label, set()).add(value)
    assert matched["stop_reason"] >= set(TEXTS)
    assert {label: matched[label] for label in selector(TEXTS)} == {
        label: {text} for label, text in selector(TEXTS).items()
    }
    assert own(0) in {signal.name for signal in hostile.service.signals.values()}


def test_a_real_alertmanager_takes_the_configuration(hostile: CompiledFiles) -> None:
    needed(find_alertmanager)
    labels = {
        "alertname": "a",
        "service": SERVICE,
        "owner": OWNER,
        "severity": "critical",
        "signal": TEXTS[0],
    }
    with alertmanager_server(hostile.read("prometheus/alertmanager.yml")) as server:
        body = json.dumps([{"labels": labels}]).encode()
        headers = {"Content-Type": "application/json"}
        assert server.connection.send("POST", "/api/v2/alerts", body, headers).ok
        (found,) = json.loads(server.connection.send("GET", "/api/v2/alerts").body)
    assert [one["name"] for one in found["receivers"]] == [f"{OWNER}-page"]
    assert found["labels"] == labels


def _rules(hostile: CompiledFiles, path: str, inside: str = "groups") -> list[dict[str, Any]]:
    found = yaml.safe_load(hostile.read(path))[inside]
    return [rule for group in found for rule in group["rules"]] if inside == "groups" else found
