"""Expositions, right and wrong: the findings of each are as expected, and the suggested change resolves them.

A case may have specs of its own; the others use ``tests/audit/specs``.
"""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.cli import main
from tests.golden import cases, compare

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
CASES = HERE / "cases"
RIGHT = {"as-declared", "not-used-yet", "openmetrics", "labels-of-the-target", "federated"}
SUSPECT = {"values-in-seconds", "values-outside", "labels-summed-away", "labels-not-read", "scraped-twice"}


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run ``audit`` and return its exit code and its output; standard error must be empty."""
    capsys.readouterr()
    status = main(["audit", *arguments])
    told = capsys.readouterr()
    assert not told.err, told.err
    return status, told.out


def paste(fix: dict[str, str], directory: Path) -> None:
    """Write a suggested change into a file below ``directory``."""
    path = directory / fix["file"]
    before = yaml.safe_load(path.read_text("utf-8"))
    # JSON is YAML with quotes around every text.
    path.write_text(json.dumps(_merged(before, yaml.safe_load(fix["yaml"]))), "utf-8")


def _merged(before: object, change: object) -> Any:  # noqa: ANN401 - any YAML
    # A label bounded by a list may become one bounded by a number: only mappings are merged.
    if not isinstance(before, dict) or not isinstance(change, dict):
        return change
    return {**before, **{key: _merged(before.get(key), value) for key, value in change.items()}}


@pytest.fixture
def placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    """Write a case's specs and exposition into the current directory."""

    def place(case: Path) -> str:
        own = case / "specs"
        copytree(own if own.exists() else HERE / "specs", tmp_path / "specs")
        (tmp_path / "exposition.txt").write_bytes((case / "exposition.txt").read_bytes())
        monkeypatch.chdir(tmp_path)
        return "exposition.txt"

    return place


@pytest.mark.parametrize("case", cases(CASES), ids=lambda case: case.name)
def test_a_case_is_told_whole(
    case: Path, placed: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = report(capsys, "--exposition", placed(case))
    compare(case, {"expected.txt": told}, inputs=("exposition.txt", "specs/**"))
    assert status == (0 if case.name in RIGHT | SUSPECT else 1)


@pytest.mark.parametrize("case", cases(CASES), ids=lambda case: case.name)
def test_what_is_suggested_settles_what_is_found(
    case: Path, placed: Callable[[Path], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = placed(case)
    found = _findings(capsys, place)
    settled = [finding for finding in found if finding["fix"]]
    for finding in settled:
        paste(finding["fix"], tmp_path)
    left = _findings(capsys, place)
    assert not {_about(finding) for finding in settled} & {_about(finding) for finding in left}


def _findings(capsys: pytest.CaptureFixture[str], place: str) -> list[dict[str, Any]]:
    told = json.loads(report(capsys, "--exposition", place, "--format", "json")[1])
    return [finding for service in told["services"] for finding in service["findings"]]


def _about(finding: dict[str, Any]) -> tuple[str, str]:
    return finding["code"], finding["message"]


def test_most_cases_suggest_a_change(
    placed: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Otherwise the test above would prove nothing.
    place = placed(CASES / "undeclared-metric")
    assert sum(bool(finding["fix"]) for finding in _findings(capsys, place)) == 2


def test_a_report_for_programs_has_everything(
    placed: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = report(
        capsys,
        "--exposition",
        placed(CASES / "flood-of-values"),
        "--format",
        "json",
        "--service",
        "demo-agent",
    )
    found = json.loads(told)
    service = found["services"][0]
    calls = next(metric for metric in service["metrics"] if metric["name"] == "demo_tool_calls_total")
    assert status == 1
    assert found["summary"]["error"] == len(service["findings"])
    assert calls == {
        "name": "demo_tool_calls_total",
        "type": "counter",
        "series": 62,
        "bound": 6,
        "budget": 60,
        "exposed_types": ["counter"],
        "contributes_most": "tool",
        "labels": {"tool": {"values": 62, "series_lacking": 0, "series_saved": 61}},
    }
    # A flood of values is not a list to paste.
    assert all(finding["fix"] is None for finding in service["findings"])
