"""The one metric that generated instrumentation adds to a service's own: the count of values outside their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model import names
from generator.model.alerts import Outside
from generator.model.metrics import Label, Metric, MetricType
from generator.model.streams import Source, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.service import Service

_HELP = "Label values outside the bounds of the spec, exposed as other."


def outside_label(metrics: Iterable[Metric | Stream]) -> Label:
    """Describe the counter's label, whose values are the names of the labels that ``metrics`` carry."""
    used = sorted({label for metric in metrics for label in metric.labels})
    return Label(
        name=names.OUTSIDE_LABEL,
        description="The label that the value was meant for.",
        values=tuple(used),
        max_live=len(used),
    )


def outside_values(metrics: Iterable[Metric]) -> tuple[Metric, Label]:
    """Describe the counter, and its label."""
    label = outside_label(metrics)
    metric = Metric(
        name=names.OUTSIDE,
        type=MetricType.COUNTER,
        help=_HELP,
        unit="",
        labels=(label.name,),
        sparse=True,
    )
    return metric, label


#: The stream that the counter feeds.
STREAM = Stream(
    name="label_value_outside",
    stem=names.OUTSIDE.removesuffix("_total"),
    type=MetricType.COUNTER,
    unit="",
    labels=(names.OUTSIDE_LABEL,),
    sparse=True,
    shared=True,
    help=_HELP,
    metric=names.OUTSIDE,
    sources=(Source(names=(names.OUTSIDE,), labels=((names.OUTSIDE_LABEL, names.OUTSIDE_LABEL),)),),
)


def with_outside_values(service: Service) -> Service:
    """Add that counter to the metrics of a service, for comparisons with the series that are really exposed."""
    metric, label = outside_values(service.metrics.values())
    return replace(
        service,
        metrics={**service.metrics, metric.name: metric},
        labels={**service.labels, label.name: label},
    )


def outside_alert(service: Service) -> Outside | None:
    """Find the alert kind that reads that counter; None where no alert does."""
    return next((alert.kind for alert in service.alerts if isinstance(alert.kind, Outside)), None)
