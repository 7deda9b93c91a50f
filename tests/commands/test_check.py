"""``check``: the same findings for people and for machines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from generator import __version__
from generator.diagnostics.pages import codes
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

FORMATS = ("text", "json", "sarif", "github")


@pytest.mark.parametrize("format_", FORMATS)
def test_specs_without_a_fault_pass(shipped: Path, call: CommandCalls, format_: str) -> None:
    assert shipped == ROOT
    answer = call("check", "--format", format_)
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_fault_is_told_in_every_format(faulty: Path, call: CommandCalls, format_: str) -> None:
    answer = call("check", "--format", format_)
    assert (answer.code, answer.err) == (1, "")
    assert "unit/mismatch" in answer.out
    assert "objectives" not in str(sorted(faulty.iterdir()))


def test_the_text_ends_with_the_checklist(shipped: Path, call: CommandCalls) -> None:
    assert shipped == ROOT
    lines = call("check").out.splitlines()
    assert lines[-2:] == ["research-agent  Progress: 9/9", "support-agent   Progress: 9/9"]


def test_the_text_of_a_fault_has_no_checklist(faulty: Path, call: CommandCalls) -> None:
    assert faulty.is_dir()
    out = call("check").out
    assert "Progress" not in out
    assert out.startswith("specs/services/demo-agent.yaml:6:33: error[unit/mismatch]: ")


def test_json_is_what_text_says(faulty: Path, call: CommandCalls) -> None:
    assert faulty.is_dir()
    report = json.loads(call("check", "--format", "json").out)
    assert report["version"] == 1
    assert report["summary"]["error"] == 1
    (error,) = (found for found in report["diagnostics"] if found["severity"] == "error")
    assert error.keys() == {"code", "severity", "message", "help", "span", "notes"}
    assert error["code"] == "unit/mismatch"
    span = error["span"]
    assert (span["file"], span["line"], span["column"]) == ("specs/services/demo-agent.yaml", 6, 33)
    assert f"{span['file']}:6:33: error[unit/mismatch]: {error['message']}" in call("check").out


@pytest.mark.parametrize("case", ["forbidden-label", "selector-overlap", "duplicate-key", "no-services"])
def test_sarif_has_what_its_standard_demands(
    case: str, call: CommandCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "tests/bad" / case)
    log = json.loads(call("check", "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "agent-metrics"
    assert run["tool"]["driver"]["version"] == __version__
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    assert run["results"]
    for result in run["results"]:
        _check_result(result, rules)


def _check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert result.keys() <= {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"}
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["ruleId"] in codes()
    assert result["level"] in {"none", "note", "warning", "error"}
    assert result["message"]["text"]
    for location in (*result.get("locations", ()), *result.get("relatedLocations", ())):
        if names := location.get("logicalLocations"):
            assert [name["fullyQualifiedName"].partition(":")[0] for name in names] == ["shipped"]
            continue
        artifact = location["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+|file:///.*", artifact["uri"])
        if region := location["physicalLocation"].get("region"):
            assert region.keys() == {"startLine", "startColumn", "endLine", "endColumn"}
            assert all(isinstance(number, int) and number >= 1 for number in region.values())
            starts = (region["startLine"], region["startColumn"])
            assert starts <= (region["endLine"], region["endColumn"])
    for related in result.get("relatedLocations", ()):
        assert related["message"]["text"]


def test_github_gets_a_command_a_line_with_its_own_characters_escaped(
    faulty: Path, call: CommandCalls
) -> None:
    service = faulty / "specs/services/demo-agent.yaml"
    service.rename(service.with_name("a,b:c%d.yaml"))
    lines = call("check", "--format", "github").out.splitlines()
    pattern = re.compile(r"::(error|warning|notice) ([^:\s][^:]*)::(.+)")
    commands = [pattern.fullmatch(line) for line in lines]
    assert all(commands)
    (error,) = (found for found in commands if found and found[1] == "error")
    properties = dict(item.split("=") for item in error[2].split(","))
    assert properties["file"] == "specs/services/a%2Cb%3Ac%25d.yaml"
    assert properties["title"] == "unit/mismatch"
    assert properties["line"] == properties["endLine"] == "6"
    assert "5%25, ü:" in error[3]
    assert "%0Ahelp: " in error[3]


def test_an_unknown_format_is_the_calls_fault(place: Path, call: CommandCalls) -> None:
    assert place.is_dir()
    answer = call("check", "--format", "xml")
    assert answer.code == 2
    assert "invalid choice: 'xml'" in answer.err


@pytest.mark.parametrize("budget", ["{}", "{metric: 100}"])
def test_every_place_that_machines_are_told_of_is_a_file(
    budget: str, call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call("init")
    (tmp_path / "specs/site.yaml").write_text(f"series_budget: {budget}\n", "utf-8")
    results = json.loads(call("check", "--format", "sarif").out)["runs"][0]["results"]
    places = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in results
        for place in (*result["locations"], *result.get("relatedLocations", ()))
        if "physicalLocation" in place
    ]
    assert len(places) >= len(results) > 0
    assert all((tmp_path / place).is_file() for place in places)
    lines = call("check", "--format", "github").out.splitlines()
    assert len(lines) == len(results)
    assert all("file=specs/services/my-agent.yaml," in line for line in lines)
