"""Raw series: those that the code of a service exposes, and those that Prometheus itself adds."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from generator.checks.service_data import buckets
from generator.model import names
from generator.model.rules import AlertingRule, Rule
from generator.promql.shape import NOTHING, Origin, Shape, constant, grouped, labelled, shape, union

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.checks.world import KnownRule
    from generator.model.metrics import Metric
    from generator.model.service import Service

#: For each target, independent of its metrics.
_OF_TARGETS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
)
#: Of each target of OpenTelemetry, the attributes of its resource.
TARGET_INFO = "target_info"
_TARGET_LABELS = ("job", "instance")
#: Prometheus's own counts of its rules, where it scrapes itself.
_OF_RULES = ("prometheus_rule_evaluation_failures_total", "prometheus_rule_group_iterations_missed_total")
_RULE_LABELS = ("job", "instance", "rule_group")

_STATES = (*constant("firing"), *constant("pending"))
#: Values that no rule may group by; they are not counted.
_ANY = constant("")


def exposed(service: Service) -> dict[str, Shape]:
    """The series of each metric, those of one instance representing all; no rule reads ``_created``."""
    found = {}
    selected = {label: constant(value) for label, value in service.selector.items()}
    if any(label.joined for label in service.labels.values()):
        selected = {**dict.fromkeys(_TARGET_LABELS, _ANY), **selected}
    native = {
        name
        for stream in service.streams.values()
        for source in stream.sources
        if source.native
        for name in (*source.names, *source.minus)
    }
    for metric in service.metrics.values():
        # An exposed value represents one of the label's own, whatever its name is at the source.
        said = {metric.exposed.get(label, label): (label,) for label in metric.labels}
        labels = {**selected, **_asked_for(metric, service), **said}
        if metric.name in native:
            found[metric.name] = shape(labels, exposed=True)
        if metric.is_histogram and not metric.native:
            found[metric.counted] = shape({**labels, names.LE: (buckets(metric.name),)}, exposed=True)
            found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = shape(labels, exposed=True)
        elif not metric.is_histogram:
            found[metric.counted] = shape(labels, exposed=True)
    return found


def _asked_for(metric: Metric, service: Service) -> dict[str, Origin]:
    """Find the labels by which a stream reads only a part of a foreign metric."""
    sources = (source for stream in service.streams.values() for source in stream.sources)
    return {label: _ANY for source in sources if metric.name in source.names for label, _ in source.where}


def made_by_prometheus(service: Service) -> dict[str, Shape]:
    """The series about a service's targets."""
    target = shape(dict.fromkeys((*service.selector, *_TARGET_LABELS), _ANY), exposed=True)
    joined: dict[str, Origin] = {
        label.joined: (name,) for name, label in service.labels.items() if label.joined
    }
    info = shape({**dict.fromkeys((*service.selector, *_TARGET_LABELS), _ANY), **joined}, exposed=True)
    return {**dict.fromkeys(_OF_TARGETS, target), TARGET_INFO: info}


def of_prometheus() -> dict[str, Shape]:
    """The series about Prometheus's own rules."""
    return dict.fromkeys(_OF_RULES, shape(dict.fromkeys(_RULE_LABELS, _ANY)))


def alert_series(rules: Iterable[KnownRule]) -> Shape:
    """The series of alerts that are pending or fire: with the labels of each, its name and its state."""
    return reduce(union, (_alert(known.rule, known.shape) for known in rules), NOTHING)


def states_of(alerts: Shape) -> dict[str, Shape]:
    """The series that Prometheus keeps of alerts: their states, and the time since each is true, without a state."""
    return {names.ALERTS: alerts, names.ALERTS_FOR_STATE: grouped(alerts, alerts.names - {"alertstate"})}


def _alert(rule: Rule, inner: Shape) -> Shape:
    name = rule.alert if isinstance(rule, AlertingRule) else ""
    return labelled(inner, (("alertname", constant(name)), ("alertstate", _STATES)))
