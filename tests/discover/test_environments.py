"""A label with a few well-known values becomes environments; any other is ignored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec.structs import replace

from generator.discover.places import environments
from generator.live.remote_write import write
from tests.discover.test_history import history

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.server import PrometheusServer
    from tests.commands.calls import CommandCalls


@pytest.mark.parametrize(
    ("label", "values", "found"),
    [
        ("env", ["staging", "prod"], [("prod", "prod"), ("staging", "staging")]),
        ("deployment_environment", ["Production", "qa"], [("production", "Production"), ("qa", "qa")]),
        ("env", ["dev", "test"], [("dev", "dev"), ("test", "test")]),
        ("env", ["prod"], None),
        ("env", ["prod", "blue"], None),
        ("env", ["prod", ""], None),
        ("env", ["prod", "Prod"], None),
        ("colour", ["prod", "staging"], None),
    ],
)
def test_only_well_known_words_are_environments(
    label: str, values: list[str], found: list[tuple[str, str]] | None
) -> None:
    seen = environments([{"__name__": "runs_total", label: value} for value in values])
    assert (seen and (seen.label, list(seen.values))) == (found and (label, found))


def test_the_first_name_of_such_a_label_counts_and_others_than_production_page_nobody() -> None:
    both = [{"environment": where, "env": "eu"} for where in ("prod", "staging")]
    seen = environments(both)
    assert seen is not None
    assert (seen.label, seen.paged) == ("environment", frozenset({"prod"}))
    # If no value is known as production, no severity is lowered.
    lower = environments([{"env": "dev"}, {"env": "test"}])
    assert lower is not None
    assert lower.paged == {"dev", "test"}


@pytest.mark.long
@pytest.mark.prometheus
def test_a_job_in_two_environments_is_a_service_in_each_and_both_are_tried(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    end = int(time.time())
    for where in ("production", "staging"):
        series = (replace(one, labels={**one.labels, "env": where}) for one in history(end, 30))
        write(fresh_prometheus.api, series)
    specs = tmp_path / "specs"
    answer = call("init", str(specs), "--from-prometheus", fresh_prometheus.api.url, "--last", "1d")
    assert answer.code == 0, answer.err
    written = yaml.safe_load((specs / "services" / "graph.yaml").read_text("utf-8"))
    assert written["selector"] == {"job": "graph"}
    assert written["environments"] == {
        "production": {"selector": {"env": "production"}},
        "staging": {"selector": {"env": "staging"}, "severity_at_most": "warning"},
    }
    assert written["objectives"] == {"success_rate": {"min": "92%", "window": "30d"}}
    said = {line.partition(":")[0]: line for line in answer.out.splitlines() if " panels have data; " in line}
    assert set(said) == {"graph-production", "graph-staging"}
    # Both had the same incident: one pages, and the other opens tickets only.
    assert "would have paged nobody" not in said["graph-production"]
    assert "would have paged nobody and opened" in said["graph-staging"]
    assert call("check", str(specs)).code == 0
