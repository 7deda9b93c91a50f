"""What the README shows and counts is what the project's own specs and the committed report say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.reports.numbers import number

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
#: By what the README calls a figure: where it stands in a service's part of the report.
FIGURES = {
    "raw series at once": ("raw", "live"),
    "recorded series at once": ("recorded", "live"),
    "samples a second, scraped": ("scraped_samples_per_second",),
    "samples a second, recorded": ("recorded_samples_per_second",),
    "rules": ("rules",),
    "rule groups": ("rule_groups",),
    "rule evaluations a second": ("rule_evaluations_per_second",),
}


def test_what_a_fleet_costs_is_what_the_report_says() -> None:
    report = json.loads((ROOT / "output/reports/cardinality.json").read_text("utf-8"))
    support, thousand = report["services"]["support-agent"], report["thousand_services"]
    section = README.partition("## A fleet\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w.*?) \| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    assert rows == [
        (name, *(_figure(part, path) for part in (support, thousand))) for name, path in FIGURES.items()
    ]
    assert f"`support-agent`, {support['replicas']} instances | 1,000 like the two" in section
    assert len(report["services"]) == 2


@pytest.mark.parametrize("name", ["research-agent", "support-agent"])
def test_the_specs_shown_are_those_of_the_project(name: str) -> None:
    kept = (ROOT / f"specs/services/{name}.yaml").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (shown,) = (block for block in blocks if f"\nservice: {name}\n" in block)
    assert [re.sub(r" +# .*", "", line) for line in shown.splitlines()] == kept.splitlines()


def _figure(part: dict[str, Any], path: tuple[str, ...]) -> str:
    found: Any = part
    for key in path:
        found = found[key]
    return number(found)
