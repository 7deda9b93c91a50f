"""The exposition of a registry, and the series that the spec allows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from generator.checks.cardinality.bounds import metric_series
from generator.model.metrics import OTHER
from generator.model.outside import outside_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric as Family

    from generator.model.metrics import Metric
    from generator.model.service import Service, Site


def families(registry: CollectorRegistry) -> dict[str, Family]:
    """Everything exposed, by the name of its family; ``_created`` series have families of their own."""
    text = generate_latest(registry).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def declared(service: Service) -> dict[str, Metric]:
    """The metrics that may be exposed, by the name of their family."""
    metrics = (*service.metrics.values(), outside_values(service.metrics.values())[0])
    return {metric.name.removesuffix("_total"): metric for metric in metrics}


def misfits(found: Mapping[str, Family], service: Service) -> list[str]:
    """List the differences from the spec: names, types, help, labels, values, buckets."""
    wanted = declared(service)
    created = {f"{name}_created" for name in wanted}
    told = [f"{name} is not declared" for name in found.keys() - wanted.keys() - created]
    told += [
        f"{name} is not exposed"
        for name in wanted.keys() - found.keys()
        if not _has_no_value_yet(wanted[name], service)
    ]
    for name in found.keys() & wanted.keys():
        told += _of_family(found[name], wanted[name], service)
    return told


def _has_no_value_yet(metric: Metric, service: Service) -> bool:
    """Whether a gauge may have been set only for values that a closed label does not list, and so for nobody."""
    closed = (service.labels[name] for name in metric.labels if name in service.labels)
    return metric.is_gauge and any(label.values and OTHER not in label.values for label in closed)


def _of_family(family: Family, metric: Metric, service: Service) -> list[str]:
    told = []
    if family.type != str(metric.type) or family.documentation.strip() != metric.help.strip():
        told.append(f"{metric.name}: {family.type} {family.documentation!r}")
    outside = outside_values(service.metrics.values())[1]
    bounds: Mapping[str, tuple[str, ...]] = {
        **{name: label.values for name, label in service.labels.items()},
        outside.name: outside.values,
    }
    bounds_seen = []
    for sample in family.samples:
        labels = dict(sample.labels)
        if sample.name.endswith("_bucket"):
            bounds_seen.append(float(labels.pop("le")))
        if set(labels) != set(metric.labels):
            told.append(f"{sample.name} has labels {sorted(labels)}")
        told += [
            f"{name}={text}" for name, text in labels.items() if bounds[name] and text not in bounds[name]
        ]
    if family.samples and set(bounds_seen) != (
        {*metric.buckets, float("inf")} if metric.is_histogram else set()
    ):
        told.append(f"{metric.name} has buckets {sorted(set(bounds_seen))}")
    return told


def beyond(found: Mapping[str, Family], service: Service, site: Site) -> list[str]:
    """Name the metrics of which one process exposes more series than the cardinality report allows."""
    live = Counter(
        sample.name.removesuffix("_created")
        .removesuffix("_bucket")
        .removesuffix("_sum")
        .removesuffix("_count")
        for family in found.values()
        for sample in family.samples
    )
    told = []
    for metric in service.metrics.values():
        stem = metric.name.removesuffix("_total")
        count = live[metric.name] + (live[stem] if stem != metric.name else 0)
        bound = metric_series(metric, service, site).instance
        told += [f"{metric.name}: {count} > {bound}"] if count > bound else []
    return told
