"""Expositions of real libraries: code that follows the spec has no findings, other code has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics

from generator.audit.checks import audit
from generator.audit.exposition import Fetched, exposed_source, parse_exposition
from tests.audit.exposing import combinations, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.model.service import Model, Service

    Written = Callable[[CollectorRegistry], bytes]

Format = pytest.mark.parametrize("written", [generate_latest, open_metrics], ids=["text", "openmetrics"])


def _found(text: bytes, service: Service, model: Model) -> dict[str, str]:
    exposition = parse_exposition(Fetched("exposition", text.decode()))
    findings = audit(exposed_source(exposition, service), service, model).findings
    return {finding.diagnostic.code: finding.diagnostic.message for finding in findings}


@Format
def test_prometheus_client_by_the_spec_is_clean(written: Written, support: Service, model: Model) -> None:
    assert _found(written(registry(support)), support, model) == {}


@Format
def test_prometheus_client_with_another_label_is_not(
    written: Written, support: Service, model: Model
) -> None:
    found = _found(written(registry(support, {"user_id": "u1"})), support, model)
    assert found == {
        "audit/extra-label": 'agent_llm_usage_unread_total has a label "user_id" (1 value) that its spec does not '
        "declare"
    }


@Format
def test_a_gauge_with_the_name_of_a_counter_is_reported(
    written: Written, support: Service, model: Model
) -> None:
    exposed = CollectorRegistry()
    Gauge("agent_run_total", "Runs.", registry=exposed).set(3)
    found = _found(written(exposed), support, model)
    assert found["audit/type"] == "agent_run_total is declared a counter and exposed as a gauge"


@Format
def test_what_a_process_exposes_of_itself_is_no_metric_of_the_service(
    written: Written, support: Service, model: Model
) -> None:
    assert list(_found(written(REGISTRY), support, model)) == ["audit/no-series"]


@pytest.fixture
def opentelemetry(support: Service) -> Iterator[MeterProvider]:
    """OpenTelemetry's SDK with its Prometheus exporter, which registers with prometheus_client's registry."""
    reader = PrometheusMetricReader(disable_target_info=False)
    views = [
        View(
            instrument_name=metric.name,
            aggregation=ExplicitBucketHistogramAggregation(boundaries=list(metric.buckets)),
        )
        for metric in support.metrics.values()
        if metric.is_histogram
    ]
    resource = Resource.create({"service.name": "support-agent"})
    provider = MeterProvider(metric_readers=[reader], views=views, resource=resource)
    yield provider
    provider.shutdown()


def _measure(provider: MeterProvider, service: Service, unit: str) -> None:
    meter = provider.get_meter("support-agent", "1.0")
    for metric in service.metrics.values():
        if metric.is_histogram:
            histogram = meter.create_histogram(metric.name, unit=unit, description=metric.help)
            for labels in combinations(metric, service):
                histogram.record(metric.buckets[1], labels)
        else:
            counter = meter.create_counter(metric.name, description=metric.help)
            for labels in combinations(metric, service):
                counter.add(1, labels)


@Format
def test_opentelemetry_by_the_spec_is_clean(
    written: Written, opentelemetry: MeterProvider, support: Service, model: Model
) -> None:
    _measure(opentelemetry, support, unit="")
    text = written(REGISTRY)
    # Otherwise the exporter would not have been scraped.
    assert b'otel_scope_name="support-agent"' in text
    assert _found(text, support, model) == {}


def test_opentelemetry_puts_the_unit_into_the_name(
    opentelemetry: MeterProvider, support: Service, model: Model
) -> None:
    _measure(opentelemetry, support, unit="ms")
    found = _found(generate_latest(REGISTRY), support, model)
    assert {"audit/missing-metric", "audit/undeclared-metric"} <= set(found)
    assert "milliseconds" in found["audit/undeclared-metric"]
