"""README and guide match the project's own specs, the committed reports and the catalogue."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.model.units import human_number

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "output"
README = (ROOT / "README.md").read_text("utf-8")
GUIDE = (ROOT / ".github/GUIDE.md").read_text("utf-8")
CHANGES = (ROOT / ".github/CHANGELOG.md").read_text("utf-8")
CATALOG = json.loads((OUTPUT / "catalog.json").read_text("utf-8"))
REPORT = json.loads((OUTPUT / "reports/cardinality.json").read_text("utf-8"))

#: A new reader reads the README once; the guide has the details.
LONGEST = 180

#: For each figure of the guide: its place in a part of the report.
FIGURES = {
    "raw series at once": ("raw", "live"),
    "recorded series at once": ("recorded", "live"),
    "samples a second, scraped": ("scraped_samples_per_second",),
    "samples a second, recorded": ("recorded_samples_per_second",),
    "rules": ("rules",),
    "rule groups": ("rule_groups",),
    "rule evaluations a second": ("rule_evaluations_per_second",),
}


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_readme_counts_what_a_small_spec_gets() -> None:
    service = CATALOG["services"]["research-agent"]
    assert f"{len(service['signals'])} signals and {len(service['alerts'])} alerts" in README
    assert f"{_rules('research-agent')} rules for the spec above" in README


def test_the_guide_counts_the_rules_of_each_file() -> None:
    rows = _rows("Computed once for all services")
    parts = {
        "`research-agent.rules.yml`": REPORT["services"]["research-agent"],
        "`support-agent.rules.yml`": REPORT["services"]["support-agent"],
        "all shared files together": REPORT["shared"],
    }
    assert rows[1:] == [
        (name, human_number(part["rules"]), human_number(part["rule_groups"])) for name, part in parts.items()
    ]


def test_the_costs_of_a_fleet_in_the_readme_are_those_of_the_report() -> None:
    support = REPORT["services"]["support-agent"]
    parts = (support, REPORT["shared"], REPORT["thousand_services"])
    head, *rows = _rows("A fleet")
    assert head == (
        "",
        f"`support-agent`, {support['replicas']} instances",
        "shared, once",
        "1,000 like the two of `specs/`",
    )
    assert rows == [(name, *(_figure(part, path) for part in parts)) for name, path in FIGURES.items()]
    assert len(REPORT["services"]) == 2


def test_the_guide_lists_every_signal_and_alert() -> None:
    library = yaml.safe_load((ROOT / "specs/signals.yaml").read_text("utf-8"))
    signals = [name for row in _rows("Signals")[1:] for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(signals) == sorted(library["signals"])
    assert sorted(row[0] for row in _rows("Alerts")[1:]) == sorted(library["alerts"])


def test_the_guide_lists_every_profile_for_other_sdks() -> None:
    kept = {path.stem for path in (ROOT / "specs/profiles").glob("*.yaml")} - {"agent"}
    sentence = _section("Use metrics that you have: other SDKs").partition("ship: ")[2].partition(".\n")[0]
    assert set(re.findall(r"`([\w-]+)`", sentence)) == kept
    assert len(kept) == 13  # "Thirteen", in README and guide


def test_the_guide_lists_every_adapter_and_target() -> None:
    schemas = ROOT / "generator/spec/schemas"
    service = json.loads((schemas / "service.schema.json").read_text("utf-8"))
    site = json.loads((schemas / "site.schema.json").read_text("utf-8"))
    adapters = [re.findall(r"`(\w+)`", row[0])[0] for row in _rows("Adapters for frameworks")[1:]]
    assert adapters == service["properties"]["adapters"]["items"]["enum"]
    targets = [row[0].strip("`") for row in _rows("Kubernetes, Helm, Terraform")[1:]]
    assert set(targets) == set(site["properties"]["deliver"]["properties"])


def test_recorded_series_that_a_page_names_exist() -> None:
    named = _series(f"{README}{GUIDE}")
    assert len(named) > 5
    assert named - _recorded() == set()


def test_the_changelog_lists_renamed_series() -> None:
    pairs = re.findall(r"^ +\| (`.+?) \| (.+?) \|$", CHANGES, re.MULTILINE)
    old, new = (_series(" ".join(column)) for column in zip(*pairs, strict=True))
    assert len(pairs) > 5
    assert old & _recorded() == set()
    assert new - _recorded() == set()


@pytest.mark.parametrize("name", ["research-agent", "support-agent"])
def test_the_specs_shown_are_those_of_the_project(name: str) -> None:
    kept = (ROOT / f"specs/services/{name}.yaml").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", f"{README}\n{GUIDE}", re.MULTILINE | re.DOTALL)
    (shown,) = (block for block in blocks if f"\nservice: {name}\n" in block)
    assert [re.sub(r" +# .*", "", line) for line in shown.splitlines()] == kept.splitlines()


def _recorded() -> set[str]:
    """List the names of all recorded series."""
    paths = sorted((OUTPUT / "prometheus").glob("*s/*.yml"))
    rules = "".join(path.read_text("utf-8") for path in paths)
    return set(re.findall(r"record: (\S+)", rules))


def _series(text: str) -> set[str]:
    """List the recorded series that a text names."""
    return set(re.findall(r"\b[a-z_]+:agent_\w+(?::\w+)?", text))


def _section(heading: str) -> str:
    """Find the text of the guide below a heading, up to the next one."""
    text = re.split(rf"^#+ {re.escape(heading)}\n", GUIDE, flags=re.MULTILINE)[1]
    return re.split(r"^##+ ", text, maxsplit=1, flags=re.MULTILINE)[0]


def _rows(heading: str) -> list[tuple[str, ...]]:
    """List the cells of the table below a heading of the guide, its head first."""
    lines = [line for line in _section(heading).splitlines() if line.startswith("|")]
    cells = [
        tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        for line in lines
        if not line.startswith("|---")
    ]
    assert len(cells) > 2
    return cells


def _rules(service: str) -> int:
    document = yaml.safe_load((OUTPUT / CATALOG["services"][service]["rules"]).read_text("utf-8"))
    return sum(len(group["rules"]) for group in document["groups"])


def _figure(part: dict[str, Any], path: tuple[str, ...]) -> str:
    """Write a figure of the report; shared rules have no raw series."""
    found: Any = part
    for key in path:
        found = found.get(key, {})
    return human_number(found or 0)
