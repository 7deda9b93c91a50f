"""Raw series: what the code of a service exposes, and what Prometheus itself adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.shape import Origin, Shape, constant, shape

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service

#: For each target, whatever it exposes.
_OF_TARGETS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
)
_TARGET_LABELS = ("job", "instance")
#: What Prometheus counts of its own rules, where it scrapes itself.
_OF_RULES = ("prometheus_rule_evaluation_failures_total", "prometheus_rule_group_iterations_missed_total")
_RULE_LABELS = ("job", "instance", "rule_group")
#: For each alert that is pending or fires, with the alert's own labels.
_OF_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
_ALERT_LABELS = ("alertname", "alertstate", "severity", "owner", "metric", names.SIGNAL, names.SERVICE)

#: Values that no rule may group by; nothing counts them.
_ANY = constant("")


def buckets(metric: Metric) -> str:
    """Name the set of a histogram's bucket bounds; a label cannot be called so."""
    return f"{names.LE}:{metric.name}"


def exposed(service: Service) -> dict[str, Shape]:
    """The series of each metric, one instance's as of all; ``_created`` is read by nothing."""
    found = {}
    selected = {label: constant(value) for label, value in service.selector.items()}
    for metric in service.metrics.values():
        labels = {**selected, **{label: (label,) for label in metric.labels}}
        if metric.is_histogram:
            found[metric.counted] = shape({**labels, names.LE: (buckets(metric),)}, exposed=True)
            found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = shape(labels, exposed=True)
        else:
            found[metric.counted] = shape(labels, exposed=True)
    return found


def made_by_prometheus(service: Service) -> dict[str, Shape]:
    """The series about targets and alerts."""
    target = shape(dict.fromkeys((*service.selector, *_TARGET_LABELS), _ANY), exposed=True)
    values: dict[str, Origin] = {label: (label,) for label in service.labels}
    alert = shape({**values, **dict.fromkeys(_ALERT_LABELS, _ANY)})
    rules = shape(dict.fromkeys(_RULE_LABELS, _ANY))
    return {
        **dict.fromkeys(_OF_TARGETS, target),
        **dict.fromkeys(_OF_RULES, rules),
        **dict.fromkeys(_OF_ALERTS, alert),
    }
