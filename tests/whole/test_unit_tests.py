"""The unit tests of rules for users load all rules that they need."""

from __future__ import annotations

import re

import yaml

from generator.promql.syntax import references
from tests.whole.compiled import compile_specs
from tests.whole.shipped import shipped


def test_the_tests_of_own_alerts_load_every_record_that_the_rules_read() -> None:
    """A service's own regression reads the order of releases, which shared rules record."""
    specs = shipped()
    own = specs["services/support-agent.yaml"]
    ratio = {"of": "tool_call", "per": "run"}
    own["signals"] = {
        "calls": {"title": "Calls", "description": "For each run.", "ratio": ratio, "by": ["release"]}
    }
    own["alerts"] = {
        "CallsWorse": {
            "regression": {"signal": "calls"},
            "warning": "30%",
            "summary": "More calls.",
            "min_events": 50,
        }
    }
    files = compile_specs(specs).files
    tests = yaml.safe_load(files["prometheus/tests/support-agent.test.yml"])
    paths = [path.replace("../", "prometheus/") for path in tests["rule_files"]]
    recorded = {name: path for path in _rules(files) for name in re.findall(r"record: (\S+)", files[path])}
    loaded = {rule.get("record") for path in paths for rule in _of(files[path])}
    exprs = [rule["expr"] for path in paths if "support-agent" in path for rule in _of(files[path])]
    read = {one.name for expr in exprs for one in references(expr)} & recorded.keys()
    assert "release:agent_newest:seconds" in read
    assert read <= loaded


def _rules(files: dict[str, str]) -> list[str]:
    return [path for path in files if path.startswith("prometheus/rules/agent-")]


def _of(text: str) -> list[dict[str, str]]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
