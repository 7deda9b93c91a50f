"""Diagnostics as JSON."""

from __future__ import annotations

import json

from generator.diagnostics import Span, error
from generator.diagnostics.formats import render_json
from tests.diagnostics.samples import DUPLICATE, EVERY, FILE, PLACELESS


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
