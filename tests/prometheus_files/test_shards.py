"""Several servers: each has the shared rules and those of its own services, and is counted separately."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from generator.diagnostics import Severity
from tests.delivery.delivered import compiled, delivered

SHARDS = "shards: {eu: [support-agent], us: [research-agent]}\n"


def _rule_files(shard: str) -> set[str]:
    found = yaml.load(delivered(SHARDS)[f"prometheus/shards/{shard}.yml"], yaml.CSafeLoader)["rule_files"]
    assert len(found) == len(set(found))
    return {f"prometheus/{path}" for path in found}


def test_each_server_gets_the_shared_files_and_those_of_its_services() -> None:
    files = {path for path in delivered(SHARDS) if re.fullmatch(r"prometheus/(rules|alerts)/.*", path)}
    own = {path for path in files if not path.rpartition("/")[2].startswith("agent-")}
    eu, us = _rule_files("eu"), _rule_files("us")
    assert eu & us == files - own
    assert eu | us == files
    assert {path for path in own if "support-agent" in path} == eu - us


def test_the_report_counts_each_server_with_the_shared_rules() -> None:
    files = delivered(SHARDS)
    report = json.loads(files["reports/cardinality.json"])
    shared = report["shared"]["recorded"]["live"]
    for shard, name in (("eu", "support-agent"), ("us", "research-agent")):
        service = report["services"][name]
        assert (
            report["shards"][shard]["live"] == service["raw"]["live"] + service["recorded"]["live"] + shared
        )
        assert report["shards"][shard]["rules"] == service["rules"] + report["shared"]["rules"]
    assert "| eu | 1 |" in files["reports/cardinality.md"]


def test_without_shards_nothing_of_them_is_written() -> None:
    files = delivered("")
    assert not any("shard" in path for path in files)
    assert "shards" not in json.loads(files["reports/cardinality.json"])
    assert "Shard" not in files["reports/cardinality.md"]


@pytest.mark.parametrize(("shards", "faults"), [("", 1), (SHARDS, 0)])
def test_the_budget_of_all_series_is_that_of_one_server(shards: str, faults: int) -> None:
    report = json.loads(delivered(SHARDS)["reports/cardinality.json"])
    # A little more than the larger one has, and less than both.
    most = max(one["live"] for one in report["shards"].values()) + 1_000
    found = compiled(shards, total=most)
    assert [one.code for one in found.diagnostics if one.severity is Severity.ERROR] == (
        ["cardinality/series-budget"] * faults
    )
    below = compiled(SHARDS, total=most - 1_001)
    assert "the services of shard eu may have" in " ".join(one.message for one in below.diagnostics)
