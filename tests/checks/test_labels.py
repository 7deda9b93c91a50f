"""Refused labels, at every place where a spec can make one: declared, on a metric, in a breakdown, in a selector."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.artifact import Artifact
from generator.checks.cardinality import labels
from generator.checks.cardinality.labels import forbidden
from generator.compiler import generate
from generator.notation.names import set_elsewhere
from generator.spec.sources import read_sources
from tests.checks.models import SITE, counter, known, small
from tests.resolve.build import LABELS, METRICS, profile, service

RUNS = "{{type: counter, help: Runs., labels: [status, reason, release, {}]}}"


def _with_label(name: str, bound: str) -> str:
    return profile(labels={**LABELS, name: bound}, metrics={**METRICS, "runs_total": RUNS.format(name)})


@pytest.mark.parametrize("name", ["run_id", "runId", "requestId", "user_id", "x_prompt", "args"])
def test_a_bound_does_not_make_an_id_a_label(name: str, tmp_path: Path) -> None:
    found = small(tmp_path, profile=_with_label(name, "{max_live: 10}"))
    (told,) = labels.check_forbidden(known(SITE, found))
    assert told.message == f'label "{name}" {forbidden(found)[name]}'
    assert told.span == found.where(f"labels.{name}")
    assert told.help == "segment by release, model or tool; put ids and texts in logs, traces or exemplars"


def test_a_label_of_a_service_is_told_at_the_service_with_a_note_on_the_metric(tmp_path: Path) -> None:
    bound = service(labels="{tool: [search], model: [m1], run_id: [a]}")
    found = small(tmp_path, bound, profile=_with_label("run_id", "{}"))
    (told,) = labels.check_forbidden(known(SITE, found))
    assert told.span
    assert told.span.file.endswith("s0.yaml")
    (note,) = told.notes
    assert (note.message, note.span.file[-9:]) == ("runs_total has it", "tiny.yaml")


def test_a_label_that_only_a_metric_names_is_found(tmp_path: Path) -> None:
    found = small(tmp_path)
    undeclared = replace(found, metrics={**found.metrics, "x_total": counter("userId", name="x_total")})
    assert list(forbidden(undeclared)) == ["userId"]


@pytest.mark.parametrize(("name", "refused"), [("run_id", True), ("user_id", True), ("project_id", False)])
def test_a_selector_may_pick_a_project_but_no_single_run(name: str, refused: bool, tmp_path: Path) -> None:  # noqa: FBT001
    found = small(tmp_path, service(selector=f"{{job: a, {name}: b}}"))
    told = list(labels.check_forbidden(known(SITE, found)))
    assert bool(told) is refused
    assert [each.span for each in told] == [found.where(f"selector.{name}")] * refused


@pytest.mark.parametrize(
    "name",
    [
        *("le", "quantile", "job", "instance", "severity", "owner", "service", "signal", "worst", "unit"),
        *("environment", "datasource"),
    ],
)
def test_a_label_that_is_set_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    found = small(tmp_path, profile=_with_label(name, "{max_live: 2}"))
    (told,) = labels.check_reserved(known(SITE, found))
    assert told.message.startswith(f'label "{name}" is reserved: ')
    assert told.help == f'choose another name, such as "agent_{name}"'
    assert told.span == found.where(f"labels.{name}")


def test_every_variable_of_the_dashboards_is_a_label_of_streams_or_reserved() -> None:
    """A segment of that name would be a second variable; the fleet's dashboard has none of segments."""
    found = generate(read_sources(Path(__file__).parents[2] / "specs/examples/coding-agent")).files
    files = {one.path: one.text for one in found if isinstance(one, Artifact)}
    boards = [json.loads(text) for path, text in files.items() if path.startswith("grafana/dashboards/")]
    variables = {each["name"] for board in boards for each in board["templating"]["list"]}
    assert {"datasource", "environment", "tool", "tenant_tier"} <= variables
    free = {name for name in variables if not set_elsewhere(name)}
    assert free == {"name", "model", "release", "stop_reason", "tool", "tenant_tier"}


def test_what_picks_buckets_or_is_internal_selects_no_service(tmp_path: Path) -> None:
    found = replace(small(tmp_path), selector={"job": "a", "le": "1", "__name__": "x", "instance": "i"})
    told = labels.check_reserved(known(SITE, found))
    assert [each.message.split('"')[1] for each in told] == ["le", "__name__"]


def test_labels_of_prometheus_itself_are_reserved() -> None:
    assert set_elsewhere("__address__") == "names that begin with __ are Prometheus's own"
    assert set_elsewhere("tool") is None


def test_ordinary_labels_are_no_finding(tmp_path: Path) -> None:
    facts = known(SITE, small(tmp_path))
    assert [*labels.check_forbidden(facts), *labels.check_reserved(facts)] == []
