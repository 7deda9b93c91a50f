"""Exact bounds: a service whose labels have all their values exposes exactly its bound."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from generator.audit.checks import audit
from generator.audit.exposition import Fetched, exposed_source, parse_exposition
from generator.compiler import check
from generator.model.outside import with_outside_values
from generator.spec.sources import read_sources
from tests.models import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.audit.checks import Audit
    from generator.compiler import Compilation
    from generator.model.metrics import Metric
    from generator.model.service import Service

CODER = """\
service: coder
profile: agent
owner: team
selector: {job: coder}
replicas: 5
labels:
  model: [gpt-4o, gpt-4o-mini]
  tool: [read, write, run, search, test, lint, diff, commit, ask]
budget: {per_day: $100}
"""


def _compiled(text: str, directory: Path) -> Compilation:
    return check(read_sources(written(directory, {"services/coder.yaml": text})))


def _combinations(metric: Metric, service: Service, releases: list[str]) -> Iterator[dict[str, str]]:
    """Enumerate the allowed combinations; ``per`` is kept by taking only the first values of a label."""
    pools = []
    for name in metric.labels:
        label = service.labels[name]
        few = [most for other, most in label.per if other in metric.labels]
        pools.append(releases if name == "release" else list(label.values)[: min(few, default=None)])
    for picked in product(*pools):
        said = dict(zip(metric.labels, picked, strict=True))
        follows = ((service.labels[name], value) for name, value in said.items())
        if all(
            said.get(label.determines or "", label.determined.get(value)) == label.determined.get(value)
            for label, value in follows
            if value in label.determined
        ):
            yield said


def _exposition(service: Service, releases: list[str]) -> str:
    found, declared = CollectorRegistry(), with_outside_values(service)
    for metric in declared.metrics.values():
        every = _combinations(metric, declared, releases)
        if metric.is_histogram:
            histogram = Histogram(
                metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=found
            )
            for said in every:
                histogram.labels(**said).observe(metric.buckets[0])
        else:
            counter = Counter(metric.name, metric.help, metric.labels, registry=found)
            for said in every:
                counter.labels(**said).inc()
    return generate_latest(found).decode()


def _audited(text: str, directory: Path, releases: list[str]) -> Audit:
    model = _compiled(text, directory).model
    assert model is not None
    (service,) = model.services
    exposed = parse_exposition(Fetched("metrics", _exposition(service, releases)))
    return audit(exposed_source(exposed, service), service, model)


def _shares(found: Audit) -> dict[str, float]:
    return {name: one.series / found.seen.allowed(one) for name, one in found.seen.metrics.items()}


def test_five_instances_of_an_agent_with_nine_tools_are_within_every_budget(tmp_path: Path) -> None:
    found = _compiled(CODER, tmp_path)
    assert [one.code for one in found.diagnostics if one.severity != "info"] == []


def test_an_instance_at_its_full_bound_stands_at_all_of_it(tmp_path: Path) -> None:
    assert set(_shares(_audited(CODER, tmp_path, ["r1"])).values()) == {1.0}


def test_so_it_does_while_it_restarts_with_another_release(tmp_path: Path) -> None:
    shares = _shares(_audited(CODER, tmp_path, ["r1", "r2"]))
    assert {share for name, share in shares.items() if name != "agent_label_value_outside_total"} == {1.0}


def test_so_it_does_where_labels_are_counted_for_each_other(tmp_path: Path) -> None:
    few = CODER.replace("labels:\n", "labels:\n  error_class: {per: {tool: 3, model: 4}}\n")
    assert set(_shares(_audited(few, tmp_path, ["r1"])).values()) == {1.0}


def test_more_values_beside_another_than_declared_are_reported(tmp_path: Path) -> None:
    few = CODER.replace("labels:\n", "labels:\n  error_class: {per: {tool: 3}}\n")
    model = _compiled(few, tmp_path).model
    assert model is not None
    (service,) = model.services
    lines = "".join(
        f'agent_tool_error_total{{tool="read",error_class="{kind}",release="r1"}} 1\n'
        for kind in ("timeout", "auth", "rate_limit", "not_found")
    )
    exposed = parse_exposition(Fetched("metrics", f"# TYPE agent_tool_error_total counter\n{lines}"))
    found = audit(exposed_source(exposed, service), service, model)
    (told,) = (one.diagnostic for one in found.findings if one.diagnostic.code == "audit/too-many-values")
    assert told.message == (
        'label "error_class" of agent_tool_error_total has 4 values for tool="read", and its spec allows 3 per tool'
    )
