"""Counting series one by one, by the policy rather than by the product's multiplication.

A history is the times of a label whose values replace each other: at each step the values that are alive. Everything is
enumerated, so the numbers must be small.
"""

from __future__ import annotations

import itertools
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

from generator.model.units import WEEK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.model.metrics import Label, Metric
    from generator.model.service import Service, Site

Combination = tuple[tuple[str, str], ...]
Series = tuple[str, str, Combination]


def combinations(
    labels: Sequence[Label], alive: Mapping[str, Sequence[str]] | None = None
) -> set[Combination]:
    """Enumerate every combination of values that keeps the determined labels."""
    pools = [(alive or {}).get(label.name) or at_first(label) for label in labels]
    every = (dict(zip((label.name for label in labels), picked, strict=True)) for picked in product(*pools))
    return {tuple(sorted(each.items())) for each in every if _holds(labels, each)}


def at_first(label: Label) -> list[str]:
    """The values of a label at the beginning: the listed ones, or as many as may live."""
    return list(label.values) or [f"{label.name}-{number}" for number in range(label.max_live)]


def live(metric: Metric, service: Service, site: Site) -> int:
    """Count the series of a metric at once; an instance that restarts has those of any two of the live releases."""
    labels = [service.labels[name] for name in metric.labels]
    release = next((label for label in labels if label.name == "release"), None)
    pairs = (
        [list(pair) for pair in itertools.combinations_with_replacement(at_first(release), 2)]
        if release
        else [[]]
    )
    of_one = max(
        len(set(_exposed(metric, combinations(labels, {"release": pair} if pair else {}), ["0"], site)))
        for pair in pairs
    )
    return of_one * service.replicas


def retained(metric: Metric, service: Service, site: Site) -> int:
    """Count the series of a metric over the retention; each release runs on instances of its own."""
    labels = [service.labels[name] for name in metric.labels]
    seen: set[Series] = set()
    for alive in _history(service, site):
        release = service.labels.get("release")
        for value in alive["release"] if release and release.new_per_week else [""]:
            mine = {**alive, "release": [value]} if value else alive
            instances = [f"{value}-{number}" for number in range(service.replicas)]
            seen.update(_exposed(metric, combinations(labels, mine), instances, site))
    return len(seen)


def _history(service: Service, site: Site) -> Iterator[dict[str, list[str]]]:
    """Replace the oldest value of each label at its rate, each label independently of the others."""
    eras = {name: list(_eras(label, site)) for name, label in service.labels.items()}
    for picked in product(*eras.values()):
        yield dict(zip(eras, picked, strict=True))


def _eras(label: Label, site: Site) -> Iterator[list[str]]:
    alive = at_first(label)
    yield alive
    for number in range(ceil(label.new_per_week * site.retention / WEEK)):
        alive = [*alive[1:], f"{label.name}-new-{number}"]
        yield alive


def _exposed(
    metric: Metric, combined: set[Combination], instances: Sequence[str], site: Site
) -> Iterator[Series]:
    for combination, instance in product(combined, instances):
        for name in _names(metric, site):
            yield name, instance, combination


def _names(metric: Metric, site: Site) -> list[str]:
    """Everything that a client library exposes for one combination."""
    created = [f"{metric.name.removesuffix('_total')}_created"] if site.created_series else []
    if not metric.is_histogram:
        return [metric.name, *created]
    buckets = [f'{metric.name}_bucket{{le="{bound}"}}' for bound in (*metric.buckets, "+Inf")]
    return [*buckets, f"{metric.name}_sum", f"{metric.name}_count", *created]


def _holds(labels: Sequence[Label], each: dict[str, str]) -> bool:
    return all(
        each[label.determines] == label.determined[each[label.name]]
        for label in labels
        if label.determines in each and each[label.name] in label.determined
    )
