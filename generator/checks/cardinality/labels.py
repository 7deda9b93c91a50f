"""``cardinality/forbidden-label`` and ``cardinality/reserved-label``: unbounded labels, and labels set elsewhere.

``service/selector-label`` is about selectors that pick by the labels that a service counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, error
from generator.model import names
from generator.model.identifiers import SINGLE, unbounded
from generator.notation.names import FORBIDDEN, HELP, RESERVED, forbidden_label, reserved_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import ServiceFacts
    from generator.model.service import Service

#: A selector may use a project_id, of which a target has one; but no service is selected by one of these.
_OF_RUNS_AND_PEOPLE = {
    f"{SINGLE}{thing}" for thing in ("runs", "requests", "sessions", "users", "traces", "spans")
}
#: Labels that select buckets or another metric, not a service.
_NO_SELECTOR = {names.LE, "quantile"}
_SELECTOR = "service/selector-label"
_BY_TARGET = "pick by job, or by a label of your targets"


def check_forbidden(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Refuse such a label wherever it can arise, even with a bound."""
    service = facts.service
    for name in forbidden(service):
        if finding := forbidden_label(name, service.where(f"labels.{name}"), tuple(_uses(name, service))):
            yield finding
    for name in service.selector:
        why = unbounded(name)
        if why in _OF_RUNS_AND_PEOPLE and name not in service.labels:
            message = f'the selector picks by "{name}", which {why}: so the series carry it'
            yield error(FORBIDDEN, message, service.where(f"selector.{name}"), HELP)


def forbidden(service: Service) -> dict[str, str]:
    """Find a service's forbidden labels, each with the reason."""
    declared = (*service.labels, *(label for metric in service.metrics.values() for label in metric.labels))
    grouped = (label for signal in service.signals.values() for level in signal.levels for label in level)
    reasons = {name: unbounded(name) for name in (*declared, *grouped)}
    return {name: why for name, why in reasons.items() if why}


def _uses(name: str, service: Service) -> Iterator[Note]:
    """Point at the metrics that have the label, where that is another place."""
    declared = service.where(f"labels.{name}")
    for metric in service.metrics.values():
        span = service.where(f"metrics.{metric.name}.labels.{name}")
        if name in metric.labels and span and span != declared:
            yield Note(f"{metric.name} has it", span)


def check_reserved(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Refuse such a label in a profile, and in a selector a label that selects no service."""
    service = facts.service
    used = (*service.labels, *(label for metric in service.metrics.values() for label in metric.labels))
    for name in dict.fromkeys(used):
        if finding := reserved_label(name, service.where(f"labels.{name}")):
            yield finding
    for name in service.selector:
        if name in _NO_SELECTOR or name.startswith("__"):
            message = f'the selector picks by "{name}", which does not distinguish services'
            yield error(RESERVED, message, service.where(f"selector.{name}"), _BY_TARGET)


def check_selector(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Refuse to pick by a label of the generated module that some of its metrics lack, or by a value it never has."""
    service = facts.service
    for name, value in service.selector.items() if service.emitted_here else ():
        if name not in service.labels:
            continue
        place, values = service.where(f"selector.{name}"), service.labels[name].values
        lacking = next(
            (metric.name for metric in service.metrics.values() if name not in metric.labels), None
        )
        if lacking is not None:
            message = (
                f'the selector picks by "{name}", which {lacking} does not have: it would never be picked'
            )
            yield error(_SELECTOR, message, place, _BY_TARGET)
        elif values and value not in values:
            message = f'the selector picks {name} "{value}", which the label never has'
            yield error(_SELECTOR, message, place, f"values: {', '.join(values)}")
