"""``openslo``: the objectives of a service that have a window, as documents of OpenSLO.

Bad and all events are read from the records from which burn rates are computed. An objective without a window promises
nothing over time and is no SLO; OpenSLO has no burn-rate alerts of two windows. Comments say so.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, Limit, RuleText, nothing
from generator.model import names
from generator.model.alerts import BurnRate
from generator.model.signals import Signal, is_good_share
from generator.model.units import DAY, HOUR, MINUTE
from generator.prometheus.block_yaml import Mapped, block_yaml
from generator.promql.expr import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import OpenSlo
    from generator.model.service import Objective, Service, Site

ROOT = "openslo"
LIMITS: tuple[Limit, ...] = ()
#: SLOs are about services.
of_dashboards = of_all = nothing
_API = "openslo/v1"
#: The longest name of a document, and the length of the hash that makes a shortened one unique.
_LONGEST, _HASH = 63, 8


def of_service(service: Service, rules: RuleText, options: OpenSlo, site: Site) -> Iterator[Artifact]:  # noqa: ARG001
    """Write a service and its SLOs."""
    burning = {alert.signal for alert in service.alerts if isinstance(alert.kind, BurnRate)}
    kept = [one for one in service.objectives.values() if one.window and one.signal in burning]
    others = [one.signal for one in service.objectives.values() if one not in kept]
    documents = [_service(service), *(_slo(one, service) for one in kept)]
    text = "---\n".join(block_yaml(each) for each in documents)
    yield Artifact(f"{ROOT}/{service.name}.yaml", GENERATED + _left_out(others) + text)


def _left_out(signals: Sequence[str]) -> str:
    if not signals:
        return ""
    return f"# Without an SLO, because they have no window or no burn-rate alert: {', '.join(signals)}.\n"


def _service(service: Service) -> Mapped:
    described = {"description": service.description} if service.description else {}
    return {
        "apiVersion": _API,
        "kind": "Service",
        "metadata": {"name": service.name, "labels": {"owner": service.owner}},
        "spec": described,
    }


def _slo(objective: Objective, service: Service) -> Mapped:
    signal = service.signals[objective.signal]
    name = _name(f"{service.name}-{signal.name.replace('_', '-')}")
    metric: Mapped = {
        "counter": False,
        "bad": _source(names.part(signal, "errors_rate"), service),
        "total": _source(names.events_rate(signal), service),
    }
    return {
        "apiVersion": _API,
        "kind": "SLO",
        "metadata": {"name": name, "displayName": f"{signal.title} of {service.name}"},
        "spec": {
            "description": signal.description,
            "service": service.name,
            "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": metric}},
            "timeWindow": [{"duration": shorthand(objective.window or 0), "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": signal.title, "target": _target(objective, signal)}],
        },
    }


def shorthand(seconds: int) -> str:
    """Write a duration in OpenSLO's form: one whole number with one unit, of minutes at least."""
    for unit, size in (("d", DAY), ("h", HOUR)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds // MINUTE}m"


def _target(objective: Objective, signal: Signal) -> float:
    """Compute the target share of good events, rounded against errors of floats."""
    is_good = is_good_share(signal)
    return round(objective.bound if is_good else 1 - objective.bound, 12)


def _source(record: str, service: Service) -> Mapped:
    query = f"{record}{{{names.SERVICE}={quote(service.name)}}}"
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _name(text: str) -> str:
    """Shorten a name that is too long for a document to a unique one."""
    if len(text) <= _LONGEST:
        return text
    end = sha256(text.encode()).hexdigest()[:_HASH]
    return f"{text[: _LONGEST - _HASH - 1].rstrip('-')}-{end}"
