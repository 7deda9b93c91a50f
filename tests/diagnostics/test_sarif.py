"""Diagnostics as SARIF."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.diagnostics import Span, error
from generator.diagnostics.formats import render_sarif
from generator.diagnostics.pages import page
from tests.diagnostics.samples import DUPLICATE, EVERY, FILE, INFO, PLACELESS

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic


def _run(*diagnostics: Diagnostic) -> dict[str, Any]:
    log = json.loads(render_sarif(diagnostics, version="0.1.0"))
    assert log["version"] == "2.1.0"
    run: dict[str, Any] = log["runs"][0]
    return run


def test_columns_count_characters() -> None:
    assert _run()["columnKind"] == "unicodeCodePoints"


def test_the_tool_says_which_it_is() -> None:
    driver = _run()["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("agent-metrics", "0.1.0")


def test_without_a_version_none_is_named() -> None:
    assert "version" not in json.loads(render_sarif([]))["runs"][0]["tool"]["driver"]


def test_each_code_is_a_rule_once_and_each_result_points_at_its_rule() -> None:
    run = _run(*EVERY, DUPLICATE)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({found.code for found in EVERY})
    assert [rules[found["ruleIndex"]]["id"] for found in run["results"]] == [
        found["ruleId"] for found in run["results"]
    ]


def test_a_rule_explains_its_code() -> None:
    explained = page(DUPLICATE.code)
    assert explained is not None
    rule = _run(DUPLICATE)["tool"]["driver"]["rules"][0]
    assert rule["shortDescription"] == {"text": explained.title}
    assert rule["fullDescription"] == {"text": explained.why}
    assert rule["help"] == {"text": explained.text, "markdown": explained.text}


def test_a_code_without_an_entry_is_a_rule_all_the_same() -> None:
    assert _run(error("later/code", "m", None))["tool"]["driver"]["rules"] == [{"id": "later/code"}]


def test_a_result_has_its_message_its_place_and_its_related_places() -> None:
    result = _run(DUPLICATE)["results"][0]
    assert result["level"] == "error"
    assert result["message"] == {"text": 'key "owner" is written twice\nhelp: keep one of the two'}
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": FILE, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 6},
    }
    related = result["relatedLocations"][0]
    assert related["message"] == {"text": "it stands here first"}
    assert related["physicalLocation"]["region"]["startLine"] == 4


def test_a_whole_file_has_no_region_and_no_place_no_location() -> None:
    whole, placeless = _run(INFO, PLACELESS)["results"]
    assert "region" not in whole["locations"][0]["physicalLocation"]
    assert "locations" not in placeless
    assert whole["level"] == "note"


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        ("a b:c.yaml", {"uri": "a%20b%3Ac.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/ü.yaml", {"uri": "file:///tmp/%C3%BC.yaml"}),  # noqa: S108 - no file is touched
        ("\udce9.yaml", {"uri": "%E9.yaml", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_a_file_is_a_uri(file: str, artifact: dict[str, str]) -> None:
    result = _run(error("a/b", "m", Span(file, 1, 1, 1, 2)))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("see [this](1)", r"see \[this\](1)"),
        (r"a\[b](https://x)", r"a\\\[b\](https://x)"),
        (r"matches [a-z]\d (1)", r"matches [a-z]\d (1)"),
    ],
)
def test_a_message_holds_no_link(message: str, text: str) -> None:
    found = error("a/b", message, None, message)
    assert _run(found)["results"][0]["message"] == {"text": f"{text}\nhelp: {text}"}
