"""``cardinality/forbidden-label``: a label with unbounded values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, error
from generator.model.identifier_words import SINGLE
from generator.model.identifiers import unbounded
from generator.resolve.label_names import FORBIDDEN, HELP, forbidden_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.service import Service

#: A selector may use a project_id, of which a target has one; but no service is selected by one of these.
_NO_SERVICE = {f"{SINGLE}{thing}" for thing in ("runs", "requests", "sessions", "users", "traces", "spans")}


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Refuse such a label wherever it can arise, even with a bound."""
    return tuple(
        found for each in facts.services for found in (*_in_labels(each.service), *_in_selector(each.service))
    )


def forbidden(service: Service) -> dict[str, str]:
    """Find a service's forbidden labels, each with the reason."""
    declared = (*service.labels, *(label for metric in service.metrics.values() for label in metric.labels))
    grouped = (label for signal in service.signals.values() for level in signal.levels for label in level)
    said = {name: unbounded(name) for name in (*declared, *grouped)}
    return {name: why for name, why in said.items() if why}


def _in_labels(service: Service) -> Iterator[Diagnostic]:
    for name in forbidden(service):
        if found := forbidden_label(name, service.where(f"labels.{name}"), tuple(_uses(name, service))):
            yield found


def _in_selector(service: Service) -> Iterator[Diagnostic]:
    for name in service.selector:
        why = unbounded(name)
        if why in _NO_SERVICE and name not in service.labels:
            message = f'the selector picks by "{name}", which {why}: so the series carry it'
            yield error(FORBIDDEN, message, service.where(f"selector.{name}"), HELP)


def _uses(name: str, service: Service) -> Iterator[Note]:
    """Point at the metrics that have the label, where that is another place."""
    declared = service.where(f"labels.{name}")
    for metric in service.metrics.values():
        span = service.where(f"metrics.{metric.name}.labels.{name}")
        if name in metric.labels and span and span != declared:
            yield Note(f"{metric.name} has it", span)
