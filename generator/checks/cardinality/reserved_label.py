"""``cardinality/reserved-label``: a declared label that Prometheus or our own rules set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error
from generator.model import names
from generator.resolve.label_names import RESERVED, reserved_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.service import Service

#: Labels that select buckets or another metric, not a service.
_NO_SELECTOR = {names.LE, "quantile"}


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Refuse such a label in a profile, and in a selector a label that selects no service."""
    return tuple(found for each in facts.services for found in _of_service(each.service))


def _of_service(service: Service) -> Iterator[Diagnostic]:
    used = (*service.labels, *(label for metric in service.metrics.values() for label in metric.labels))
    for name in dict.fromkeys(used):
        if found := reserved_label(name, service.where(f"labels.{name}")):
            yield found
    for name in service.selector:
        if name in _NO_SELECTOR or name.startswith("__"):
            message = f'the selector picks by "{name}", which tells no services apart'
            yield error(
                RESERVED,
                message,
                service.where(f"selector.{name}"),
                "pick by job, or by a label of your targets",
            )
