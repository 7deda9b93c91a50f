"""``cardinality/reserved-label``: a declared label that Prometheus or our own rules set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error
from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.service import Service

CODE = "cardinality/reserved-label"

#: Who sets them, so that a metric's own would be renamed or overwritten.
RESERVED = {
    **dict.fromkeys((names.LE, "quantile"), "Prometheus sets it on histograms and summaries"),
    **dict.fromkeys(("job", "instance"), "Prometheus sets it on every series of a target"),
    **dict.fromkeys(("alertname", "alertstate"), "Prometheus sets it on alerts"),
    **dict.fromkeys(("severity", "owner", "metric", "label"), "our alerts set it"),
    **dict.fromkeys((names.SERVICE, names.SIGNAL), "our rules set it"),
    **dict.fromkeys((names.WORST, names.OVER, names.UNIT), "our status board sets it"),
}
#: No rule can group by them, in any case: PromQL reads a number or another word.
WORDS = frozenset({"inf", "nan", "without", "anchored", "smoothed"})
_INTERNAL = "names that begin with __ are Prometheus's own"
#: What picks buckets or another metric, not a service.
_NO_SELECTOR = {names.LE, "quantile"}


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Refuse such a label in a profile, and in a selector what selects no service."""
    return tuple(found for each in facts.services for found in _of_service(each.service))


def reserved(name: str) -> str | None:
    """Say who sets the label; None when it is free."""
    if name.lower() in WORDS:
        return "PromQL has another meaning for it"
    return _INTERNAL if name.startswith("__") else RESERVED.get(name)


def _of_service(service: Service) -> Iterator[Diagnostic]:
    used = (*service.labels, *(label for metric in service.metrics.values() for label in metric.labels))
    for name in dict.fromkeys(used):
        if why := reserved(name):
            help_ = f'choose another name, such as "agent_{name.strip("_")}"'
            yield error(CODE, f'label "{name}" is reserved: {why}', service.where(f"labels.{name}"), help_)
    for name in service.selector:
        if name in _NO_SELECTOR or name.startswith("__"):
            message = f'the selector picks by "{name}", which tells no services apart'
            yield error(
                CODE, message, service.where(f"selector.{name}"), "pick by job, or by a label of your targets"
            )
