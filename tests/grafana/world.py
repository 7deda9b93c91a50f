"""Everything that dashboards may read: what the compiled rules record, and the alerts that they make fire."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from generator.checks.world import world
from generator.prometheus.compiled import compile_rules
from generator.model.rules import AlertingRule
from generator.promql.shape import Shape, constant, labelled, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.checks.world import World
    from generator.model.service import Model


def readable(model: Model) -> dict[str, Shape]:
    """Return the recorded series of all services by name, with their labels, and ALERTS."""
    worlds = [world(service, compile_rules(service, model.site)) for service in model.services]
    recorded = reduce(_both, (one.recorded for one in worlds))
    return {**recorded, "ALERTS": reduce(union, map(_alerts, worlds))}


def _both(one: Mapping[str, Shape], other: Mapping[str, Shape]) -> dict[str, Shape]:
    shared = {name: union(one[name], other[name]) for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def _alerts(found: World) -> Shape:
    """Prometheus's own series has every alert's labels, and two more."""
    alerts = [known.shape for known in found.rules if isinstance(known.rule, AlertingRule)]
    more = tuple((label, constant("")) for label in ("alertname", "alertstate"))
    return labelled(reduce(union, alerts), more)
