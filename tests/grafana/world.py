"""The readable series of dashboards: the records of the compiled rules, and the alerts that they fire."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from generator.checks.world import states_of
from generator.model import names
from generator.promql.shape import Shape, relabelled, union
from tests.grafana.documents import known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Model


def readable(model: Model) -> dict[str, Shape]:
    """Return the recorded series of all services by name, with their labels, and Prometheus's series of alerts."""
    worlds = [one.world for one in known(model)]
    recorded = reduce(_both, (one.recorded for one in worlds))
    alerts = reduce(union, (one.builtin[names.ALERTS] for one in worlds))
    return {name: _of_any(shape) for name, shape in {**recorded, **states_of(alerts)}.items()}


def _of_any(shape: Shape) -> Shape:
    """Allow any value of the labels that dashboards choose by."""
    chosen = ((name, (f"any {name}",)) for name in (names.SERVICE, names.SIGNAL) if name in shape.names)
    return relabelled(shape, tuple(chosen))


def _both(one: Mapping[str, Shape], other: Mapping[str, Shape]) -> dict[str, Shape]:
    shared = {name: union(one[name], other[name]) for name in one.keys() & other.keys()}
    return {**one, **other, **shared}
