"""Diagnostics in each format for programs: JSON, workflow commands, SARIF."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.diagnostics import Span, error
from generator.diagnostics.formats import render_github, render_json, render_sarif
from generator.diagnostics.pages import code_page
from tests.diagnostics.samples import DUPLICATE, EVERY, FILE, INFO, PLACELESS, WARNING

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic


# JSON


def test_the_report_has_a_version_a_summary_and_the_diagnostics() -> None:
    report = json.loads(render_json(EVERY))
    assert report["version"] == 1
    assert report["summary"] == {"error": 3, "warning": 1, "info": 1}
    assert [found["code"] for found in report["diagnostics"]] == [found.code for found in EVERY]


def test_a_diagnostic_has_all_its_parts() -> None:
    found = json.loads(render_json([DUPLICATE]))["diagnostics"][0]
    assert found == {
        "code": "yaml/duplicate-key",
        "severity": "error",
        "message": 'key "owner" is written twice',
        "span": {"file": FILE, "line": 5, "column": 1, "end_line": 5, "end_column": 6},
        "help": "keep one of the two",
        "notes": [
            {
                "message": "it stands here first",
                "span": {"file": FILE, "line": 4, "column": 1, "end_line": 4, "end_column": 6},
            }
        ],
    }


def test_a_diagnostic_without_a_place_has_a_null_span() -> None:
    assert json.loads(render_json([PLACELESS]))["diagnostics"][0]["span"] is None


def test_the_report_is_ascii_whatever_the_spec_holds() -> None:
    text = render_json([error("a/b", "日本\x1b\udce9", Span("\udce9.yaml", 1, 1, 1, 2))])
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["diagnostics"][0]["message"] == "日本\x1b\udce9"


def test_no_diagnostics_make_an_empty_report() -> None:
    report = json.loads(render_json([]))
    assert report["summary"] == {"error": 0, "warning": 0, "info": 0}
    assert report["diagnostics"] == []


# Workflow commands of GitHub


def test_an_error_names_its_file_line_columns_and_code() -> None:
    assert render_github([DUPLICATE]) == (
        "::error file=specs/services/support-agent.yaml,line=5,endLine=5,col=1,endColumn=6,"
        'title=yaml/duplicate-key::key "owner" is written twice%0Ahelp: keep one of the two\n'
    )


def test_a_span_of_several_lines_has_no_columns() -> None:
    assert "line=2,endLine=3,title=" in render_github([WARNING])


def test_a_whole_file_has_no_line() -> None:
    assert render_github([INFO]).startswith("::notice file=specs/services/support-agent.yaml,title=")


def test_a_diagnostic_without_a_place_has_no_file() -> None:
    assert render_github([PLACELESS]) == "::error title=source/missing::no spec was given\n"


def test_each_diagnostic_is_one_line() -> None:
    assert render_github(EVERY).count("\n") == len(EVERY)
    assert render_github([]) == ""


@pytest.mark.parametrize(
    "hostile", ["\n::set-env name=x::y", "\r::stop", "100%0A::x", "\x1b[2J", "\u2028::x"]
)
def test_no_spec_can_write_a_command(hostile: str) -> None:
    text = render_github([error("a/b", hostile, Span(hostile, 1, 1, 1, 2), hostile)])
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "%0A" not in text.replace("%0Ahelp: ", "")


def test_properties_escape_what_separates_them() -> None:
    assert "file=a%3Ab%2Cc%25.yaml," in render_github([error("a/b", "m", Span("a:b,c%.yaml", 1, 1, 1, 2))])


# SARIF


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
    explained = code_page(DUPLICATE.code)
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
